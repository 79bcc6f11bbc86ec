"""A real agent process without eyes: the event sink under synthetic events. `python -m scripts.drills.device FOLDER --port P`.

Prints what it has committed, as `committed <stream> <number>`, at most five times a second. SIGTERM: make no more events,
deliver what waits, `done`. SIGUSR1: one incident now, `marked <its name>`.
"""

import argparse
import os
import signal
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
from event_contract.kinds import EventClass
from event_contract.messages import Body, Clock, HealthData, IncidentData, TrafficMinuteData
from event_contract.times import format_time

STATS_S = 0.2


class Clocks:
    """Wall time is `off_s` from the truth until it is set right at `sync_at_s`, monotonic; `scale` seconds pass in one."""

    def __init__(self, off_s: float, sync_at_s: float, scale: float) -> None:
        self._off_s, self._sync_at_s, self._scale = off_s, sync_at_s, scale
        self._zero_s, self._wall_zero_s = time.monotonic(), time.time()
        self._boot = Path("/proc/sys/kernel/random/boot_id").read_text()[:8]

    @property
    def synced(self) -> bool:
        return not self._off_s or time.monotonic() >= self._sync_at_s

    def read(self) -> Clock:
        elapsed_s = time.monotonic() - self._zero_s
        return Clock(mono_s=round(self._zero_s + elapsed_s * self._scale, 3), boot=self._boot, synced=self.synced)

    def wall_s(self) -> float:
        true_s = self._wall_zero_s + (time.monotonic() - self._zero_s) * self._scale
        return true_s if self.synced else max(0.0, true_s + self._off_s)


class Road:
    """Events of a run; each says once and only once which it is."""

    def __init__(self, run: str, clocks: Clocks, incident_every: int, bulk: int) -> None:
        self._run, self._clocks, self._incident_every, self._bulk = run, clocks, incident_every, "x" * bulk
        self._numbers = count(1)

    def events(self) -> Iterator[Outgoing]:
        """One in `incident_every` is an incident, which begins or ends; one in ten of the others is telemetry."""
        for n in self._numbers:
            turn, rest = divmod(n, self._incident_every)
            name, clock = f"{self._run}-{n}", self._clocks.read()
            if rest == 0:
                yield self._incident(f"{turn // 2}", ended=turn % 2 == 1)
            elif n % 10 == 1:
                yield self._outgoing("telemetry", "agent", HealthData(run=name, uptime_s=n, clock=clock))
            else:
                body = TrafficMinuteData(run=name, camera=f"north{self._bulk}", from_=self._now(), clock=clock)
                yield self._outgoing("state", "north", body)

    def mark(self) -> tuple[str, Outgoing]:
        """An incident out of turn, and its name."""
        name = f"mark-{next(self._numbers)}"
        return f"{self._run}/north/{name}", self._incident(name, ended=False)

    def _incident(self, name: str, *, ended: bool) -> Outgoing:
        now = self._now()
        body = IncidentData(
            kind="wrong_way", phase="end" if ended else "new", revision=2 if ended else 1, incident=f"{self._run}/north/{name}",
            run=self._run, camera="north", lane="1", severity="critical", confidence=0.9, started_at=now, updated_at=now,
            ended_at=now if ended else None, clock=self._clocks.read(),
        )  # fmt: skip
        return self._outgoing("incident", "north/lane/1", body)

    def _outgoing(self, event_class: EventClass, subject: str, body: Body) -> Outgoing:
        return Outgoing(event_class, subject, self._now(), body)

    def _now(self) -> str:
        return format_time(self._clocks.wall_s())


class Teller:
    """Says what the outbox has committed, when that has changed."""

    def __init__(self) -> None:
        self._told: dict[str, int] = {}
        self._next_s = 0.0

    def tell(self, sink: EventSink) -> None:
        if time.monotonic() < self._next_s:
            return
        self._next_s = time.monotonic() + STATS_S
        for stream, number in sink.stats().outbox.committed.items():
            if self._told.get(stream) != number:
                print("committed", stream, number, flush=True)
                self._told[stream] = number


def main() -> None:
    options = _options()
    stop, mark = threading.Event(), threading.Event()
    signal.signal(signal.SIGTERM, lambda number, frame: stop.set())
    signal.signal(signal.SIGUSR1, lambda number, frame: mark.set())
    run = uuid.uuid4().hex[:8]
    clocks = Clocks(options.off_s, options.sync_at_s, options.scale)
    sink = open_sink(options, run, clocks)
    sink.start()
    print("up", flush=True)
    road, teller = Road(run, clocks, options.incident_every, options.bulk), Teller()
    events = road.events()
    pace = Pace(options.rate, options.burst)
    while not stop.is_set():
        if mark.is_set():
            mark.clear()
            name, event = road.mark()
            sink.submit([event])
            print("marked", name, flush=True)
        sink.submit([next(events) for _ in range(pace.due())])
        teller.tell(sink)
        stop.wait(pace.pause_s)
    sink.close(options.flush_s)
    print("done", sink.stats(), flush=True)


class Pace:
    """How many events are due: `rate` a second, after a first `burst` as fast as the sink takes them."""

    pause_s = 0.02
    AT_ONCE = 500

    def __init__(self, rate: float, burst: int) -> None:
        self._rate, self._burst = rate, burst
        self._since_s, self._made = time.monotonic(), 0

    def due(self) -> int:
        if self._burst > 0:
            some = min(self._burst, self.AT_ONCE)
            self._burst -= some
            self._since_s = time.monotonic()
            return some
        some = min(self.AT_ONCE, int((time.monotonic() - self._since_s) * self._rate) - self._made)
        self._made += some
        return some


def open_sink(options: argparse.Namespace, run: str, clocks: Clocks) -> EventSink:
    boot = clocks.read().boot
    origin = Origin(options.device, run, boot, "qn", "0.1.0", clocks.read, read_wall_s=clocks.wall_s)
    outbox = Outbox.open(options.folder / "outbox.db", origin, OutboxConfig(max_bytes=options.outbox_bytes))
    broker = BrokerConfig(port=options.port, first_wait_s=0.2, max_wait_s=0.5, keepalive_s=5)
    return EventSink(outbox, broker, origin, on_crash=lambda error: os.abort())


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--device", default="kerb-1")
    parser.add_argument("--port", type=int, required=True, help="the broker's")
    parser.add_argument("--rate", type=float, default=100, help="events a second")
    parser.add_argument("--burst", type=int, default=0, help="so many events first, as fast as they are taken")
    parser.add_argument("--incident-every", type=int, default=4, help="one event in so many is an incident")
    parser.add_argument("--bulk", type=int, default=0, help="bytes by which a state is larger than need be")
    parser.add_argument("--outbox-bytes", type=int, default=OutboxConfig().max_bytes)
    parser.add_argument("--off-s", type=float, default=0, help="how far wall time is off the truth")
    parser.add_argument("--sync-at-s", type=float, default=0, help="monotonic: when it is set right")
    parser.add_argument("--scale", type=float, default=1, help="how many seconds pass in one")
    parser.add_argument("--flush-s", type=float, default=60, help="how long to deliver at the end")
    return parser.parse_args()


if __name__ == "__main__":
    main()
