"""A real agent process without eyes: the event sink under synthetic events. `python -m tests.e2e.agent_driver DIR PORT RATE`.

Prints what it has committed as `committed <stream> <number>`. SIGTERM: stop making events, deliver the rest, `done`.
"""

import os
import signal
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from edge_agent.config import BrokerConfig, OutboxConfig
from edge_agent.core.outgoing import Outgoing
from edge_agent.sinks.mqtt import EventSink
from edge_agent.sinks.origin import Origin
from edge_agent.sinks.outbox import Outbox
from event_contract.messages import Clock, HealthData, IncidentData, TrafficMinuteData
from event_contract.times import format_time

BOOT = "boot-1"
FLUSH_S = 30.0


def read_clock() -> Clock:
    return Clock(mono_s=time.monotonic(), boot=BOOT, synced=True, error_ms=5)


def events(run: str) -> Iterator[Outgoing]:
    """One incident in four; every event says once and only once which it is."""
    for n in count():
        now, clock = format_time(time.time()), read_clock()
        if n % 4 == 0:
            yield Outgoing("incident", "north/lane/1", now, IncidentData(
                kind="wrong_way", phase="new", revision=1, incident=f"{run}/north/{n}", run=run, camera="north", lane="1",
                severity="critical", confidence=0.9, started_at=now, updated_at=now, clock=clock,
            ))  # fmt: skip
        elif n % 4 == 1:
            yield Outgoing("telemetry", "agent", now, HealthData(run=run, uptime_s=float(n), clock=clock))
        else:
            yield Outgoing("state", "north", now, TrafficMinuteData(run=f"{run}-{n}", camera="north", from_=now, clock=clock))


def open_sink(data_dir: Path, port: int, run: str) -> EventSink:
    origin = Origin("kerb-1", run, BOOT, "qn", "0.1.0", read_clock)
    outbox = Outbox.open(data_dir / "outbox.db", origin, OutboxConfig())
    broker = BrokerConfig(port=port, first_wait_s=0.2, max_wait_s=0.5, keepalive_s=5)
    return EventSink(outbox, broker, origin, on_crash=lambda error: os.abort())


def main(data_dir: Path, port: int, rate: float) -> None:
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda number, frame: stop.set())
    run = uuid.uuid4().hex[:8]
    sink = open_sink(data_dir, port, run)
    sink.start()
    for event in events(run):
        sink.submit([event])
        for stream, number in sink.stats().outbox.committed.items():
            print("committed", stream, number, flush=True)
        if stop.wait(1 / rate):
            break
    sink.close(FLUSH_S)
    print("done", sink.stats(), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))
