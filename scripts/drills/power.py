"""Power cuts under the outbox: a disk in memory drops or tears what was not synchronised, at a random call, and comes back.

One history after the other: events are appended, acknowledged, shed for room and for age, streams forked, the outbox closed
and opened; at some call of SQLite's to the disk the power goes. After each cut `integrity_check` must say ok, every event
whose append had returned must be there (or acknowledged, or named by a `lost` notice), none twice, and no number may stand
for two messages.
"""

import argparse
import random
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count

from edge_agent.config import OutboxConfig
from edge_agent.core.delivery import Delete
from edge_agent.core.outgoing import Outgoing
from edge_agent.sinks.origin import Origin
from edge_agent.sinks.outbox import Outbox
from edge_agent.sinks.shedding import Loss
from edge_agent.sinks.shelf import Shelf
from event_contract.kinds import EVENT_CLASSES, EventClass
from event_contract.messages import Body, Clock, HealthData, IncidentData, TrafficMinuteData
from scripts.drills.crash_disk import Disk, PowerCut
from scripts.drills.crash_vfs import CrashConnection, CrashVfs
from scripts.drills.power_history import History, note, read
from scripts.drills.verdict import Verdict

TIME = "2026-03-02T00:15:31.240Z"
CUTS, QUICK_CUTS = 1000, 120
CUTS_A_HISTORY = 20
CAPS_BYTES = (260_000, 400_000, 4_000_000)  # the smaller ones are full within one history
BULKS = (0, 0, 300, 3000, 15_000)
CALLS_BETWEEN = (15, 150, 600)  # on average, between two cuts


class SilentShelf(Shelf):
    """A mutant: it sheds and says nothing."""

    def lose(self, *losses: Loss, shed: bool = False) -> None:
        if shed:
            self.pending -= sum(loss.last - loss.first + 1 for loss in losses)
        else:
            super().lose(*losses)


class SilentOutbox(Outbox):
    shelf = SilentShelf


MUTANTS: dict[str, tuple[type[Outbox], str]] = {
    "none": (Outbox, "FULL"),
    "synchronous-normal": (Outbox, "NORMAL"),
    "shed-without-notice": (SilentOutbox, "FULL"),
}


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--cuts", type=int, help=f"power cuts; default {CUTS}, quick {QUICK_CUTS}")
    parser.add_argument("--mutant", choices=MUTANTS, default="none", help="break the outbox: the drill must FAIL")


def run(options: argparse.Namespace) -> Verdict:
    return cut_power(options.seed, options.cuts or (QUICK_CUTS if options.quick else CUTS), options.mutant)


def cut_power(seed: int, cuts: int, mutant: str = "none") -> Verdict:
    lives: list[Life] = []
    while (left := cuts - sum(life.cuts for life in lives)) > 0:
        lives.append(Life(random.Random(f"{seed}/{len(lives)}"), *MUTANTS[mutant]))
        lives[-1].live(min(CUTS_A_HISTORY, left))
    histories = [life.history for life in lives]
    return Verdict(
        lost=sum(len(history.lost) for history in histories),
        duplicated=sum(len(history.twice) for history in histories),
        broken=tuple(f"history {n}: {line}" for n, history in enumerate(histories) for line in history.broken)[:10],
        figures={
            "power cuts": sum(life.cuts for life in lives),
            "of them while opening": sum(life.cuts_opening for life in lives),
            "histories": len(lives),
            "messages committed": sum(sum(history.highest.values()) for history in histories),
            "acknowledged and deleted": sum(len(history.confirmed) for history in histories),
            "named by lost notices": sum(len(history.named) for history in histories),
            "forks": sum(life.forks for life in lives),
            "calls to the disk": sum(life.disk.calls for life in lives),
        },
    )


@dataclass(slots=True)
class Life:
    """One outbox file over many power cuts."""

    chance: random.Random
    kind: type[Outbox]
    synchronous: str
    disk: Disk = field(default_factory=Disk)
    history: History = field(default_factory=History)
    mono_s: float = 0.0
    cuts: int = 0
    cuts_opening: int = 0
    forks: int = 0
    numbers: Iterator[int] = field(default_factory=count)

    def live(self, cuts: int) -> None:
        """Until the power has gone so often; what the disk holds is looked at each time, and after each clean end."""
        caps = OutboxConfig(max_bytes=self.chance.choice(CAPS_BYTES), max_age_h=1.0)
        while self.cuts < cuts:
            self.disk.calls_left = int(self.chance.expovariate(1 / self.chance.choice(CALLS_BETWEEN)))
            try:
                with mounted(self.disk, self.synchronous) as connection:
                    self._work(connection, self._open(connection, caps))
            except PowerCut:
                self.cuts += 1
                self.disk.cut(self.chance)
            self.disk.calls_left = None
            self._check()

    def _open(self, connection: CrashConnection, caps: OutboxConfig) -> Outbox:
        origin = Origin("kerb-1", "r", "b", "", "0", self._clock, read_wall_s=lambda: 1_772_410_531.24)
        try:
            return self.kind(connection, origin, caps, new_stream=lambda: f"{self.chance.getrandbits(64):016x}")
        except PowerCut:
            self.cuts_opening += 1
            raise

    def _work(self, connection: CrashConnection, outbox: Outbox) -> None:
        while self.chance.random() > 0.01:
            match self.chance.randrange(20):
                case n if n < 10:
                    self._append(outbox)
                case n if n < 17:
                    self._acknowledge(outbox)
                case n if n < 19:
                    self.mono_s += self.chance.choice((10.0, 600.0, 2000.0))
                    outbox.expire()
                case _:
                    self._fork(connection, outbox)
        outbox.close()

    def _append(self, outbox: Outbox) -> None:
        event_class, bulk = self.chance.choice(EVENT_CLASSES), self.chance.choice(BULKS)
        outbox.append([sample(event_class, f"event {next(self.numbers)}", bulk) for _ in range(self.chance.randint(1, 8))])
        self.history.promise(outbox.stats().committed)

    def _acknowledge(self, outbox: Outbox) -> None:
        """What was handed out reaches the collector, and its answer comes back."""
        stream = self.chance.choice(outbox.streams()).stream
        seqs = outbox.pending(stream, 0, self.chance.choice((3, 30, 300)))[self.chance.randint(0, 2) :]
        self.history.send([outbox.payload(stream, seq) for seq in seqs])
        outbox.delete([Delete(stream, seq, seq) for seq in seqs])
        self.history.deleted()

    def _fork(self, connection: CrashConnection, outbox: Outbox) -> None:
        stream = self.chance.choice(outbox.streams()).stream
        payloads = read(payload for (payload,) in connection.execute("SELECT payload FROM messages").fetchall())
        self.history.moving = {note(body) for (of, _), body in payloads.items() if of == stream}
        outbox.fork(stream)
        self.history.look(connection)
        self.forks += 1

    def _check(self) -> None:
        """On a copy: a look closes the file, and life goes on with the write-ahead log that is there."""
        with mounted(self.disk.copy()) as connection:
            (said,) = connection.execute("PRAGMA integrity_check").fetchone()
            if said != "ok":
                self.history.broken.append(f"cut {self.cuts}: integrity_check: {said}")
            if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'tombstones'").fetchone():
                self.history.look(connection)

    def _clock(self) -> Clock:
        return Clock(mono_s=self.mono_s, boot="b", synced=True)


@contextmanager
def mounted(disk: Disk, synchronous: str = "FULL") -> Iterator[CrashConnection]:
    """SQLite on the disk. Without power a connection ends without a word."""
    vfs = CrashVfs(disk)
    try:
        connection = CrashConnection(vfs, "/outbox.db", synchronous)
        try:
            yield connection
        finally:
            with suppress(PowerCut):
                connection.close()
    finally:
        vfs.unregister()


def sample(event_class: EventClass, note: str, bulk: int) -> Outgoing:
    clock = Clock(mono_s=1.0, boot="b", synced=True)
    body: Body
    if event_class == "incident":
        body = IncidentData(
            kind="stopped_vehicle", phase="new", revision=1, incident=note, run="r", severity="high", confidence=0.9,
            started_at=TIME, updated_at=TIME, detail={"bulk": "x" * bulk}, clock=clock,
        )  # fmt: skip
    elif event_class == "state":
        body = TrafficMinuteData(run=note, camera="x" * bulk, from_=TIME, clock=clock)
    else:
        body = HealthData(run=note, uptime_s=1.0, clock=clock)
    return Outgoing(event_class, "north", TIME, body)
