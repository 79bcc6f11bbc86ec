"""A broker and collectors in one thread under a seeded schedule; only threads, sockets and clocks are stood in for.

In the city the real intake works with the real store, on the device (simulated_agent.py) the real courier with the real outbox.
Between them lie packets: of which connection the next one comes is drawn by chance, and the broker may lose or repeat an event.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random

from collector.core.delivery import Received
from collector.core.intake import Arrival, Bury, Commit, Confirm, Intake, Tell
from collector.store.event_store import EventStore
from edge_agent.config import BrokerConfig
from edge_agent.sinks import link
from event_contract import topics
from event_contract.messages import Ack, encode
from event_contract.presence import CollectorStatus

EPOCH_S = 1_772_410_000.0
REFUSED = 0x97
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
