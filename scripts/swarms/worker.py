"""One process of the swarm: its share of the devices, one loop. A pipe tells it what to do; it reports each second."""

import heapq
import resource
import sqlite3
import time
import uuid
from array import array
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Literal

from edge_agent.config import BrokerConfig, OutboxConfig
from edge_agent.sinks.outbox import Outbox
from scripts.swarms.device import Absence, Device, History, Record, origin_of
from scripts.swarms.traffic import Outages, Pattern
from scripts.swarms.wires import Wires

REPORT_EVERY_S = 1.0
LONGEST_SLEEP_S = 0.1  # what is told through the pipe is heard within this
SPARE_FILES = 64
FILES_OF_AN_OUTBOX = 4  # database, log, index, lock

Command = Literal["no more events", "histories", "close"]


@dataclass(frozen=True, slots=True)
class Share:
    """The devices of one process; they come up one after another within `ramp_s`. `folder`: outboxes are files in it."""

    names: tuple[str, ...]
    broker: BrokerConfig
    pattern: Pattern
    outages: Outages
    seed: int
    ramp_s: float
    folder: Path | None


@dataclass(frozen=True, slots=True)
class Report:
    """Totals, and what is new since the report before. `busy`: share of a core; `late_s`: the most that a device's turn came
    too late, because this process stood still or had too much to do."""

    online: int
    committed: int
    acknowledged: int
    busy: float
    late_s: float
    connected_at_s: list[float]
    absences: list[Absence]
    committed_at_s: bytes
    latency_s: bytes


Answer = Report | list[History]


def raise_file_limit(wanted: int) -> int:
    """The soft limit of open files as high as the hard one lets it be; returns it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    limit = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < limit:
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
        return limit
    return soft if soft != resource.RLIM_INFINITY else limit


def files_needed(devices: int, *, on_disk: bool) -> int:
    return SPARE_FILES + devices * (1 + (FILES_OF_AN_OUTBOX if on_disk else 0))


def run(share: Share, pipe: "Connection[Answer, Command]") -> None:
    """Until it is told to close, or nobody is left to tell it."""
    raise_file_limit(files_needed(len(share.names), on_disk=share.folder is not None))
    try:
        _Loop(share, pipe).run()
    except (EOFError, BrokenPipeError, KeyboardInterrupt):
        pass


class _Loop:
    def __init__(self, share: Share, pipe: "Connection[Answer, Command]") -> None:
        self._pipe = pipe
        self._record, self._wires = Record(), Wires()
        self._ready: set[Device] = set()
        run = uuid.uuid4().hex[:8]
        self._devices = [
            Device(
                origin_of(name, f"{run}-{number}"), _outbox(share, name, f"{run}-{number}"), share.broker, self._wires,
                self._ready, self._record, f"{share.seed}/{name}",
            )
            for number, name in enumerate(share.names)
        ]  # fmt: skip
        begin_s = time.monotonic()
        self._heap: list[tuple[float, int]] = []
        for number, device in enumerate(self._devices):
            due_s = begin_s + share.ramp_s * number / len(self._devices)
            device.begin(due_s, share.pattern, share.outages)
            heapq.heappush(self._heap, (due_s, number))
        self._reported_at_s, self._reported_cpu_s, self._acknowledged = begin_s, time.process_time(), 0
        self._late_s = 0.0

    def run(self) -> None:
        open_ = True
        while open_:
            self._turn()
            if time.monotonic() - self._reported_at_s >= REPORT_EVERY_S:
                self._report()
            while open_ and self._pipe.poll():
                open_ = self._obey(self._pipe.recv())

    def _turn(self) -> None:
        """Everybody for whom something has come or is due works once."""
        now_s = time.monotonic()
        self._wires.turn(min(self._heap[0][0] - now_s, LONGEST_SLEEP_S))
        ready = list(self._ready)
        self._ready.clear()
        for device in ready:
            device.work()  # its place in the heap stays: it comes too early at worst
        now_s = time.monotonic()
        self._late_s = max(self._late_s, now_s - self._heap[0][0])
        while self._heap[0][0] <= now_s:
            number = self._heap[0][1]
            heapq.heapreplace(self._heap, (self._devices[number].work(), number))

    def _obey(self, command: Command) -> bool:
        match command:
            case "no more events":
                for device in self._devices:
                    device.end_of_events()
            case "histories":
                self._report()
                self._pipe.send([device.history() for device in self._devices])
            case "close":
                for device in self._devices:
                    device.close()
                return False
        return True

    def _report(self) -> None:
        now_s, cpu_s, record = time.monotonic(), time.process_time(), self._record
        busy = (cpu_s - self._reported_cpu_s) / max(now_s - self._reported_at_s, 0.001)
        self._acknowledged += len(record.latency_s)
        self._pipe.send(
            Report(
                record.online, record.committed, self._acknowledged, busy, self._late_s, record.connected_at_s,
                record.absences, record.committed_at_s.tobytes(), record.latency_s.tobytes(),
            )
        )  # fmt: skip
        record.connected_at_s, record.absences = [], []
        record.committed_at_s, record.latency_s = array("d"), array("f")
        self._reported_at_s, self._reported_cpu_s, self._late_s = now_s, cpu_s, 0.0


def _outbox(share: Share, name: str, run: str) -> Outbox:
    """On a file of its own, or in memory: the same SQLite, without the disk."""
    origin = origin_of(name, run)
    if share.folder is not None:
        return Outbox.open(share.folder / name / "outbox.db", origin, OutboxConfig())
    return Outbox(sqlite3.connect(":memory:", isolation_level=None), origin, OutboxConfig())
