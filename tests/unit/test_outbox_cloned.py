"""Two devices that run on copies of one card deliver to one collector: nothing is lost, nothing told twice, and it is told."""

import shutil
from pathlib import Path
from random import Random

import msgspec

from collector.core.delivery import Received
from collector.store.engines.sqlite import Sqlite
from collector.store.event_store import EventStore
from edge_agent.config import BrokerConfig, OutboxConfig
from edge_agent.sinks import link
from edge_agent.sinks.courier import Courier
from edge_agent.sinks.outbox import Outbox
from event_contract import topics
from event_contract.messages import CloudEvent, IncidentData, decode_body, encode
from event_contract.presence import CollectorStatus
from tests.unit.outbox_parts import event, origin

EPOCH = 1


class Line:
    """Stands in for a connection: what is published is with the collector at once."""

    alive = True

    def __init__(self) -> None:
        self.sent: list[tuple[str, bytes]] = []

    def publish_event(self, topic: str, payload: bytes) -> int:
        self.sent.append((topic, payload))
        return len(self.sent)

    def publish_status(self, payload: bytes) -> int:
        return 0

    def give_up(self, reason: str) -> None: ...

    def wait(self, timeout_s: float) -> None: ...


class Device:
    def __init__(self, path: Path, store: EventStore) -> None:
        self.outbox = Outbox.open(path, origin(), OutboxConfig(max_bytes=4_000_000))
        self._store = store
        self._line = Line()
        self.courier = Courier(
            self.outbox, BrokerConfig(first_wait_s=0.0), origin(), lambda _: True, Random(1), lambda *_: self._line
        )
        self.courier.work(0.0)
        self.courier.take(link.Connected(EPOCH, 65535), 0.0)
        status = encode(CollectorStatus(online=True, instance="c1"))
        self.courier.take(link.Received(EPOCH, topics.collector_status("c1"), status), 0.0)

    def deliver(self, rounds: int) -> None:
        for _ in range(rounds):
            self.courier.work(1.0)
            sent, self._line.sent = self._line.sent, []
            for device, ack in self._store.commit([Received(topic, payload, 1_772_410_600.0) for topic, payload in sent]).acks:
                self.courier.take(link.Received(EPOCH, topics.ack(device), encode(ack)), 1.0)


def test_copies_of_one_card(tmp_path: Path) -> None:
    engine = Sqlite(tmp_path / "collector.db")
    store = EventStore(engine)
    first = Outbox.open(tmp_path / "a" / "outbox.db", origin(), OutboxConfig(max_bytes=4_000_000))
    first.append([event("incident", f"before {n}") for n in range(5)])
    first.close()
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    devices = {name: Device(tmp_path / name / "outbox.db", store) for name in ("a", "b")}
    for name, device in devices.items():
        device.courier.commit([event("incident", f"of {name} {n}") for n in range(300)])
    for _ in range(20):
        for device in devices.values():
            device.deliver(1)
    assert all(device.outbox.stats().pending == 0 for device in devices.values())
    told = incidents(engine)
    assert told.count("run1/north/of a 7") == told.count("run1/north/of b 7") == 1
    assert set(told) == {
        *(f"run1/north/before {n}" for n in range(5)), *(f"run1/north/of {name} {n}" for name in "ab" for n in range(300)),
    }  # fmt: skip
    assert len(told) == len(set(told))
    assert any("fork" in alert for alert in alarms(engine))


def incidents(engine: Sqlite) -> list[str]:
    with engine.transaction() as db:
        payloads = [row[0] for row in db.execute("SELECT payload FROM events").fetchall()]
    bodies = [decode_body(msgspec.json.decode(payload, type=CloudEvent).data) for payload in payloads]
    return [body.incident for body in bodies if isinstance(body, IncidentData)]


def alarms(engine: Sqlite) -> list[str]:
    with engine.transaction() as db:
        return [row[0] for row in db.execute("SELECT id FROM alerts").fetchall()]
