"""Who may say and hear what at the hardened mosquitto: every client tries every topic in every way, and an auditor listens.

DEVICES=50 runs the long form.
"""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from paho.mqtt.client import topic_matches_sub

from collector.broker.mosquitto import ACL
from event_contract import topics
from scripts.swarms.packets import Will
from tests.brokers import free_port, wait_until
from tests.certificates import Authority, hardened
from tests.raw_client import RawClient, Refused

pytestmark = pytest.mark.chain

DEVICES = tuple(f"kerb-{n}" for n in range(1, int(os.environ.get("DEVICES", "8")) + 1))
COLLECTORS = ("collector-1", "collector-2")
SAYS = ("event/incident", "event/state", "event/telemetry", "status", "config/reported", "command/response")
HEARS = ("ack", "config/desired", "command/request")
NOBODYS = (
    "$SYS/broker/uptime", "$CONTROL/dynamic-security/v1", "roadside", "roadside/v1", "roadside/v1/event/incident",
    "roadside/v2/kerb-1/ack", "roadside/v1//status", "roadside/v1/kerb-1", "kerb-1", "roadside/v1/kerb-1/ack/x",
    "roadside/v1/collector/event/status", "roadside/v1/collector/collector-1/event/incident",
)  # fmt: skip
EVERYTHING = (
    *(f"{topics.ROOT}/{name}/{sort}" for name in (*DEVICES, *COLLECTORS) for sort in SAYS + HEARS),
    *map(topics.collector_status, COLLECTORS), *NOBODYS,
)  # fmt: skip
WAYS = {
    "by name": EVERYTHING,
    "by wildcard": ("#", "$SYS/#", "$CONTROL/#"),
    "by levels": ("roadside/v1/+/ack", "roadside/v1/+/event/+", "+/+/+/#"),
    "as a group": ("$share/mine/#", "$share/mine/$SYS/#"),
}
END = topics.collector_status("end")  # everybody may hear it, so it ends what everybody hears
AUDITOR = "".join(
    f"user {name}\ntopic readwrite #\ntopic readwrite $SYS/#\ntopic readwrite $CONTROL/#\n" for name in ("auditor", "auditor-2")
)


def may_say(who: str) -> set[str]:
    """By the contract, not by the file of the rules."""
    if who in COLLECTORS:
        of_devices = matching(*(f"{topics.ROOT}/+/{sort}" for sort in HEARS))
        return of_devices - matching(f"{topics.ROOT}/{who}/#") | {topics.collector_status(who)}
    return matching(*(f"{topics.ROOT}/{who}/{sort}" for sort in SAYS))


def may_hear(who: str) -> set[str]:
    if who in COLLECTORS:
        of_devices = matching(*(f"{topics.ROOT}/+/{sort}" for sort in SAYS))
        return of_devices - matching(f"{topics.ROOT}/{who}/#") | matching(topics.COLLECTORS_STATUS)
    return matching(*(f"{topics.ROOT}/{who}/{sort}" for sort in HEARS), topics.COLLECTORS_STATUS)


def matching(*filters: str) -> set[str]:
    return {topic for topic in EVERYTHING if any(topic_matches_sub(one, topic) for one in filters)}


class Broker:
    """The mosquitto under trial, with certificates for whoever comes, and the auditor, who hears and says everything."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, authority: Authority) -> None:
        self._process, self.port, self.authority = process, port, authority
        self._contexts = {name: authority.context(name) for name in (*DEVICES, *COLLECTORS, "auditor", "auditor-2")}

    def client(self, name: str, called: str | None = None, will: Will | None = None) -> RawClient:
        return RawClient(self.port, self._contexts[name], called or name, will, username=called)

    def named(self, common_name: str) -> RawClient:
        """A client with a common name that no device has."""
        return RawClient(self.port, self.authority.context("odd", common_name), "odd")

    def reload(self, rules: str) -> None:
        (self.authority.folder / "broker" / ACL).write_text(rules)
        self._process.send_signal(signal.SIGHUP)


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    authority, port = Authority(tmp_path_factory.mktemp("authority")), free_port()
    with hardened(authority, port, COLLECTORS, AUDITOR) as process:
        yield Broker(process, port, authority)


@pytest.fixture
def auditor(broker: Broker) -> Iterator[RawClient]:
    client = broker.client("auditor")
    assert client.subscribe("#", "$SYS/#", "$CONTROL/#") == (1, 1, 1)
    client.publish([END])
    client.take_until(END)  # retained ones of the test before
    yield client
    client.close()


def heard_by(auditor: RawClient) -> set[tuple[str, bytes]]:
    auditor.publish([END])
    return {(one.topic, one.payload) for one in auditor.take_until(END)}


@pytest.mark.parametrize("retain", [False, True], ids=["not retained", "retained"])
def test_everybody_says_what_is_his_and_nothing_else(broker: Broker, auditor: RawClient, retain: bool) -> None:
    for name in (*DEVICES, *COLLECTORS):
        client = broker.client(name)
        reasons = client.publish(EVERYTHING, retain, name.encode())
        client.close()
        assert heard_by(auditor) == {(topic, name.encode()) for topic in may_say(name)}
        assert {topic for topic, reason in reasons.items() if reason < 0x80 and not topic.startswith("$")} == may_say(name)
    auditor.publish(EVERYTHING, retain=True, payload=b"")  # forgets what is retained


@pytest.mark.parametrize("way", WAYS)
def test_everybody_hears_what_is_his_and_nothing_else(broker: Broker, way: str) -> None:
    auditor, everybody = broker.client("auditor"), (*DEVICES, *COLLECTORS)
    clients = {name: broker.client(name) for name in everybody}
    for client in clients.values():
        client.subscribe(*(one.replace("/mine/", f"/{id(client)}/") for one in WAYS[way]), END)
    auditor.publish(EVERYTHING)
    auditor.publish([END])
    for name, client in clients.items():
        assert {one.topic for one in client.take_until(END)} == may_hear(name), name
        client.close()
    auditor.close()


@pytest.mark.parametrize("way", ["by name", "by wildcard", "by levels"])
def test_what_is_retained_is_no_way_round(broker: Broker, way: str) -> None:
    auditor = broker.client("auditor")
    auditor.publish(EVERYTHING, retain=True)
    for name in (DEVICES[0], COLLECTORS[0]):
        client = broker.client(name)
        client.subscribe(*WAYS[way])
        client.subscribe(END)
        auditor.publish([END])
        assert {one.topic for one in client.take_until(END)} == may_hear(name)
        client.close()
    auditor.publish(EVERYTHING, retain=True, payload=b"")
    auditor.close()


def test_a_will_is_no_way_round(broker: Broker, auditor: RawClient) -> None:
    for name, other in zip(DEVICES, (*DEVICES[1:], DEVICES[0]), strict=True):
        for topic in EVERYTHING:
            if topic.split("/")[2:3] in ([name], [other], ["collector"]) or topic.startswith("$"):
                with suppress(Refused):
                    broker.client(name, will=Will(topic, name.encode())).cut()
        broker.client("auditor-2", will=Will(END, b"")).cut()  # who left before is noticed before
        assert {one.topic for one in auditor.take_until(END)} == may_say(name), name
    auditor.publish(EVERYTHING, retain=True, payload=b"")


def test_nobody_takes_over_anothers_client_id_or_name(broker: Broker, auditor: RawClient) -> None:
    mine, other = DEVICES[0], DEVICES[1]
    victim = broker.client(other)
    victim.subscribe(topics.ack(other))
    thief = broker.client(mine, called=other)
    thief.subscribe(topics.ack(other), END)
    assert thief.publish([topics.status(other)])[topics.status(other)] == 0x87
    assert victim.publish([topics.status(other)])[topics.status(other)] < 0x80  # is still there
    auditor.publish([topics.ack(other), END])
    assert thief.take_until(END) == []
    thief.close()
    victim.close()


def test_who_has_no_good_certificate_stays_out(broker: Broker, tmp_path: Path) -> None:
    authority, name = broker.authority, DEVICES[0]
    for context in (
        authority.trusting(),
        authority.trusting(authority.issue("late", name, not_after=datetime(2024, 1, 1, tzinfo=UTC))),
        authority.trusting(authority.issue("nameless", None)),
        authority.trusting(Authority(tmp_path).issue("stranger", name)),
    ):
        with pytest.raises(Refused):
            RawClient(broker.port, context, name)


@pytest.mark.parametrize("name", ["+", "#", "kerb-1/#", "+/event", "collector", "kerb-1/event", "kerb-1/status", "/", "$SYS"])
def test_a_name_that_no_device_has_opens_nothing(broker: Broker, auditor: RawClient, name: str) -> None:
    """An authority that signs such a name is wrong; even then nobody is spoken for, and nobody overheard."""
    client, wild = broker.named(name), bool(set(name) & set("+#"))
    own = [] if wild else [f"{topics.ROOT}/{name}/{sort}" for sort in SAYS + HEARS]
    client.publish([*EVERYTHING, *own])
    parsers = (topics.parse_event, topics.parse_status, topics.parse_collector_status)
    assert not [topic for topic, _ in heard_by(auditor) if topic in EVERYTHING or any(parse(topic) for parse in parsers)]
    client.subscribe("#", "$SYS/#")
    auditor.publish(EVERYTHING)
    client.publish(["roadside/v1/last/status"])  # the answer comes behind whatever was to be heard
    assert {one.topic for one in client.received} <= matching(topics.COLLECTORS_STATUS)
    client.close()


def test_a_device_that_is_shut_out_says_and_hears_no_more(broker: Broker) -> None:
    name, other = DEVICES[-1], DEVICES[0]
    client, untouched, auditor = broker.client(name), broker.client(other), broker.client("auditor")
    client.subscribe(topics.ack(name), END)
    assert says(client, name)
    rules = (broker.authority.folder / "broker" / ACL).read_text()
    broker.reload(f"{rules}user {name}\ntopic deny #\n")
    wait_until(lambda: not says(client, name), 10, "is not shut out")
    auditor.publish([topics.ack(name)])
    assert says(untouched, other)
    broker.reload(rules)
    wait_until(lambda: says(client, name), 10, "is not let in again")
    auditor.publish([END])
    assert client.take_until(END) == []
    for one in (client, untouched, auditor):
        one.close()


def says(client: RawClient, name: str) -> bool:
    return client.publish([topics.status(name)])[topics.status(name)] < 0x80
