"""A disk that fills up under a running event sink, is emptied, and fills up again: on a small ext4 of its own, as root.

In each round another program takes all room, and then each byte that becomes free; incidents and telemetry go on all the time;
then there is room again. The sink must not crash, every incident must be there in the end, what else is gone must be named
by `lost` notices or counted, the fault must be told with its end, and the reserve must be back.
"""

import argparse
import os
import random
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any

from edge_agent.config import BrokerConfig, OutboxConfig
from edge_agent.core.failure import WrongInput
from edge_agent.sinks.mqtt import EventSink, SinkStopped
from edge_agent.sinks.origin import Origin
from edge_agent.sinks.outbox import Outbox
from event_contract.messages import Clock, IncidentData, LostData
from scripts.drills.power import sample
from scripts.drills.power_history import read, unnamed
from scripts.drills.verdict import Verdict

DISK_MIB = 48
ROUNDS, QUICK_ROUNDS = 12, 2
FULL_S = 6.0  # how long the disk stays full in a round
HEALS_WITHIN_S = 40.0
NOWHERE = BrokerConfig(port=1, first_wait_s=5.0)  # nothing is delivered: all must be in the file


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--rounds", type=int, help=f"default {ROUNDS}, quick {QUICK_ROUNDS}")


def run(options: argparse.Namespace) -> Verdict:
    if os.geteuid() != 0:
        raise WrongInput("the drill mounts a small disk of its own; start it as root: sudo ./scripts/drill disk")
    folder: Path = options.state.folder
    with small_disk(folder) as disk:
        drill = Drill(disk, random.Random(options.seed))
        for _ in range(options.rounds or (QUICK_ROUNDS if options.quick else ROUNDS)):
            drill.round()
        return drill.conclude()


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """An ext4 in a file, mounted; or a tmpfs where the machine lends no loop device."""
    image, place = folder / "disk.img", folder / "disk"
    place.mkdir()
    with image.open("wb") as file:
        file.truncate(DISK_MIB * 2**20)
    made = _does("mkfs.ext4", "-q", "-m", "0", image) and _does("mount", "-o", "loop", image, place)
    if not made and not _does("mount", "-t", "tmpfs", "-o", f"size={DISK_MIB}m", "tmpfs", place):
        raise WrongInput(f"{place}: nothing can be mounted here; start the drill on a machine of your own")
    try:
        yield place
    finally:
        _does("umount", "--lazy", place)


def _does(*command: object) -> bool:
    return subprocess.run([str(word) for word in command], capture_output=True, check=False).returncode == 0


class Drill:
    """A sink at work on the disk. `numbers` are the names of its events."""

    def __init__(self, disk: Path, chance: random.Random) -> None:
        self._disk = disk
        self._chance = chance
        self._names = count()
        self._submitted: dict[str, list[str]] = {"incident": [], "state": [], "telemetry": []}
        self._broken: list[str] = []
        self._rounds = self._stayed_full = 0
        self._crashes: list[BaseException] = []
        self._caps = OutboxConfig(max_bytes=32_000_000)
        self._outbox_file = disk / "agent" / "outbox.db"
        self._origin = Origin("kerb-1", "r", "b", "", "0", lambda: Clock(mono_s=time.monotonic(), boot="b", synced=True))
        self._unstored = 0
        self._sink = self._start()

    def _start(self) -> EventSink:
        outbox = Outbox.open(self._outbox_file, self._origin, self._caps)
        sink = EventSink(outbox, NOWHERE, self._origin, self._crashes.append)
        sink.start()
        return sink

    def round(self) -> None:
        self._rounds += 1
        self._work_until(time.monotonic() + 1.0)
        with hungry_neighbour(self._disk / "ballast"):
            self._work_until(time.monotonic() + 1.0)
        if self._rounds % 2 == 0 and not self._crashes:
            self._restart()
        with hungry_neighbour(self._disk / "ballast"):
            self._work_until(time.monotonic() + FULL_S)
            self._stayed_full += self._sink.stats().outbox.disk_full
        (self._disk / "ballast").unlink()
        limit_s = time.monotonic() + HEALS_WITHIN_S
        self._work_until(limit_s, lambda: not self._sink.stats().outbox.disk_full)
        if self._sink.stats().outbox.disk_full:
            self._broken.append(f"round {self._rounds}: with room again the disk was called full for {HEALS_WITHIN_S} s")

    def _restart(self) -> None:
        """On the full disk. What waits in memory ends with a process, and is counted."""
        self._close()
        self._sink = self._start()

    def _close(self) -> None:
        with suppress(SinkStopped):
            self._sink.close(0.0)
        self._unstored += self._sink.stats().unstored

    def conclude(self) -> Verdict:
        if self._crashes:
            self._broken.append(f"the sink crashed: {self._crashes[0]!r}")
        self._close()
        if not self._outbox_file.with_name("outbox.db.reserve").exists():
            self._broken.append("the reserve was not made again")
        outbox = Outbox.open(self._outbox_file, self._origin, self._caps)
        waiting = read(payload for (payload,) in outbox._connection.execute("SELECT payload FROM messages").fetchall())
        given = outbox.stats().committed
        outbox.close()
        self._check_faults(waiting)
        there = {body.incident for body in waiting.values() if isinstance(body, IncidentData)}
        missing = set(self._submitted["incident"]) - there
        names = [name for body in waiting.values() if (name := getattr(body, "incident", body.run)) and not is_own(body)]
        total = sum(map(len, self._submitted.values()))
        return Verdict(
            lost=max(0, len(missing) - self._unstored) + unnamed(waiting, given), duplicated=len(names) - len(set(names)),
            broken=tuple(self._broken),
            figures={
                "rounds": self._rounds, "of them full to the end": self._stayed_full, "events submitted": total,
                "incidents among them": len(self._submitted["incident"]), "waiting in the end": len(waiting),
                "named by lost notices": sum(given.values()) - len(waiting), "dropped and counted": self._unstored,
            },
        )  # fmt: skip

    def _work_until(self, end_s: float, done: Callable[[], bool] = lambda: False) -> None:
        """About 100 events a second, every fifth an incident."""
        while time.monotonic() < end_s and not done() and not self._crashes:
            event_class = self._chance.choice(("incident", "state", "telemetry", "telemetry", "telemetry"))
            name = f"event {next(self._names)}"
            self._submitted[event_class].append(name)
            self._sink.submit([sample(event_class, name, self._chance.choice((0, 300, 4000)))])  # type: ignore[arg-type]
            time.sleep(0.01)

    def _check_faults(self, waiting: Any) -> None:
        phases = [body.phase for body in waiting.values() if is_own(body) and isinstance(body, IncidentData)]
        if not phases.count("new") >= self._rounds:  # one that was open at a restart nobody ends: the collector does
            self._broken.append(f"in {self._rounds} rounds a full disk was told {phases.count('new')} times")
        if phases.count("end") < self._rounds - self._rounds // 2:
            self._broken.append(f"in {self._rounds} rounds the end was told {phases.count('end')} times")


def is_own(body: Any) -> bool:
    """The outbox says it itself."""
    return isinstance(body, LostData) or getattr(body, "kind", "") == "device_fault"


@contextmanager
def hungry_neighbour(ballast: Path) -> Iterator[None]:
    """Another program, which takes every byte that is free or becomes so."""
    stop = threading.Event()

    def eat() -> None:
        with ballast.open("ab", buffering=0) as file:
            while not stop.wait(0.02):
                for size in (2**20, 4096, 512):
                    with suppress(OSError):
                        while file.write(bytes(size)) == size and not stop.is_set():
                            pass

    thread = threading.Thread(target=eat)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
