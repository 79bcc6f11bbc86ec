"""Ingest against real brokers: garbage, poison, kills; every good event is stored and acknowledged all the same."""

import json
import queue
import random
import socket
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import msgspec
import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from collector.broker import paho_loop
from collector.broker.embedded import EmbeddedBroker
from collector.broker.link import BrokerLink, LinkState
from collector.config.broker import Broker
from collector.ingest import Ingest
from collector.store.alerts.alert_book import Change
from collector.store.engines.sqlite import Sqlite, connect
from collector.store.event_store import EventStore
from collector.store.questions import letters, queries
from collector.upkeep import Rules, Upkeep
from event_contract import topics
from event_contract.messages import Ack, encode
from event_contract.presence import CollectorStatus, Will
from tests.brokers import embedded, free_port, mosquitto
from tests.wire_messages import DEVICE, birth, event, incident

KEEP = {"incident": 10.0, "state": 10.0, "telemetry": 10.0}
INCIDENTS = topics.event(DEVICE, "incident")
pytestmark = pytest.mark.chain


class Device:
    """A paho client that publishes what it is told and collects what comes down to it."""

    def __init__(self, port: int) -> None:
        self.heard: queue.Queue[tuple[str, bytes]] = queue.Queue()
        self.client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
        self.client.on_message = lambda _client, _data, message: self.heard.put((message.topic, message.payload))
        ready = threading.Event()
        self.client.on_subscribe = lambda *_: ready.set()
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()
        self.client.subscribe([(topic, mqtt.SubscribeOptions(1)) for topic in (topics.ack("+"), topics.COLLECTORS_STATUS)])
        assert ready.wait(10)

    def send(self, payload: bytes, topic: str = INCIDENTS, *, retain: bool = False) -> None:
        self.client.publish(topic, payload, qos=1, retain=retain).wait_for_publish(10)

    def acks(self, wanted: int) -> set[int]:
        """Waits until that many sequence numbers of STREAM are acknowledged."""
        seqs: set[int] = set()
        while len(seqs) < wanted:
            topic, payload = self.heard.get(timeout=20)
            if topic == topics.ack(DEVICE):
                for first, last in msgspec.json.decode(payload, type=Ack).ranges:
                    seqs |= set(range(first, last + 1))
        return seqs

    def status(self, online: bool, instance: str = "c1") -> None:
        while True:
            topic, payload = self.heard.get(timeout=20)
            if topic == topics.collector_status(instance):
                status = msgspec.json.decode(payload, type=CollectorStatus)
                if status.online == online:
                    return

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


class Running:
    def __init__(self, tmp_path: Path, port: int) -> None:
        self.path = tmp_path / "events.sqlite"
        self.changes: list[Change] = []
        self.failures: list[str] = []
        self.states: queue.Queue[LinkState] = queue.Queue()
        self.engine = Sqlite(self.path)
        self.store = EventStore(self.engine)
        self.ingest = Ingest(self.store, Upkeep(self.store, Rules(KEEP)), self.changes.extend, self.failures.append)
        self.link = BrokerLink(Broker(port=port), "c1", self.ingest.receive, self.states.put, self.failures.append)
        self.ingest.start()
        self.link.start()

    def wait_connected(self) -> None:
        while not self.states.get(timeout=20).connected:
            pass

    def stop(self) -> None:
        self.link.stop()
        self.ingest.stop()
        self.store.close()


@contextmanager
def running(tmp_path: Path, port: int) -> Iterator[Running]:
    collector = Running(tmp_path, port)
    try:
        collector.wait_connected()
        yield collector
    finally:
        collector.stop()
    assert collector.failures == []


@pytest.fixture(params=["mosquitto", "embedded"])
def port(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[int]:
    port = free_port()
    with mosquitto(tmp_path, port) if request.param == "mosquitto" else embedded(tmp_path, port):
        yield port


def ask(collector: Running, question: Callable[..., object], *args: object) -> object:
    db = connect(collector.path)
    try:
        return question(db, *args)
    finally:
        db.close()


def test_events_are_stored_acknowledged_and_alerted(tmp_path: Path, port: int) -> None:
    with running(tmp_path, port) as collector:
        device = Device(port)
        device.status(online=True)
        device.send(encode(birth(1, 500)), topics.status(DEVICE), retain=True)
        for seq in range(1, 501):
            device.client.publish(INCIDENTS, event(incident(incident=f"r/north/{seq}"), seq), qos=1)
        assert device.acks(500) == set(range(1, 501))
        summary = ask(collector, queries.summary)
        assert (summary["events"], summary["alerts"], summary["missing"]) == (500, 500, 0)
        assert len(collector.changes) == 500
        device.close()


def test_an_agent_that_starts_again_ends_what_its_earlier_run_left_open(tmp_path: Path, port: int) -> None:
    with running(tmp_path, port) as collector:
        device = Device(port)
        device.send(encode(birth()), topics.status(DEVICE), retain=True)
        device.send(event(incident(), 1))
        assert device.acks(1) == {1}
        device.send(encode(birth(run="newer")), topics.status(DEVICE), retain=True)
        device.send(event(incident(incident="9f2c61d0/north/18"), 2))  # the outbox still held it
        device.send(event(incident(incident="newer/north/1", run="newer"), 3))
        assert device.acks(2) == {2, 3}
        told = [(change.action, msgspec.json.decode(change.body)) for change in collector.changes]
        assert [(action, alert["id"].removeprefix(f"{DEVICE}/"), alert["ended_by"]) for action, alert in told] == [
            ("open", "9f2c61d0/north/17", None),
            ("close", "9f2c61d0/north/17", "run_over"),
            ("close", "9f2c61d0/north/18", "run_over"),
            ("open", "newer/north/1", None),
        ]
        assert ask(collector, queries.summary)["alerts_open"] == 1
        device.close()


def test_garbage_on_every_topic_leaves_the_collector_standing(tmp_path: Path, port: int) -> None:
    dice = random.Random(20260302)
    deep = b'{"id":"s/1","source":"x","type":"t","time":"x","data":' + b"[" * 20000 + b"]" * 20000 + b"}"
    garbage = [
        b"",
        dice.randbytes(300),
        dice.randbytes(200_000),
        b'{"a":' * 5000,
        deep,
        event(incident(), 3, device="someone-else"),
        event({"kind": "x", "pad": "y" * 100_000}, 4),
        b'{"online": true}',
        json.dumps({"online": True, "run": "r", "connection": 10**30, "boot": "b", "site": "s", "software": "x"}).encode(),
    ]
    addresses = [
        INCIDENTS,
        topics.event(DEVICE, "telemetry"),
        topics.status(DEVICE),
        "roadside/v1/Not A Name/event/incident",
        f"roadside/v1/{DEVICE}/event/gossip",
        "roadside/v1/collector/event/incident",
        "roadside/v1/collector/status",
    ]
    with running(tmp_path, port) as collector:
        device = Device(port)
        for topic in addresses:
            for payload in garbage:
                device.send(payload, topic)
        device.send(event(incident(), 1))
        assert device.acks(3) == {1, 3, 4}
        summary = ask(collector, queries.summary)
        assert (summary["events"], summary["alerts"]) == (1, 1)
        assert summary["dead_letters"] >= 50
        assert collector.link.state.crashes == 0
        device.close()


def test_more_poison_than_the_broker_leaves_unacknowledged_does_not_stall_it(tmp_path: Path, port: int) -> None:
    with running(tmp_path, port):
        device = Device(port)
        for n in range(600):
            device.client.publish(INCIDENTS, b"poison %d" % n, qos=1)
        device.send(event(incident(), 1))
        assert device.acks(1) == {1}
        device.close()


def test_a_message_that_the_store_chokes_on_is_kept_apart(tmp_path: Path, port: int) -> None:
    with running(tmp_path, port) as collector:
        device = Device(port)
        # msgspec takes a number that SQLite does not: the border lets it pass, the store raises
        choke = encode(birth(connection=2**70))
        device.send(choke, topics.status("choker"))
        device.send(event(incident(), 1))
        assert device.acks(1) == {1}
        while not (found := ask(collector, letters.find, 10)):
            time.sleep(0.05)
        assert found[0]["topic"] == topics.status("choker")
        device.close()


def test_a_full_disk_is_told_acknowledges_nothing_and_heals(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    port = free_port()
    with mosquitto(tmp_path, port), running(tmp_path, port) as collector:
        device = Device(port)
        collector.engine.db.execute("PRAGMA max_page_count = 1")  # SQLite takes the size that it has for the least
        device.send(event({"kind": "x", "filling": "x" * 60_000}, 1))
        while collector.ingest.unavailable is None:
            time.sleep(0.02)
        assert "full" in collector.ingest.unavailable
        assert topics.ack(DEVICE) not in {topic for topic, _ in device.heard.queue}
        collector.engine.db.execute("PRAGMA max_page_count = 1000000")
        assert device.acks(1) == {1}
        assert collector.ingest.unavailable is None
        told = [record.message for record in caplog.records if "the store takes" in record.message]
        assert [("nothing" in line) for line in told] == [True, False]
        device.close()


def test_the_broker_killed_and_started_again(tmp_path: Path) -> None:
    port = free_port()
    with mosquitto(tmp_path, port) as process:
        collector = Running(tmp_path, port)
        collector.wait_connected()
        process.kill()
        process.wait()
        while collector.states.get(timeout=20).connected:
            pass
    with mosquitto(tmp_path, port):
        collector.wait_connected()
        device = Device(port)
        device.status(online=True)  # retained, though the broker has forgotten everything
        device.send(event(incident(), 1))
        assert device.acks(1) == {1}
        collector.stop()
        device.status(online=False)
        device.close()
    assert collector.failures == []
    assert collector.link.state.connections == 2


def test_the_embedded_broker_comes_back_when_its_process_is_killed(tmp_path: Path) -> None:
    port = free_port()
    with embedded(tmp_path, port) as broker, running(tmp_path, port) as collector:
        broker._broker._process.kill()
        collector.wait_connected()
        device = Device(port)
        device.send(event(incident(), 1))
        assert device.acks(1) == {1}
        assert broker.restarts == 1
        device.close()


def test_an_error_in_our_own_callback_ends_the_connection_and_is_counted(tmp_path: Path) -> None:
    port = free_port()
    with mosquitto(tmp_path, port):
        states: queue.Queue[LinkState] = queue.Queue()
        boom = iter([True])

        def on_message(client: mqtt.Client, message: mqtt.MQTTMessage) -> None:
            if next(boom, False):
                raise KeyError("boom")
            client.ack(message.mid, message.qos)
            heard.set()

        heard = threading.Event()
        link = BrokerLink(Broker(port=port), "c1", on_message, states.put, pytest.fail)
        link.start()
        while not states.get(timeout=20).connected:
            pass
        device = Device(port)
        device.send(b"x")
        while not (state := states.get(timeout=20)).connected or state.connections < 2:
            pass
        device.send(b"y")
        assert heard.wait(10)
        assert link.state.crashes == 1
        link.stop()
        device.close()


@pytest.mark.parametrize("crash", [False, True])
def test_an_acknowledgement_for_a_connection_that_has_ended_goes_nowhere(tmp_path: Path, crash: bool) -> None:
    port = free_port()
    states: queue.Queue[LinkState] = queue.Queue()
    arrived: queue.Queue[tuple[mqtt.Client, mqtt.MQTTMessage]] = queue.Queue()

    def on_message(client: mqtt.Client, message: mqtt.MQTTMessage) -> None:
        arrived.put((client, message))
        if crash:
            raise KeyError("boom")

    link = BrokerLink(Broker(port=port), "c1", on_message, states.put, pytest.fail)
    with mosquitto(tmp_path, port):
        link.start()
        while not states.get(timeout=20).connected:
            pass
        device = Device(port)
        device.send(b"x")
        client, message = arrived.get(timeout=10)
        device.close()
    while states.get(timeout=20).connected:
        pass
    client.ack(message.mid, message.qos)
    client.publish(topics.ack(DEVICE), b"{}", qos=1)
    with mosquitto(tmp_path, port):
        while not states.get(timeout=20).connected:
            pass
        device = Device(port)
        device.status(online=True)
        assert device.heard.empty()
        device.close()
        link.stop()


def test_a_broker_that_refuses_is_told_apart_from_one_that_is_away(tmp_path: Path) -> None:
    port = free_port()
    states: queue.Queue[LinkState] = queue.Queue()
    link = BrokerLink(Broker(port=port), "c1", lambda *_: None, states.put, pytest.fail)
    link.start()
    away = states.get(timeout=20)
    assert not away.refused and "refused" in away.reason.lower()
    with mosquitto(tmp_path, port, "allow_anonymous false\n"):
        while not (state := states.get(timeout=20)).refused:
            pass
        assert "Not authorized" in state.reason
        link.stop()


def test_a_link_that_cannot_go_on_says_so() -> None:
    def on_change(_state: LinkState) -> None:
        raise BrokenPipeError(32, "Broken pipe")

    failures: queue.Queue[str] = queue.Queue()
    link = BrokerLink(Broker(port=free_port()), "c1", lambda *_: None, on_change, failures.put)
    link.start()
    assert failures.get(timeout=20) == "broker link: BrokenPipeError: [Errno 32] Broken pipe"
    link.stop()


def test_an_embedded_broker_that_cannot_be_watched_says_so(tmp_path: Path) -> None:
    failures: queue.Queue[str] = queue.Queue()
    broker = EmbeddedBroker(tmp_path, free_port(), failures.put)
    broker.start()
    broker._broker.options = {"not JSON": object()}
    process = broker._broker._process
    assert process is not None
    process.kill()
    assert failures.get(timeout=20).startswith("embedded broker: TypeError: ")
    broker.stop()


def test_nothing_is_acknowledged_while_the_store_refuses(tmp_path: Path) -> None:
    port = free_port()
    with mosquitto(tmp_path, port), running(tmp_path, port) as collector:
        device = Device(port)
        device.status(online=True)
        db = sqlite3.connect(collector.path, isolation_level=None)
        db.execute("ALTER TABLE alert_changes RENAME TO hidden")
        device.send(event(incident(), 1))
        while not collector.ingest.counts["store_unavailable"]:
            time.sleep(0.05)
        assert device.heard.empty()
        db.execute("ALTER TABLE hidden RENAME TO alert_changes")
        db.close()
        assert device.acks(1) == {1}
        device.close()


def test_the_broker_hears_of_a_message_only_when_it_is_committed(tmp_path: Path) -> None:
    """Its own log tells; the marker, sent on the same connection, comes after every PUBACK given before it."""
    port = free_port()
    log = tmp_path / f"mosquitto-{port}.log"
    puback = "Received PUBACK from collector-c1"

    def wait_for(text: str) -> str:
        while text not in (told := log.read_text()):
            time.sleep(0.05)
        return told

    with mosquitto(tmp_path, port, "allow_anonymous true\nlog_type all\n"), running(tmp_path, port) as collector:
        collector.engine.db.execute("PRAGMA busy_timeout = 50")
        device = Device(port)
        device.status(online=True)
        with closing(sqlite3.connect(collector.path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            device.send(event(incident(), 1))
            while collector.ingest.counts["store_unavailable"] < 2:
                time.sleep(0.05)
            collector.link._client.publish("marker")
            assert puback not in wait_for("Received PUBLISH from collector-c1 (d0, q0, r0, m0, 'marker'")
            assert device.heard.empty()
            other.execute("ROLLBACK")
        assert device.acks(1) == {1}
        wait_for(puback)
        device.close()


def test_acknowledgements_wake_the_loop_that_sends_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paho_loop, "HOUSEKEEPING_S", 3600.0)
    port = free_port()
    with mosquitto(tmp_path, port), running(tmp_path, port):
        device = Device(port)
        for seq in range(1, 6):
            device.send(event({"kind": "x"}, seq))
            assert device.acks(1) == {seq}
        device.close()


def test_a_will_marks_the_device_offline(tmp_path: Path, port: int) -> None:
    with running(tmp_path, port) as collector:
        client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
        client.will_set(topics.status(DEVICE), encode(Will(run="9f2c61d0", connection=1)), qos=1, retain=True)
        client.connect("127.0.0.1", port)
        client.loop_start()
        client.publish(topics.status(DEVICE), encode(birth()), qos=1, retain=True).wait_for_publish(10)
        while not (known := ask(collector, queries.devices)) or not known[0]["online"]:
            time.sleep(0.05)
        sock = client.socket()
        assert sock is not None
        sock.shutdown(socket.SHUT_RDWR)  # no farewell
        client.loop_stop()
        while ask(collector, queries.devices)[0]["online"]:
            time.sleep(0.05)
