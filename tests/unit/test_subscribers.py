"""What is held back is told in one summary; e-mail and MQTT tell what webhooks tell, through real servers."""

import email
import email.policy
import json
import ssl
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import msgspec
import paho.mqtt.client as mqtt
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope
from paho.mqtt.enums import CallbackAPIVersion

from collector.broker.mosquitto import CONF, Mosquitto, render, write
from collector.config import ConfigError, load
from collector.config.broker import Broker, Tls
from collector.config.mail import Mail
from collector.config.sites import Site
from collector.core.delivery import Received
from collector.core.errors import WrongUse
from collector.core.exercises import Staged
from collector.core.subscribing import Subscriber, Wish, message_id
from collector.outputs import delivering, mqtt_republish
from collector.outputs.carrying import trial
from collector.outputs.mail import PASSWORD, Post, check_address
from collector.outputs.mqtt_republish import Republisher, check_prefix
from collector.outputs.telling import Desk
from collector.store.alerts import deliveries, exercises, subscriptions
from collector.store.alerts.deliveries import Counts
from collector.store.questions import feeding
from event_contract import topics
from tests.brokers import free_port, mosquitto, mosquitto_of
from tests.certificates import Authority
from tests.databases import StoreDatabase
from tests.unit.test_webhooks import Bench, run
from tests.wire_messages import DEVICE, event, incident

NOBODY: dict[str, Any] = {"secrets": (), "utc_offset_h": 7.0, "added_at": 0.0}
DUTY = "mailto:duty@city.example"
NIGHT = 1_760_000_000 // 86_400 * 86_400 + 16.5 * 3600  # 23:30 in Vietnam


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivering, "LOOK_EVERY_S", 0.02)
    monkeypatch.setattr(delivering, "PACE_S", 0.005)


def test_quiet_hours_end_with_one_summary_and_the_critical_passes(tmp_path: Path) -> None:
    clock = [NIGHT]

    async def scene(site: Bench) -> None:
        for name, more in (("ioc", {}), ("deaf", {"hold_critical": True})):
            site.subscribe(name, quiet="22:00-06:00", **more)
        site.put(1, 2, severity="high")
        site.put(3, incident="r/north/2", severity="high")
        site.put(4, incident="r/north/3", severity="critical")
        await site.until(lambda: site.receiver.seqs("/ioc") == [4])
        assert [(one["seq"], one["state"], one["held"]) for one in site.told("ioc")][1:] == [
            (seq, "waiting", "quiet") for seq in (3, 2, 1)
        ]
        clock[0] += 6.5 * 3600
        site.sender.wake()
        await site.until(lambda: len(site.receiver.got["/ioc"]) == 2 and len(site.receiver.got["/deaf"]) == 1)
        for name, changes, seqs in (("ioc", 3, [2, 3]), ("deaf", 4, [2, 3, 4])):
            headers, body = site.receiver.got[f"/{name}"][-1]
            told = msgspec.json.decode(body)
            assert (told["type"], told["data"]["held"], told["data"]["changes"]) == ("alerts.summary", "quiet", changes)
            assert [one["seq"] for one in told["data"]["alerts"]] == seqs
            assert headers["webhook-id"] == message_id(f"id-{name}", 1, changes)
        await site.until(lambda: {one["state"] for one in site.told("ioc")} == {"delivered"})

    run(tmp_path, scene, now=lambda: clock[0])


def test_beyond_the_limit_one_summary_that_keeps_its_id_until_it_is_taken(tmp_path: Path) -> None:
    clock = [time.time()]

    async def scene(site: Bench) -> None:
        site.subscribe("ioc", per_minute=2)
        site.put(*range(1, 8))
        await site.until(lambda: [one["held"] for one in site.told("ioc")] == ["rate"] * 5 + [None] * 2)
        await site.until(lambda: site.receiver.seqs("/ioc") == [1, 2])
        site.put(8, incident="r/north/2", severity="critical")
        await site.until(lambda: site.receiver.seqs("/ioc") == [1, 2, 8])

        async def away(_request: Any) -> Any:
            raise ConnectionResetError

        site.receiver.answer = away
        clock[0] += 61
        await site.until(lambda: len(site.receiver.got["/ioc"]) == 4)
        site.put(9)
        site.receiver.answer = None

        def later() -> bool:
            clock[0] += 30
            return {one["state"] for one in site.told("ioc")} == {"delivered"}

        await site.until(later)
        summed = [(ids["webhook-id"], json.loads(body)) for ids, body in site.receiver.got["/ioc"] if b"summary" in body]
        assert len(summed) >= 2
        assert {(name, told["data"]["changes"]) for name, told in summed} == {(message_id("id-ioc", 3, 7), 5)}

    run(tmp_path, scene, now=lambda: clock[0])


def test_either_engine_holds_back_sums_up_and_keeps_exercises_apart(database: StoreDatabase) -> None:
    with closing(database.store()) as store, closing(database.reader()) as db:
        wish = Wish(name="ioc", url="https://x.example", quiet="22:00-06:00", exercise="also")
        store.perform(lambda book: subscriptions.put(book.db, Subscriber(id="ioc", wish=wish, **NOBODY)))
        for seq in (1, 2):
            store.commit([Received(topics.event(DEVICE, "incident"), event(incident(revision=seq), seq), NIGHT)])
        store.perform(lambda book: exercises.begin(book, Staged(severity="critical"), "0000000a", NIGHT))
        assert deliveries.counts(db) == {"ioc": Counts(waiting=3, held=2)}
        assert [one.seq for one in deliveries.due(db, "ioc", NIGHT, 9)] == [3]
        morning = NIGHT + 6.5 * 3600
        store.perform(lambda book: deliveries.hold(book.db, "ioc", [3], morning))
        store.perform(lambda book: deliveries.sum_up(book.db, "ioc", morning))
        found = deliveries.due(db, "ioc", morning, 9)
        assert [(one.seq, one.held, one.summary, bool(one.newest)) for one in found] == [
            (1, "quiet", 3, False), (2, "quiet", 3, True), (3, "rate", 3, False),
        ]  # fmt: skip
        assert deliveries.counts(db) == {"ioc": Counts(waiting=3)}
        [(staged, at_s)] = exercises.current(db, NIGHT - 1, 9)
        assert (staged.seq, at_s) == (3, NIGHT) and exercises.current(db, NIGHT + 1, 9) == []
        ended = store.perform(lambda book: exercises.go_on(book, "0000000a", "end", morning))[0]
        assert ended is not None and [one.alert for one in exercises.current(db, NIGHT, 9)] == [ended]
        assert [one.alert.seq for one in feeding.current(db, 0.0, 9)] == [2]


def test_more_than_a_summary_holds_are_two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivering.deliveries, "MOST_SUMMED", 3)
    monkeypatch.setattr(delivering, "MOST_READ", 4)
    clock = [NIGHT]

    async def scene(site: Bench) -> None:
        site.subscribe("ioc", quiet="22:00-06:00")
        site.put(*range(1, 8))
        clock[0] += 6.5 * 3600
        await site.until(lambda: {one["state"] for one in site.told("ioc")} == {"delivered"})
        told = [json.loads(body) for _, body in site.receiver.got["/ioc"]]
        assert [one["data"].get("changes", 1) for one in told] == [3, 3, 1]
        assert told[-1]["type"] == "alert.update"

    run(tmp_path, scene, now=lambda: clock[0])


class Box:
    """What an SMTP server took; `refuses` says with what it turns messages away."""

    def __init__(self) -> None:
        self.got: list[EmailMessage] = []
        self.logins: list[tuple[bytes, bytes]] = []
        self.refuses: str | None = None

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(mail, EmailMessage)
        self.got.append(mail)
        return self.refuses or "250 taken"

    def authenticate(self, _server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
        self.logins.append((data.login, data.password))
        return AuthResult(success=data.password == b"s3cret-word", handled=False)


@contextmanager
def smtp(folder: Path, box: Box, implicit: bool = False) -> Iterator[Mail]:
    """A real server on 127.0.0.1 that wants STARTTLS, or TLS from the start, and a log-in."""
    authority = Authority(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*authority.issue("smtp", "smtp"))
    how: dict[str, Any] = {"ssl_context": context} if implicit else {"tls_context": context, "require_starttls": True}
    port = free_port()
    server = Controller(
        box, hostname="127.0.0.1", port=port, auth_required=True, authenticator=box.authenticate,
        auth_require_tls=not implicit, **how,
    )  # fmt: skip
    server.start()
    try:
        yield Mail(
            host="127.0.0.1", port=port, security="tls" if implicit else "starttls", ca=str(authority.ca), username="kerbwatch",
            password_file=str(folder / "password"), sender="kerbwatch@city.example", console="https://ioc.city.example/",
        )  # fmt: skip
    finally:
        server.stop()


def body_of(mail: EmailMessage) -> str:
    return mail.get_content().replace("\r\n", "\n")  # type: ignore[no-any-return]


def test_an_e_mail_says_what_where_and_links_to_the_page(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("s3cret-word\n")
    box = Box()

    async def scene(site: Bench) -> None:
        for name, lang in (("duty", "vi"), ("watch", "en")):
            site.subscribe(name, url=DUTY, lang=lang)
        site.put(1, 2, lane="2", severity="high")
        site.put(3, phase="end")
        await site.until(lambda: sum(mail["Subject"].startswith(("Ended: ", "Đã kết thúc: ")) for mail in box.got) == 2)
        by_subject = {mail["Subject"]: mail for mail in box.got}
        mail = by_subject["CAO: Xe dừng trên phần đường xe chạy, làn 2, Nguyễn Tất Thành"]
        assert "HIGH: Vehicle stopped on the carriageway, lane 2, Nguyễn Tất Thành" in by_subject
        assert any(subject.startswith("Ended: ") for subject in by_subject)
        assert (mail["To"], mail["From"]) == ("duty@city.example", "kerbwatch@city.example")
        assert mail["Auto-Submitted"] == "auto-generated"
        assert mail["Message-ID"] == f"<{message_id('id-duty', 1)}@city.example>"
        assert len({one["References"] for one in box.got}) == 1
        assert "https://ioc.city.example/#/alerts/" in body_of(mail) and "duty" in body_of(mail).splitlines()[-1]
        assert max(map(len, body_of(mail).splitlines())) < 200 and len(body_of(mail).splitlines()) < 12

    with smtp(tmp_path, box) as server:
        desk = Desk(sites={DEVICE: Site(site=DEVICE, road="Nguyễn Tất Thành")})
        run(tmp_path, scene, carriers={"mail": Post(server, desk)})


def test_e_mail_that_is_turned_away_comes_again_under_its_id_and_no_secret_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv(PASSWORD, "another-word")
    box, clock = Box(), [time.time()]

    async def scene(site: Bench) -> None:
        site.subscribe("duty", url=DUTY)
        site.put(1)
        await site.until(lambda: site.told("duty")[0]["tries"] == 1)
        assert site.told("duty")[0]["outcome"].startswith("535") and not box.got
        monkeypatch.setenv(PASSWORD, "s3cret-word")
        box.refuses = "451 come again"
        clock[0] += 10
        await site.until(lambda: site.told("duty")[0]["outcome"] == "451 come again")
        box.refuses = None
        clock[0] += 400
        await site.until(lambda: site.told("duty")[0]["state"] == "delivered")
        assert len(box.got) == 2 and len({mail["Message-ID"] for mail in box.got}) == 1
        assert not any("word" in str(one["outcome"]) for one in site.told("duty"))

    with smtp(tmp_path, box, implicit=True) as server:
        post = Post(msgspec.structs.replace(server, password_file=None), Desk())
        run(tmp_path, scene, now=lambda: clock[0], carriers={"mail": post})
    assert "another-word" not in caplog.text and "s3cret-word" not in caplog.text


def test_a_server_without_starttls_gets_neither_password_nor_mail(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("s3cret-word")
    box = Box()
    plain = Controller(box, hostname="127.0.0.1", port=free_port())
    plain.start()
    password = str(tmp_path / "password")
    server = Mail(
        host="127.0.0.1", port=plain.port, username="k", password_file=password, sender="k@c.example", console="https://c"
    )

    async def scene(site: Bench) -> None:
        reply = await site.sender.try_out(site.subscribe("duty", url=DUTY))
        assert not reply.taken and "STARTTLS" in reply.outcome and not box.got and not box.logins

    try:
        run(tmp_path, scene, carriers={"mail": Post(server, Desk())})
    finally:
        plain.stop()


@pytest.mark.parametrize("url", ["a@b", "a@b.example,c@d.example", "a@b.example?cc=x", "a%0ab@c.example", ""])
def test_addresses_that_are_no_mailbox(url: str) -> None:
    with pytest.raises(WrongUse):
        check_address(f"mailto:{url}")


@pytest.mark.parametrize("topic", ["", "a/#", "+/a", "/a", "a/", "roadside/v1/x", "roadside", "$SYS", "a b"])
def test_topics_that_are_refused(topic: str) -> None:
    with pytest.raises(WrongUse):
        check_prefix(f"mqtt:{topic}")


@contextmanager
def listener(broker: Broker, topic: str) -> Iterator[list[tuple[str, bytes, bool]]]:
    heard: list[tuple[str, bytes, bool]] = []
    client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
    client.on_message = lambda _client, _userdata, told: heard.append((told.topic, told.payload, told.retain))
    if broker.tls:
        client.tls_set(broker.tls.ca, broker.tls.cert, broker.tls.key)
    client.connect("127.0.0.1", broker.port)
    client.subscribe(topic, 1)
    client.loop_start()
    try:
        yield heard
    finally:
        client.disconnect()
        client.loop_stop()


def test_what_stands_is_retained_and_cleared_when_it_is_over(tmp_path: Path) -> None:
    port = free_port()

    async def scene(site: Bench) -> None:
        site.subscribe("city", url="mqtt:city/alerts")
        assert (await site.sender.try_out(site.subscribe("other", url="mqtt:other", kinds=("flood",)))).outcome == "confirmed"
        site.put(1)
        site.put(2, incident="r/nor+th/#2")
        await site.until(lambda: {one["state"] for one in site.told("city")} == {"delivered"})
        with listener(Broker(port=port), "city/#") as heard:
            await site.until(lambda: len(heard) == 2)
            topics = sorted((topic for topic, _, _ in heard), reverse=True)
            assert all(retained and json.loads(told)["type"] == "alert.open" for _, told, retained in heard)
            assert topics[0].startswith("city/alerts/") and topics[0].endswith("/r/nor%2Bth/%232")
            site.put(3, phase="end")
            await site.until(lambda: len(heard) == 4)
            assert json.loads(heard[2][1])["type"] == "alert.close" and heard[3][:2] == (heard[2][0], b"")
        with listener(Broker(port=port), "city/#") as heard:
            await site.until(lambda: [topic for topic, _, _ in heard] == topics[:1])

    with mosquitto(tmp_path, port):
        run(tmp_path, scene, carriers={"mqtt": Republisher(Broker(port=port), "alerts-test")})


def test_a_broker_that_forgot_what_stands_is_told_again_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mqtt_republish, "AGAIN_S", (0.05,))
    port = free_port()

    async def heard(site: Bench) -> list[tuple[str, bool]]:
        with listener(Broker(port=port), "city/#") as told:
            await site.until(lambda: bool(told))
        return [(json.loads(body)["data"]["id"][-1], retained) for _, body, retained in told]

    async def scene(site: Bench) -> None:
        site.subscribe("city", url="mqtt:city/alerts", least="high")
        site.subscribe("hook")
        with mosquitto(tmp_path, port):
            for seq, severity in ((1, "high"), (2, "high"), (3, "low")):
                site.put(seq, incident=f"r/{seq}", severity=severity, lane=str(seq))
            site.put(4, incident="r/2", phase="end", lane="2")
            await site.until(lambda: {one["state"] for one in site.told("city")} == {"delivered"})
            assert [one["tries"] for one in site.told("city")] == [1, 1, 1]
            await site.until(lambda: len(site.receiver.got["/hook"]) == 4)
        with mosquitto(tmp_path, port):
            assert [alert for alert, _ in await heard(site)] == ["1"]  # neither what is over nor what nobody asked for
            assert await heard(site) == [("1", True)]
        assert len(site.receiver.got["/hook"]) == 4  # who forgets nothing hears nothing twice

    run(tmp_path, scene, carriers={"mqtt": Republisher(Broker(port=port), "alerts-test")})


def test_what_stands_is_queued_anew_once_and_as_it_is_wanted(database: StoreDatabase) -> None:
    with closing(database.store()) as store, closing(database.reader()) as db:
        city = Subscriber(id="city", wish=Wish(name="city", url="mqtt:city", kinds=("stopped_vehicle",)), **NOBODY)
        store.perform(lambda book: subscriptions.put(book.db, city))
        for seq in (1, 2, 3):
            told = event(incident(incident=f"r/{seq}", lane=str(seq)), seq)
            store.commit([Received(topics.event(DEVICE, "incident"), told, 1000.0)])
        done = [deliveries.Tried("city", seq, 1, 1001.0, "confirmed", delivered=True) for seq in (1, 2)]
        store.perform(lambda book: deliveries.note(book, done, (), 1001.0))
        store.perform(lambda book: subscriptions.queue_anew(book.db, city, {2}, 2000.0))
        assert [one.seq for one in deliveries.due(db, "city", 1500.0, 10)] == [3]  # was waiting, and waits on
        assert [(one.seq, one.tries) for one in deliveries.due(db, "city", 2000.0, 10)] == [(3, 0), (1, 0)]
        other = msgspec.structs.replace(city, id="other", wish=Wish(name="other", url="mqtt:other", kinds=("flood",)))
        store.perform(lambda book: subscriptions.queue_anew(book.db, other, (), 2000.0))
        assert deliveries.due(db, "other", 2000.0, 10) == []


def test_what_no_broker_confirmed_is_told_again_and_an_old_state_never_stands_for_a_new_one(tmp_path: Path) -> None:
    port, clock = free_port(), [time.time()]

    async def scene(site: Bench) -> None:
        site.subscribe("city", url="mqtt:city/alerts")
        site.put(1)
        await site.until(lambda: site.told("city")[0]["tries"] == 1)
        with mosquitto(tmp_path, port):
            site.put(2)
            await site.until(lambda: site.told("city")[0]["state"] == "delivered")
            with listener(Broker(port=port), "city/#") as heard:
                await site.until(lambda: bool(heard))
                clock[0] += 10
                await site.until(lambda: site.told("city")[1]["state"] == "delivered")
                await site.until(lambda: len(heard) == 2)
            assert [(json.loads(told)["data"]["seq"], retained) for _, told, retained in heard] == [(2, True), (1, False)]
            with listener(Broker(port=port), "city/#") as heard:
                await site.until(lambda: bool(heard))
                assert json.loads(heard[0][1])["data"]["seq"] == 2

    run(tmp_path, scene, now=lambda: clock[0], carriers={"mqtt": Republisher(Broker(port=port), "alerts-test")})


def test_a_broker_that_refuses_is_heard(tmp_path: Path) -> None:
    port = free_port()
    (tmp_path / "acl").write_text("topic write allowed/#\n")

    async def scene(site: Bench) -> None:
        refused = await site.sender.try_out(site.subscribe("city", url="mqtt:elsewhere"))
        assert not refused.taken and "Not authorized" in refused.outcome
        assert (await site.sender.try_out(site.subscribe("fine", url="mqtt:allowed/here"))).taken

    with mosquitto(tmp_path, port, f"allow_anonymous true\nacl_file {tmp_path / 'acl'}\nuser root\n"):
        run(tmp_path, scene, carriers={"mqtt": Republisher(Broker(port=port), "alerts-test")})


def test_on_a_hardened_broker_the_publisher_writes_and_the_reader_reads_that_and_nothing_else(tmp_path: Path) -> None:
    authority, port = Authority(tmp_path), free_port()
    cert, key = authority.issue("broker", "broker")
    asked = Mosquitto(
        tmp_path / "broker", port, "127.0.0.1", authority.ca, cert, key, publishers=("alerts-1",), readers=("ioc",)
    )  # fmt: skip
    write(render(asked), force=False)
    with (tmp_path / "broker" / CONF).open("a") as settings:
        settings.write("user root\n")  # the test's folder is nobody else's

    def connection(name: str) -> Broker:
        cert, key = authority.issue(name, name)
        return Broker(port=port, tls=Tls(ca=str(authority.ca), cert=str(cert), key=str(key)))

    async def scene(site: Bench) -> None:
        site.subscribe("city", url="mqtt:kerbwatch/alerts")
        site.put(1)
        await site.until(lambda: site.told("city")[0]["state"] == "delivered")
        assert "Not authorized" in (await site.sender.try_out(site.subscribe("x", url="mqtt:else", kinds=("flood",)))).outcome
        for name, heard_there in (("ioc", 1), ("qn-north-01", 0)):
            with listener(connection(name), "kerbwatch/#") as heard:
                await site.until(lambda: len(heard) >= heard_there)  # noqa: B023 - awaited here
                site.put(2 + heard_there)
                await site.until(lambda: {one["state"] for one in site.told("city")} == {"delivered"})
                await site.until(lambda: len(heard) >= 2 * heard_there)  # noqa: B023
            assert len(heard) == 2 * heard_there
        intruder = Republisher(connection("ioc"), "x")
        for topic in ("kerbwatch/alerts", "roadside/v1/ioc/event"):
            refused = await intruder.carry(Subscriber(id="i", wish=Wish(name="i", url=f"mqtt:{topic}"), **NOBODY), trial(0.0))
            assert "Not authorized" in refused.outcome
        await intruder.close()

    with mosquitto_of(tmp_path / "broker" / CONF, port):
        run(tmp_path, scene, carriers={"mqtt": Republisher(connection("alerts-1"), "alerts-test")})


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ('[mail]\nhost = "smtp.city.example"\nsecurity = "none"', "mail.security"),
        ('[mail]\nhost = "localhost"\npassword_file = "none"', "mail.password_file"),
        ('[mail]\nhost = "localhost"\nsender = "a b@c.example"', "mail.sender"),
        ('[republish]\nhost = "broker.city.example"', "republish.tls.ca"),
        ('[republish]\ntls = { ca = "ca.pem", cert = "x.pem" }', "republish.tls"),
        ('[republish]\nshare_group = "x"', "republish.share_group"),
    ],
)
def test_a_configuration_that_would_tell_in_the_open_is_refused(tmp_path: Path, settings: str, named: str) -> None:
    rest = "" if "sender" in settings else '\nsender = "k@c.example"'
    mail = f'{rest}\nconsole = "https://c.example"' if "mail" in settings else ""
    (tmp_path / "c.toml").write_text(settings + mail)
    with pytest.raises(ConfigError, match=named):
        load(tmp_path / "c.toml")
