"""Agents, broker and collectors in one thread under a seeded schedule; only threads, sockets and clocks are stood in for.

On the device the real courier works with the real outbox, in the city the real intake with the real store. Between them
lie packets: of which connection the next one comes is drawn by chance, and the broker may lose or repeat an event.
"""

import re
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random

import msgspec

from collector.core.delivery import Received
from collector.core.intake import Arrival, Bury, Commit, Confirm, Intake, Tell
from collector.store.event_store import EventStore
from edge_agent.config import BrokerConfig, OutboxConfig
from edge_agent.core.outgoing import Outgoing
from edge_agent.sinks import link
from edge_agent.sinks.courier import Courier
from edge_agent.sinks.origin import Origin
from edge_agent.sinks.outbox import Outbox
from event_contract import topics
from event_contract.kinds import EVENT_CLASSES, EventClass
from event_contract.messages import (
    Ack,
    Body,
    Clock,
    CollectorStatus,
    HealthData,
    IncidentData,
    LostData,
    TrafficMinuteData,
    encode,
)
from event_contract.times import format_time

EPOCH_S = 1_772_410_000.0
REFUSED = 0x97
NAME = re.compile(rb'"run":"event-(\d+)"')
ID = re.compile(rb'"id":"([^"/]+)/(\d+)"')


@dataclass(frozen=True, eq=False)
class Packet:
    """`loose`: the broker may lose, repeat or overtake it; everything else keeps the order of its connection."""

    sender: object
    receiver: object
    deliver: Callable[[], None]
    loose: bool


@dataclass
class World:
    """What is shared: chance, time, the packets on their way, and what was committed where."""

    chance: Random
    device: str
    store: EventStore
    packets: list[Packet] = field(default_factory=list)
    now_s: float = 1000.0
    wall_jump_s: float = 0.0  # of the collectors' clock
    made: int = 0  # events so far: the next one's name
    committed: set[int] = field(default_factory=set)

    @property
    def wall_s(self) -> float:
        return EPOCH_S + self.now_s + self.wall_jump_s

    def send(self, sender: object, receiver: object, deliver: Callable[[], None], loose: bool = False) -> None:
        self.packets.append(Packet(sender, receiver, deliver, loose))

    def drop(self, end: object, share: float = 1.0) -> None:
        """What is on its way from or to one end is gone, or a share of it."""
        self.packets = [
            packet for packet in self.packets
            if end not in (packet.sender, packet.receiver) or self.chance.random() >= share
        ]  # fmt: skip

    def deliver_one(self) -> None:
        """Any of the loose ones, or the oldest of some connection."""
        if self.packets:
            packet = self.chance.choice(self.packets)
            if not packet.loose:
                ends = packet.sender, packet.receiver
                packet = next(one for one in self.packets if (one.sender, one.receiver) == ends and not one.loose)
            self.packets.remove(packet)
            packet.deliver()

    def loosen(self, twice: bool) -> None:
        """The broker repeats one of the events and acknowledgements that it holds, or loses it."""
        loose = [packet for packet in self.packets if packet.loose]
        if loose:
            packet = self.chance.choice(loose)
            self.packets.append(packet) if twice else self.packets.remove(packet)


class Wire:
    """Stands in for `edge_agent.sinks.link.Link`: one connection of a device."""

    def __init__(self, broker: "Broker", epoch: int, will: bytes, put: link.PutInput) -> None:
        self.epoch, self.will, self.alive = epoch, will, True
        self._broker, self._put, self._mid = broker, put, 0
        self._send(lambda: broker.accept(self))

    def publish_event(self, topic: str, payload: bytes) -> int:
        self._mid += 1
        mid = self._mid
        self._send(lambda: self._broker.take(self, mid, topic, payload))
        return mid

    def publish_status(self, payload: bytes) -> int:
        self._send(lambda: self._broker.keep(topics.status(self._broker.world.device), payload))
        return 0

    def hear(self, happened: link.LinkInput) -> None:
        if self.alive:
            self._put(happened)

    def give_up(self, reason: str) -> None:
        """Part of what was sent before still arrives."""
        if self.alive:
            self.alive = False
            self._broker.world.drop(self, self._broker.world.chance.choice((0.0, 0.3, 1.0)))
            self._broker.ended(self)
            self._put(link.Ended(self.epoch, reason))

    def wait(self, timeout_s: float) -> None:
        """Nothing to wait for: it ends at once."""

    def _send(self, deliver: Callable[[], None]) -> None:
        self._broker.world.send(self, self._broker, deliver)


class Broker:
    """Confirms what it takes, and may lose it all the same; the collectors share the events."""

    def __init__(self, world: World, receive_maximum: int, collectors: int, collector_type: "type[Collector]") -> None:
        self.world = world
        self.receive_maximum = receive_maximum
        self.wire: Wire | None = None
        self.retained: dict[str, bytes] = {}
        self.collectors = [collector_type(self, f"c{number}") for number in range(collectors)]

    def open(self, config: BrokerConfig, device: str, epoch: int, will: bytes, put: link.PutInput) -> Wire:
        return Wire(self, epoch, will, put)

    def accept(self, wire: Wire) -> None:
        """A client id that is taken over ends the older connection, and nothing of that is read any more."""
        if not wire.alive:
            return
        if self.wire is not None:
            self.wire.give_up("taken over")
        self.wire = wire
        self.world.packets = [one for one in self.world.packets if not isinstance(one.sender, Wire) or one.sender is wire]
        self.world.send(self, wire, lambda: wire.hear(link.Connected(wire.epoch, self.receive_maximum)))
        for topic, payload in self.retained.items():
            if topic != topics.status(self.world.device):
                self.down(topic, payload, loose=False)

    def ended(self, wire: Wire) -> None:
        if wire is self.wire:
            self.wire = None
            self.keep(topics.status(self.world.device), wire.will)

    def take(self, wire: Wire, mid: int, topic: str, payload: bytes) -> None:
        code = REFUSED if self.world.chance.random() < 0.02 else 0
        self.world.send(self, wire, lambda: wire.hear(link.Puback(wire.epoch, mid, code, "quota exceeded")))
        if code == 0 and (online := [collector for collector in self.collectors if collector.up]):
            self.forward(self.world.chance.choice(online), topic, payload, loose=True)

    def keep(self, topic: str, payload: bytes) -> None:
        """A retained message: of the device for every collector, of a collector for the device."""
        self.retained[topic] = payload
        if topic == topics.status(self.world.device):
            for collector in self.collectors:
                self.forward(collector, topic, payload, loose=False)
        else:
            self.down(topic, payload, loose=False)

    def down(self, topic: str, payload: bytes, loose: bool) -> None:
        if wire := self.wire:
            self.world.send(self, wire, lambda: wire.hear(link.Received(wire.epoch, topic, payload)), loose)

    def forward(self, collector: "Collector", topic: str, payload: bytes, loose: bool) -> None:
        if collector.up:
            self.world.send(self, collector, lambda: collector.arrive(topic, payload), loose)

    def die(self) -> None:
        """It comes back at once, remembers nothing, and the collectors are soon with it again."""
        if self.wire is not None:
            self.wire.give_up("connection lost")
        self.retained.clear()
        self.world.drop(self)
        for collector in self.collectors:
            collector.announce()


class Collector:
    """`busy_until_s`: its database takes nothing before."""

    def __init__(self, broker: Broker, instance: str) -> None:
        self.broker, self.instance = broker, instance
        self.up = True
        self.busy_until_s = 0.0
        self.intake: Intake[object] = Intake()
        self.announce()

    def announce(self) -> None:
        status = encode(CollectorStatus(online=self.up, instance=self.instance))
        self.broker.world.send(self, self.broker, lambda: self.broker.keep(topics.collector_status(self.instance), status))

    def start(self) -> None:
        self.up = True
        self.announce()
        if birth := self.broker.retained.get(topics.status(self.broker.world.device)):
            self.broker.forward(self, topics.status(self.broker.world.device), birth, loose=False)

    def die(self) -> None:
        """What it has not committed is gone, and what was on its way to it; the broker gives out the will."""
        self.up, self.intake = False, Intake()
        self.broker.world.packets = [one for one in self.broker.world.packets if one.receiver is not self]
        self.announce()

    def arrive(self, topic: str, payload: bytes) -> None:
        if self.up:
            self.intake.arrived([Arrival(self, 0, 1, Received(topic, payload, self.broker.world.wall_s))])

    def work(self, dies: bool = False) -> None:
        """A turn of its writer; `dies`: killed between a commit and its answers."""
        world = self.broker.world
        while self.up and (work := self.intake.work(world.now_s)):
            if world.now_s < self.busy_until_s:
                self.intake.unavailable(world.now_s)
                return
            acks = self.commit(work)
            if dies:
                self.die()
            else:
                for action in self.intake.committed(acks):
                    self.perform(action)

    def commit(self, work: Commit | Bury) -> Sequence[tuple[str, Ack]]:
        store = self.broker.world.store
        return (store.commit(work.batch) if isinstance(work, Commit) else store.bury(work.received, work.reason)).acks

    def perform(self, action: Tell[object] | Confirm[object]) -> None:
        if isinstance(action, Tell):
            self.tell(action.device, action.ack)

    def tell(self, device: str, ack: Ack) -> None:
        topic, payload = topics.ack(device), encode(ack)
        self.broker.world.send(self, self.broker, lambda: self.broker.down(topic, payload, loose=True), loose=True)


class Agent:
    """A card with an outbox, and the process that works with it. `meaning`: which event a number of this card stands for."""

    def __init__(
        self, broker: Broker, name: str, caps: OutboxConfig, courier: type[Courier] = Courier, card: bytes | None = None
    ) -> None:
        self.broker, self.name, self.caps, self.courier_type = broker, name, caps, courier
        self.card = sqlite3.connect(":memory:", isolation_level=None)
        if card is not None:
            self.card.deserialize(card)
        self.meaning: dict[tuple[str, int], int] = {}
        self.lives = 0
        self.boot(reboot=True)

    def boot(self, reboot: bool) -> None:
        """A new process. With the device the monotonic clock starts anew, and wall time may be anything."""
        broker, world = self.broker, self.broker.world
        if reboot:
            self.mono_zero_s = world.now_s - world.chance.uniform(1, 100)
            self.wall_off_s = world.chance.choice((0.0, 0.0, -EPOCH_S, -3 * 86_400.0, 86_400.0))
        self.lives += 1
        self.inbox: list[link.LinkInput] = []
        run, boot = f"{self.name}.{self.lives}", f"{self.name}@{self.mono_zero_s:.3f}"
        self.origin = Origin(world.device, run, boot, "qn", "0", self.read_clock, read_wall_s=self.read_wall_s)
        self.outbox = Outbox(self.card, self.origin, self.caps)
        config = BrokerConfig(first_wait_s=0.2, max_wait_s=1.0)
        self.courier = self.courier_type(self.outbox, config, self.origin, self.inbox_put(), Random(self.lives), broker.open)

    def inbox_put(self) -> link.PutInput:
        """What a killed process would have heard, nobody hears."""
        inbox = self.inbox

        def put(happened: link.LinkInput) -> bool:
            inbox.append(happened)
            return True

        return put

    def read_clock(self) -> Clock:
        mono_s = self.broker.world.now_s - self.mono_zero_s
        return Clock(mono_s=round(mono_s, 3), boot=f"{self.name}@{self.mono_zero_s:.3f}", synced=self.wall_off_s == 0)

    def read_wall_s(self) -> float:
        return max(1.0, EPOCH_S + self.broker.world.now_s + self.wall_off_s)

    def commit(self, events: list[tuple[EventClass, int]], bulk: int = 0) -> None:
        """Events by class and name."""
        before = self.outbox.stats().committed
        self.courier.commit([self.outgoing(event_class, name, bulk) for event_class, name in events])
        self.broker.world.committed |= {name for _, name in events}
        self.learn()
        self.learn_shed(before, events)

    def outgoing(self, event_class: EventClass, name: int, bulk: int) -> Outgoing:
        now, clock, run = format_time(self.read_wall_s()), self.read_clock(), f"event-{name}"
        body: Body
        match event_class:
            case "incident":
                body = IncidentData(
                    kind="wrong_way", phase="new", revision=1, incident=run, run=run, severity="high", confidence=0.9,
                    started_at=now, updated_at=now, detail={"bulk": "x" * bulk}, clock=clock,
                )  # fmt: skip
            case "state":
                body = TrafficMinuteData(run=run, camera="x" * bulk, from_=now, clock=clock)
            case "telemetry":
                body = HealthData(run=run, uptime_s=1.0, clock=clock)
        return Outgoing(event_class, "north", now, body)

    def waiting_names(self) -> list[int]:
        rows = self.card.execute("SELECT payload FROM messages WHERE notice = 0").fetchall()
        return [int(name[1]) for (payload,) in rows if (name := NAME.search(payload))]

    def learn(self) -> None:
        """Which event each waiting number stands for; forks give them new ones."""
        for (payload,) in self.card.execute("SELECT payload FROM messages WHERE notice = 0"):
            name, key = NAME.search(payload), ID.search(payload)
            assert name and key
            self.meaning[key[1].decode(), int(key[2])] = int(name[1])

    def learn_shed(self, before: dict[str, int], events: list[tuple[EventClass, int]]) -> None:
        """What was shed as it came has numbers that no message bears."""
        after = {birth.event_class: (birth.stream, birth.highest) for birth in self.outbox.streams()}
        for event_class in EVENT_CLASSES:
            stream, highest = after[event_class]
            known = {name for (of, _), name in self.meaning.items() if of == stream}
            notices = {int(key[2]) for (payload,) in self.card.execute("SELECT payload FROM messages WHERE notice = 1")
                       if (key := ID.search(payload)) and key[1].decode() == stream}  # fmt: skip
            numbers = range(before.get(stream, 0) + 1, highest + 1)
            unborn = [seq for seq in numbers if (stream, seq) not in self.meaning and seq not in notices]
            unseen = [name for of, name in events if of == event_class and name not in known]
            self.meaning.update(((stream, seq), name) for seq, name in zip(unborn, unseen, strict=True))

    def die(self, reboot: bool = False) -> None:
        self.hang_up()
        self.boot(reboot)

    def hang_up(self) -> None:
        if (wire := self.courier._link) is not None:
            wire.give_up("killed")

    def work(self) -> None:
        heard = self.inbox[:]
        self.inbox.clear()
        for happened in heard:
            self.courier.take(happened, self.broker.world.now_s)
        self.courier.work(self.broker.world.now_s)
        self.learn()

    @property
    def waiting(self) -> int:
        return int(self.card.execute("SELECT count(*) FROM messages").fetchone()[0])

    def named_lost(self, notices: list[LostData]) -> set[int]:
        """The events that notices of this card name."""
        mine = [notice for notice in notices if notice.run.startswith(f"{self.name}.") and notice.reason != "forked"]
        return {self.meaning[notice.stream, seq] for notice in mine for seq in range(notice.first, notice.last + 1)}


def stored(rows: list[bytes]) -> tuple[list[int], list[LostData]]:
    """What the store holds: names of events, and the notices."""
    names = [int(name[1]) for row in rows if (name := NAME.search(row))]
    notices = [msgspec.json.decode(msgspec.json.encode(data), type=LostData) for row in rows
               if (data := msgspec.json.decode(row)["data"])["kind"] == "lost"]  # fmt: skip
    return names, notices
