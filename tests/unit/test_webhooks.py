"""Webhooks end to end: store, sender and a receiver that is away, slow, gone or hostile; signatures by the public library."""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiohttp import web
from standardwebhooks import Webhook, WebhookVerificationError

from collector.config.webhooks import Webhooks
from collector.core import signing, subscribing
from collector.core.delivery import Received
from collector.core.errors import WrongUse
from collector.core.patience import FAILURES_IN_A_ROW, Patience
from collector.core.subscribing import Secret, Subscriber, Wish
from collector.outputs import delivering
from collector.outputs.addresses import check_url
from collector.outputs.carrying import Carriers
from collector.outputs.delivering import Sender
from collector.outputs.webhook import Webhook as Posts
from collector.store.alerts import deliveries, subscriptions
from collector.store.alerts.deliveries import Counts
from collector.store.engines.sqlite import Sqlite, SqliteReaders, connect
from collector.store.event_store import EventStore
from collector.store.questions import queries
from collector.web.services import Reader
from event_contract import topics
from tests.databases import StoreDatabase
from tests.wire_messages import DEVICE, event, incident

HERE = Webhooks(allow_http=True, allowed_networks=("127.0.0.0/8",))
SECRET = signing.secret_of(b"k" * 32)
NO_OTHERS: Carriers = {}


@dataclass
class Receiver:
    """`answer` decides; what it got is kept by path."""

    url: str = ""
    answer: Callable[[web.Request], Awaitable[web.Response]] | None = None
    got: dict[str, list[tuple[dict[str, str], bytes]]] = field(default_factory=lambda: defaultdict(list))

    async def take(self, request: web.Request) -> web.Response:
        self.got[request.path].append(({k.lower(): v for k, v in request.headers.items()}, await request.read()))
        return await self.answer(request) if self.answer else web.Response()

    def ids(self, path: str) -> list[str]:
        return [headers["webhook-id"] for headers, _ in self.got[path]]

    def seqs(self, path: str) -> list[int]:
        return [msgspec.json.decode(body)["data"]["seq"] for _, body in self.got[path]]


@dataclass
class Bench:
    """A store, a sender on it, and a receiver; `now` is the clock of both."""

    store: EventStore
    sender: Sender
    receiver: Receiver
    path: Path
    now: Callable[[], float]

    def subscribe(self, name: str, **wish: Any) -> Subscriber:
        wished = Wish(name=name, **{"url": f"{self.receiver.url}/{name}", **wish})
        made = Subscriber(id=f"id-{name}", wish=wished, secrets=(Secret(SECRET),), utc_offset_h=7.0, added_at=0.0)
        self.store.perform(lambda book: subscriptions.put(book.db, made))
        return made

    def put(self, *revisions: int, **told: Any) -> None:
        for seq in revisions:
            payload = event(incident(revision=seq, **told), seq)
            self.store.commit([Received(topics.event(DEVICE, "incident"), payload, self.now())])
        self.sender.wake()

    def told(self, name: str) -> list[dict[str, Any]]:
        with closing(connect(self.path)) as db:
            found = subscriptions.named(db, name)
            assert found is not None
            return deliveries.listed(db, found, 1000, None)

    async def until(self, what: Callable[[], bool]) -> None:
        async with asyncio.timeout(30):
            while not what():
                await asyncio.sleep(0.01)


@asynccontextmanager
async def bench(
    tmp_path: Path, now: Callable[[], float] = time.time, rules: Webhooks = HERE, carriers: Carriers = NO_OTHERS
) -> AsyncIterator[Bench]:
    receiver = Receiver()
    app = web.Application()
    app.router.add_post("/{name}", receiver.take)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    path = tmp_path / "events.sqlite"
    with closing(EventStore(Sqlite(path))) as store, closing(Reader(SqliteReaders(path))) as reader:

        async def perform(work: Any) -> Any:
            return store.perform(work)[0]

        sender = Sender(reader.ask, perform, lambda: True, {"webhook": Posts(rules), **carriers}, now)
        running = asyncio.create_task(sender.run())
        await asyncio.sleep(0.01)
        try:
            yield Bench(store, sender, receiver, path, now)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            await runner.cleanup()


def run(tmp_path: Path, scene: Callable[[Bench], Awaitable[None]], **how: Any) -> None:
    async def whole() -> None:
        async with bench(tmp_path, **how) as made:
            await scene(made)

    asyncio.run(whole())


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivering, "LOOK_EVERY_S", 0.02)
    monkeypatch.setattr(delivering, "PACE_S", 0.005)


def test_what_is_to_be_told_is_queued_with_the_change_or_not_at_all(database: StoreDatabase) -> None:
    with closing(database.store()) as store, closing(database.reader()) as db:
        wishes = {"all": {}, "grave": {"least": "critical"}, "here": {"sites": ("x",)}, "kind": {"kinds": ("stopped_vehicle",)}}
        for name, wish in wishes.items():
            wished = Wish(name=name, url="https://x.example", **wish)  # type: ignore[arg-type]
            made = Subscriber(id=name, wish=wished, secrets=(), utc_offset_h=7.0, added_at=0.0)
            store.perform(lambda book, made=made: subscriptions.put(book.db, made))  # type: ignore[misc]

        def commit(seq: int) -> None:
            store.commit([Received(topics.event(DEVICE, "incident"), event(incident(revision=seq), seq), 1e9)])

        commit(1)
        assert {name: len(deliveries.due(db, name, 2e9, 9)) for name in wishes} == {"all": 1, "grave": 0, "here": 0, "kind": 1}
        assert [one.body for one in deliveries.due(db, "all", 2e9, 9)] == [body for _, body in queries.alert_changes(db, 0, 9)]

        def fail(book: Any) -> None:
            book.db.execute("DELETE FROM deliveries")
            raise RuntimeError

        with pytest.raises(RuntimeError):
            store.perform(fail)
        assert deliveries.counts(db) == {"all": Counts(1), "kind": Counts(1)}
        tried = deliveries.Tried("all", 1, 1, 2e9, "200", delivered=True)
        store.perform(lambda book: deliveries.note(book, [tried], ["kind"], 2e9))
        assert deliveries.counts(db) == {"kind": Counts(1)}
        store.perform(lambda book: deliveries.prune(book.db, 2e9 + deliveries.KEPT_S + 1))
        assert db.execute("SELECT count(*) FROM deliveries").fetchone()[0] == 1


def test_a_message_verifies_with_the_public_library(tmp_path: Path) -> None:
    async def scene(site: Bench) -> None:
        site.subscribe("ioc")
        site.put(1)
        await site.until(lambda: bool(site.receiver.got["/ioc"]))
        [(headers, body)] = site.receiver.got["/ioc"]
        told = Webhook(SECRET).verify(body, headers)
        assert (told["type"], told["data"]["kind"], told["data"]["seq"]) == ("alert.open", "stopped_vehicle", 1)
        with pytest.raises(WebhookVerificationError):
            Webhook(SECRET).verify(body.replace(b"stopped", b"started"), headers)
        await site.until(lambda: site.told("ioc")[0]["state"] == "delivered")

    run(tmp_path, scene)


def test_both_secrets_sign_during_a_rotation() -> None:
    old, new = SECRET, signing.secret_of(b"n" * 32)
    held = Subscriber(
        id="x", wish=Wish(name="x", url="https://x"), secrets=(Secret(new), Secret(old, 100.0)), utc_offset_h=0, added_at=0
    )
    during = signing.headers(held.valid(99.0), "msg_1", int(time.time()), b"{}")
    for secret in (old, new):
        assert Webhook(secret).verify(b"{}", during) == {}
    after = signing.headers(held.valid(100.0), "msg_1", int(time.time()), b"{}")
    assert Webhook(new).verify(b"{}", after) == {}
    with pytest.raises(WebhookVerificationError):
        Webhook(old).verify(b"{}", after)


def test_a_receiver_dead_for_two_hours_gets_every_alert_under_one_id(tmp_path: Path) -> None:
    clock = [time.time()]

    async def scene(site: Bench) -> None:
        async def away(_request: web.Request) -> web.Response:
            return web.Response(status=503)

        site.receiver.answer = away
        site.subscribe("ioc")
        for revision in range(1, 31):
            site.put(revision)
            clock[0] += 240  # 30 times: two hours
            await asyncio.sleep(0.03)
        await site.until(lambda: len(site.receiver.got["/ioc"]) > 3)
        failed = dict(zip(site.receiver.seqs("/ioc"), site.receiver.ids("/ioc"), strict=True))
        site.receiver.got.clear()
        site.receiver.answer = None

        def all_told() -> bool:
            clock[0] += 60
            return set(site.receiver.seqs("/ioc")) == set(range(1, 31))

        await site.until(all_told)
        now = dict(zip(site.receiver.seqs("/ioc"), site.receiver.ids("/ioc"), strict=True))
        assert len(set(now.values())) == 30
        assert failed.items() <= now.items()
        await site.until(lambda: {one["state"] for one in site.told("ioc")} == {"delivered"})

    run(tmp_path, scene, now=lambda: clock[0])


def test_giving_up_is_an_alarm_of_its_own_until_one_gets_through(tmp_path: Path) -> None:
    clock = [time.time()]

    async def scene(site: Bench) -> None:
        async def broken(request: web.Request) -> web.Response:
            return web.Response(status=500 if request.path == "/ioc" else 204)

        site.receiver.answer = broken
        site.subscribe("ioc")
        site.subscribe("other")
        site.put(1)
        for tries in range(1, subscribing.TRIES + 1):
            await site.until(lambda tries=tries: site.told("ioc")[0]["tries"] == tries)  # type: ignore[misc]
            clock[0] += 2 * 86_400
        assert len(site.receiver.ids("/ioc")) == subscribing.TRIES and len(set(site.receiver.ids("/ioc"))) == 1
        assert [one["state"] for one in site.told("ioc")] == ["given_up"]
        await site.until(lambda: len(site.receiver.got["/other"]) == 2)
        alarm = msgspec.json.decode(site.receiver.got["/other"][-1][1])["data"]
        assert (alarm["id"], alarm["state"]) == ("collector/collector/subscription/ioc", "open")
        site.receiver.answer = None
        site.put(2)
        await site.until(lambda: len(site.receiver.got["/other"]) == 4)
        states = [msgspec.json.decode(body)["data"] for _, body in site.receiver.got["/other"]]
        assert [one["state"] for one in states if one["kind"] == "device_fault"] == ["open", "closed"]
        assert site.receiver.seqs("/ioc")[-1] == 3

    run(tmp_path, scene, now=lambda: clock[0])


def test_gone_is_told_nothing_more(tmp_path: Path) -> None:
    async def scene(site: Bench) -> None:
        async def gone(_request: web.Request) -> web.Response:
            return web.Response(status=410)

        site.receiver.answer = gone
        site.subscribe("ioc")
        site.put(1)
        await site.until(lambda: site.told("ioc")[0]["state"] == "given_up")
        site.put(2)
        assert [one["seq"] for one in site.told("ioc")] == [1]

    run(tmp_path, scene)


def test_a_receiver_that_never_answers_delays_no_other(tmp_path: Path) -> None:
    async def scene(site: Bench) -> None:
        async def answer(request: web.Request) -> web.Response:
            if request.path == "/slow":
                await asyncio.sleep(60)
            return web.Response()

        site.receiver.answer = answer
        site.subscribe("slow")
        site.subscribe("quick")
        site.put(*range(1, 41))
        await site.until(lambda: len(site.receiver.got["/quick"]) == 40)
        assert len(site.receiver.got["/slow"]) <= Posts.at_once

    run(tmp_path, scene)


def test_redirects_are_not_followed_and_names_of_private_addresses_not_asked(tmp_path: Path) -> None:
    async def scene(site: Bench) -> None:
        async def elsewhere(request: web.Request) -> web.Response:
            return web.Response(status=307, headers={"Location": f"{site.receiver.url}/other"})

        site.receiver.answer = elsewhere
        reply = await site.sender.try_out(site.subscribe("ioc"))
        assert (reply.taken, reply.outcome, site.receiver.got["/other"]) == (False, "307", [])

    async def named(site: Bench) -> None:
        there = site.subscribe("ioc")
        url = there.wish.url.replace("127.0.0.1", "localhost")
        renamed = msgspec.structs.replace(there, wish=msgspec.structs.replace(there.wish, url=url))
        reply = await site.sender.try_out(renamed)
        assert not reply.taken and "no public address" in reply.outcome and not site.receiver.got

    run(tmp_path, scene)
    run(tmp_path, named, rules=Webhooks(allow_http=True))


@pytest.mark.parametrize(
    "url",
    [
        "http://ioc.example/", "https://127.0.0.1/", "https://127.1/", "https://2130706433/", "https://0x7f000001/",
        "https://10.1.2.3/", "https://169.254.169.254/latest", "https://[::1]/", "https://[::ffff:10.0.0.1]/", "https://[fe80::1]/",
        "https://224.0.0.1/", "https://u:p@ioc.example/", "ftp://ioc.example/", "https:///x", "https://ioc.example:0/", "https://[x/",
    ],
)  # fmt: skip
def test_addresses_that_are_refused(url: str) -> None:
    with pytest.raises(WrongUse):
        check_url(url, Webhooks())


def test_addresses_that_are_taken() -> None:
    check_url("https://ioc.example/alerts?key=1", Webhooks())
    check_url("https://8.8.8.8:8443/", Webhooks())
    check_url("http://10.20.0.7/", Webhooks(allow_http=True, allowed_networks=("10.20.0.0/16",)))


@pytest.mark.parametrize(
    ("quiet", "hour", "severity", "waits_h"),
    [
        ("22:00-06:00", 21.99, "high", 0), ("22:00-06:00", 22, "high", 8), ("22:00-06:00", 5.5, "high", 0.5),
        ("22:00-06:00", 6, "high", 0), ("22:00-06:00", 23, "critical", 0), ("12:00-13:30", 13, "low", 0.5), (None, 3, "low", 0),
    ],
)  # fmt: skip
def test_quiet_hours(quiet: str | None, hour: float, severity: Any, waits_h: float) -> None:
    held = Subscriber(id="x", wish=Wish(name="x", url="https://x", quiet=quiet), secrets=(), utc_offset_h=7.0, added_at=0)
    now = 1_760_000_000 // 86_400 * 86_400 + (hour - 7) * 3600
    until = None if subscribing.urgent(held.wish, severity) else subscribing.quiet_until(held, now)
    assert (until or now) == pytest.approx(now + waits_h * 3600)


def test_patience() -> None:
    bounded = Patience(per_minute=6)
    assert [bounded.spend(1000.0) for _ in range(7)] == [True] * 6 + [False]
    assert [bounded.spend(1010.0 + wait) for wait in (0, 1)] == [True, False]
    tried = Patience(per_minute=None)
    for _ in range(FAILURES_IN_A_ROW):
        assert tried.held_until <= 0.0 and not tried.doubts
        tried.fail(0.0, 0.0, None)
    assert tried.doubts and tried.held_until == 5.0
    tried.fail(5.0, 0.0, 3600.0)
    assert tried.held_until == 3605.0
    assert tried.succeed() and not tried.doubts and not tried.succeed()
    spans = [subscribing.next_try_at(n, 0.0, 0.0, None) for n in range(1, subscribing.TRIES)]
    assert sum(span or 0 for span in spans) == pytest.approx(75.6 * 3600, rel=0.01) and len(spans) == 9
    assert subscribing.next_try_at(subscribing.TRIES, 0.0, 0.0, None) is None
    assert subscribing.next_try_at(1, 0.0, 0.0, 60.0) == 60.0 and subscribing.next_try_at(1, 0.0, 1.0, None) == 5.5
