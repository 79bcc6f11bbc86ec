"""The whole chain over the hardened mosquitto: an agent with its certificate, a collector with its own."""

from pathlib import Path
from random import Random

import pytest

from collector.client import Api
from edge_agent.config import BrokerConfig, OutboxConfig
from edge_agent.sinks.mqtt import EventSink
from edge_agent.sinks.outbox import Outbox
from event_contract.kinds import EVENT_CLASSES
from scripts.swarms.device import origin_of
from scripts.swarms.traffic import event
from tests.brokers import free_port, wait_until
from tests.certificates import Authority, hardened
from tests.unit.test_collector_cli import Served, served

pytestmark = pytest.mark.chain
EVENTS = 12


def sink(folder: Path, device: str, broker: BrokerConfig) -> EventSink:
    """It begins with events of every class."""
    origin = origin_of(device, f"run-of-{device}")
    outbox = Outbox.open(folder / device / "outbox.db", origin, OutboxConfig())
    made = EventSink(outbox, broker, origin, on_crash=lambda error: None, random=Random(1))
    made.start()
    now, clock = "2026-03-02T00:15:31.240Z", origin.read_clock()
    made.submit([event(EVENT_CLASSES[n % 3], f"{device}-{n}", now, clock) for n in range(EVENTS)])
    return made


def test_events_are_stored_over_the_hardened_broker_and_only_under_the_certificates_name(tmp_path: Path) -> None:
    authority, port = Authority(tmp_path), free_port()
    authority.issue("collector", "collector-1")
    cert, key = map(str, authority.issue("kerb-1", "kerb-1"))
    settings = tmp_path / "collector.toml"
    files = "ca = 'ca.pem'\ncert = 'collector.pem'\nkey = 'collector.key'\n"
    settings.write_text(f"[broker]\nport = {port}\n[broker.tls]\n{files}")
    broker = BrokerConfig(port=port, ca=str(authority.ca), cert=cert, key=key, first_wait_s=0.2, max_wait_s=1.0)
    with (
        hardened(authority, port, ("collector-1",)),
        served(tmp_path, "--config", str(settings), mqtt_port=port) as running,
    ):
        agent = sink(tmp_path, "kerb-1", broker)
        wait_until(lambda: stored(running) == EVENTS and agent.stats().outbox.pending == 0, 30, "not all is stored")
        agent.close(5)
        impostor = sink(tmp_path, "kerb-2", broker)
        wait_until(lambda: "events of kerb-2: not authorized" in impostor.stats().link.text, 30, "nobody is refused")
        impostor.close(0)
        assert stored(running) == EVENTS


def stored(running: Served) -> int:
    token = Path(running.access[3]).read_text().strip()
    streams = Api(running.access[1], token).get("/api/v1/streams")["streams"]
    return sum(last - first + 1 for stream in streams for first, last in stream["ranges"])
