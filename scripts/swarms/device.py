"""One simulated device: the agent's own outbox and courier, fed by a schedule; and the record of what became of its events."""

import time
from array import array
from collections import Counter
from dataclasses import dataclass, field
from math import floor
from random import Random

import msgspec

from edge_agent.config import BrokerConfig
from edge_agent.core.outgoing import Outgoing
from edge_agent.sinks.clock import boot_id, read_clock
from edge_agent.sinks.courier import Courier
from edge_agent.sinks.link import Connected, Ended, LinkInput, Received
from edge_agent.sinks.origin import Origin
from edge_agent.sinks.outbox import Outbox
from event_contract import topics
from event_contract.kinds import EventClass
from event_contract.messages import Ack
from event_contract.times import format_time
from scripts.swarms.traffic import Due, Outage, Outages, Pattern, event, outages, schedule
from scripts.swarms.wires import Wires

TURN_S = 1.0  # the longest pause between two turns; the agent's own is half of it


@dataclass(slots=True)
class Record:
    """What all devices of a process have seen, in monotonic seconds. Latency: from the commit here to the acknowledgement."""

    committed_at_s: "array[float]" = field(default_factory=lambda: array("d"))
    latency_s: "array[float]" = field(default_factory=lambda: array("f"))
    connected_at_s: list[float] = field(default_factory=list)
    absences: list["Absence"] = field(default_factory=list)
    committed: int = 0
    online: int = 0


@dataclass(frozen=True, slots=True)
class Absence:
    """A connection was lost and came back; `failures` attempts in between failed. `steady`: it had lasted long enough for the
    waits to begin anew."""

    device: str
    lost_at_s: float
    back_at_s: float
    failures: int
    steady: bool


@dataclass(frozen=True, slots=True)
class History:
    """What a device has promised to deliver: stream -> highest number given; `named` of them it wrote a notice for."""

    device: str
    committed: dict[str, int]
    pending: int
    lost: int
    resent: int
    refused: int


def origin_of(name: str, run: str) -> Origin:
    boot = boot_id()
    return Origin(name, run, boot, "swarm", "swarm", lambda: read_clock(boot))


class Device:
    """`begin_s` is when its schedule's time is 0. `ready` is told that something has come for it."""

    def __init__(
        self, origin: Origin, outbox: Outbox, broker: BrokerConfig, wires: Wires, ready: "set[Device]", record: Record,
        seed: str,
    ) -> None:  # fmt: skip
        chance = Random(seed)
        self.name = origin.device
        self._origin, self._outbox, self._wires, self._ready, self._record = origin, outbox, wires, ready, record
        self._courier = Courier(outbox, broker, origin, self._put, chance, wires.open)
        self._chance = chance
        self._inbox: list[LinkInput] = []
        self._streams: dict[EventClass, str] = {birth.event_class: birth.stream for birth in outbox.streams()}
        self._given: Counter[EventClass] = Counter()
        self._committed_at_s: dict[tuple[str, int], float] = {}
        self._connected_at_s = self._lost_at_s = 0.0
        self._failures = 0

    def begin(self, begin_s: float, pattern: Pattern, asked: Outages) -> None:
        self._begin_s = self._turn_at_s = begin_s
        self._schedule, self._outages = schedule(pattern, self._chance), outages(asked, self._chance)
        self._due: Due | None = next(self._schedule)
        self._outage: Outage | None = next(self._outages, None)

    def end_of_events(self) -> None:
        self._due = None
        if self._outage is not None:
            self._wires.give_network(self.name)
            self._outage = None

    def work(self) -> float:
        """Take what has come, say what is due, deliver. Returns when it must be called again at the latest."""
        now_s = time.monotonic()
        inbox, self._inbox = self._inbox, []
        for happened in inbox:
            self._courier.take(happened, now_s)
        self._lose_network(now_s - self._begin_s)
        self._commit_due(now_s)
        self._courier.work(now_s)
        due_s = self._begin_s + self._due.at_s if self._due else float("inf")
        # Each keeps its own beat: after a moment in which the process stood still they do not all turn, and connect, as one.
        self._turn_at_s += TURN_S * max(0, floor((now_s - self._turn_at_s) / TURN_S) + 1)
        return min(due_s, self._turn_at_s)

    def history(self) -> History:
        outbox, link = self._outbox.stats(), self._courier.stats()
        return History(self.name, outbox.committed, outbox.pending, outbox.lost, link.resent, link.refused)

    def close(self) -> None:
        self._courier.say_goodbye(0)
        self._outbox.close()

    def _commit_due(self, now_s: float) -> None:
        events: list[Outgoing] = []
        while self._due and self._begin_s + self._due.at_s <= now_s:
            event_class = self._due.event_class
            self._given[event_class] += 1
            mark = f"{self._origin.run}-{event_class}-{self._given[event_class]}"
            events.append(event(event_class, mark, format_time(time.time()), self._origin.read_clock()))
            self._due = next(self._schedule)
        if not events:
            return
        self._courier.commit(events)
        committed_at_s = time.monotonic()
        counts = Counter(one.event_class for one in events)
        for event_class, count in counts.items():
            last = self._given[event_class]
            for seq in range(last - count + 1, last + 1):
                self._committed_at_s[self._streams[event_class], seq] = committed_at_s
        self._record.committed += len(events)

    def _lose_network(self, elapsed_s: float) -> None:
        if self._outage is None:
            return
        if elapsed_s >= self._outage.to_s:
            self._wires.give_network(self.name)
            self._outage = next(self._outages)
        elif elapsed_s >= self._outage.from_s and self.name not in self._wires.unreachable:
            self._wires.take_network(self.name, silently=self._outage.silently)

    def _put(self, happened: LinkInput) -> bool:
        self._inbox.append(happened)
        self._ready.add(self)
        match happened:
            case Received(topic=topic, payload=payload) if topic == topics.ack(self.name):
                self._note_acknowledged(msgspec.json.decode(payload, type=Ack))
            case Connected():
                self._note_connected()
            case Ended():
                self._note_ended()
        return True

    def _note_acknowledged(self, ack: Ack) -> None:
        now_s = time.monotonic()
        for first, last in ack.ranges:
            for seq in range(first, last + 1):
                committed_at_s = self._committed_at_s.pop((ack.stream, seq), None)
                if committed_at_s is not None:
                    self._record.committed_at_s.append(committed_at_s)
                    self._record.latency_s.append(now_s - committed_at_s)

    def _note_connected(self) -> None:
        now_s = time.monotonic()
        if self._lost_at_s:
            steady = self._lost_at_s - self._connected_at_s >= 10.0
            self._record.absences.append(Absence(self.name, self._lost_at_s, now_s, self._failures, steady))
        self._connected_at_s, self._lost_at_s, self._failures = now_s, 0.0, 0
        self._record.connected_at_s.append(now_s)
        self._record.online += 1

    def _note_ended(self) -> None:
        if self._connected_at_s and not self._lost_at_s:
            self._lost_at_s = time.monotonic()
            self._record.online -= 1
        else:
            self._failures += 1
