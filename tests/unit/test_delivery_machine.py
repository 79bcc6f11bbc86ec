"""Delivery under any schedule of loss, repetition, delay, refusal, reconnect, shedding and fork.

Whatever happened: once the world is calm, the collector holds everything that was committed and not shed, and nothing
was deleted that it did not hold. The network here is a stand-in; the protocol is the real one.
"""

import os
from collections.abc import Sequence
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from edge_agent.core.delivery import Action, Delete, Delivery, Fork, Publish, PublishBirth, Reconnect, as_ranges
from event_contract.kinds import EVENT_CLASSES, EventClass
from event_contract.messages import Ack
from event_contract.presence import CollectorStatus

Key = tuple[str, int]
CLASSES = st.sampled_from(EVENT_CLASSES)
INDEX = st.integers(0, 200)
QUOTA_FOR_BIRTH = 2


class DeliveryMachine(RuleBasedStateMachine):
    """The device's outbox, the broker's memory, the collector's store, and the wires between them."""

    @initialize(receive_maximum=st.sampled_from([3, 20, 65535]), taken=st.integers(0, 3))
    def begin(self, receive_maximum: int, taken: int) -> None:
        self.streams: dict[EventClass, str] = {event_class: event_class for event_class in EVENT_CLASSES}
        self.waiting: dict[str, list[int]] = {stream: [] for stream in self.streams.values()}
        self.highest = dict.fromkeys(self.waiting, 0)
        self.meaning: dict[Key, str] = {}  # what each number stands for, over forks too
        self.sent: dict[Key, str] = {}
        self.excused: set[str] = set()  # shed: a notice would name them
        self.stored: set[Key] = set()
        self.bodies: list[str] = []  # what the store holds of ours, event by event
        # Numbers under which the store holds what another card sent.
        self.foreign = {(stream, seq) for stream in self.waiting for seq in range(1, taken + 1)}
        self.forked_streams: set[str] = set()
        self.stored_first: set[str] = set()  # stored before the fork of their stream was seen, their answer perhaps lost
        self.core = Delivery(self.streams)
        self.receive_maximum = receive_maximum
        self.now_s = 0.0
        self.epoch = 0
        self.connected = self.collector_up = False
        self.unconfirmed: list[Key] = []
        self.in_broker: list[Key] = []
        self.acks: list[Ack] = []
        self.last_published: dict[str, int] = {}

    # What the driver of the core does

    def perform(self, actions: Sequence[Action]) -> None:
        for action in actions:
            match action:
                case Publish(_, stream, seq):
                    self.publish(stream, seq)
                case Delete(stream, first, last):
                    gone = [seq for seq in self.waiting[stream] if first <= seq <= last]
                    assert {(stream, seq) for seq in gone} <= self.stored, "deleted before the collector held it"
                    self.waiting[stream] = [seq for seq in self.waiting[stream] if seq not in gone]
                case Fork(stream):
                    self.fork(stream)
                case Reconnect():
                    self.cut()
                    self.connect()
                case PublishBirth():
                    assert self.connected

    def publish(self, stream: str, seq: int) -> None:
        assert self.connected and self.collector_up
        if seq not in self.waiting[stream]:
            self.core.gone(stream, seq)
            return
        self.unconfirmed.append((stream, seq))
        self.sent[stream, seq] = self.meaning[stream, seq]
        self.in_broker.append((stream, seq))

    def fork(self, stream: str) -> None:
        event_class = next(event_class for event_class, current in self.streams.items() if current == stream)
        new = f"{stream}'"
        self.waiting[new], self.highest[new] = [], 0
        for seq in self.waiting.pop(stream):
            self.highest[new] += 1
            self.meaning[new, self.highest[new]] = self.meaning.pop((stream, seq))
            self.waiting[new].append(self.highest[new])
        self.streams[event_class] = new
        self.perform(self.core.forked(stream, new))

    def work(self) -> None:
        self.perform(self.core.tick(self.now_s))
        while fetch := self.core.wanted(self.now_s):
            seqs = [seq for seq in self.waiting[fetch.stream] if seq > fetch.after][: fetch.limit]
            self.perform(self.core.fetched(fetch, seqs, self.now_s))

    # What happens to it

    @rule(event_class=CLASSES, count=st.integers(1, 60))
    def commit(self, event_class: Any, count: int) -> None:
        stream = self.streams[event_class]
        for _ in range(count):
            self.highest[stream] += 1
            self.meaning[stream, self.highest[stream]] = f"{stream}/{self.highest[stream]}"
            self.waiting[stream].append(self.highest[stream])
        self.core.appended()
        self.work()

    @rule()
    def connect(self) -> None:
        self.epoch += 1
        self.connected = True
        self.unconfirmed, self.in_broker = [], []
        self.perform(self.core.connected(self.epoch, self.receive_maximum))
        self.tell_status(self.collector_up)
        self.work()

    @rule()
    def cut(self) -> None:
        self.connected = False
        self.unconfirmed, self.in_broker = [], []
        self.core.disconnected(self.epoch)
        self.work()

    @rule(up=st.booleans())
    def collector(self, up: bool) -> None:
        """What the broker holds for a collector that dies is gone."""
        self.collector_up = up
        self.in_broker = self.in_broker if up else []
        self.tell_status(up)
        self.work()

    def tell_status(self, up: bool) -> None:
        if self.connected:
            self.core.collector_status(self.epoch, CollectorStatus(online=up, instance="c1"))

    @rule(index=INDEX, reason_code=st.sampled_from([0, 0, 0, 0x10, 0x87, 0x97]), late=st.booleans())
    def confirm(self, index: int, reason_code: int, late: bool) -> None:
        """In any order; a refused message never reaches the collector."""
        if self.unconfirmed:
            key = self.unconfirmed.pop(index % len(self.unconfirmed))
            if reason_code >= 0x80 and key in self.in_broker:
                self.in_broker.remove(key)
            self.core.puback(self.epoch, *key, reason_code, self.now_s)
        if late:
            self.core.puback(self.epoch - 1, "incident", 1, 0x87, self.now_s)
        self.work()

    @rule(index=INDEX)
    def broker_drops(self, index: int) -> None:
        if self.in_broker:
            self.in_broker.pop(index % len(self.in_broker))

    @rule(index=INDEX, count=st.integers(1, 30), twice=st.booleans())
    def collector_commits(self, index: int, count: int, twice: bool) -> None:
        """A commit of whatever messages, its acknowledgement on the way, perhaps twice."""
        if not self.collector_up:
            return
        for stream in sorted({stream for stream, _ in self.in_broker}):
            seqs = sorted({seq for of, seq in self.in_broker if of == stream})[index % 7 :][:count]
            self.in_broker = [key for key in self.in_broker if key[0] != stream or key[1] not in seqs]
            self.acks += [self.store(stream, seqs)] * (1 + twice)

    def store(self, stream: str, seqs: Sequence[int]) -> Ack:
        """What the collector holds is a duplicate; of a forked stream it stores nothing else."""
        held = []
        forked = False
        for seq in seqs:
            if (stream, seq) not in self.stored and ((stream, seq) in self.foreign or stream in self.forked_streams):
                forked = True
                if stream not in self.forked_streams:
                    self.forked_streams.add(stream)
                    self.stored_first |= {self.meaning.get(key, "") for key in self.stored if key[0] == stream}
                continue
            if (stream, seq) not in self.stored:
                self.stored.add((stream, seq))
                self.bodies.append(self.sent[stream, seq])
            held.append(seq)
        return Ack(stream=stream, ranges=tuple(as_ranges(held)), forked=forked)

    @rule(index=INDEX, arrives=st.booleans())
    def acknowledgement(self, index: int, arrives: bool) -> None:
        """In any order, lost, or long after the connection it was meant for."""
        if self.acks:
            ack = self.acks.pop(index % len(self.acks))
            if arrives and self.connected:
                self.perform(self.core.acknowledged(ack, self.now_s))
                self.work()

    @rule(event_class=CLASSES, ahead=st.integers(1, 30))
    def card_is_restored(self, event_class: Any, ahead: int) -> None:
        """Another life of this card has sent numbers that are still to be given out here."""
        stream = self.streams[event_class]
        of_stream = [seq for name, seq in self.stored if name == stream]
        first = max([self.highest[stream], *of_stream]) + 1
        self.foreign |= {(stream, seq) for seq in range(first, first + ahead)}

    @rule(event_class=CLASSES, count=st.integers(1, 30))
    def shed(self, event_class: Any, count: int) -> None:
        stream = self.streams[event_class]
        self.excused |= {self.meaning[stream, seq] for seq in self.waiting[stream][:count]}
        self.waiting[stream] = self.waiting[stream][count:]

    @rule(seconds=st.sampled_from([0.5, 5.0, 31.0, 90.0]))
    def time_passes(self, seconds: float) -> None:
        self.now_s += seconds
        self.work()

    # What always holds

    @invariant()
    def the_window_is_kept(self) -> None:
        if hasattr(self, "core"):
            assert self.core.in_flight <= 100
            assert len(self.unconfirmed) <= max(1, self.receive_maximum - QUOTA_FOR_BIRTH)

    def teardown(self) -> None:
        """Calm: everything works again, and in a while nothing waits any more."""
        if not hasattr(self, "core"):
            return
        self.collector_up = True
        self.connect()
        for _ in range(60 + sum(map(len, self.waiting.values()))):
            while self.unconfirmed:
                self.core.puback(self.epoch, *self.unconfirmed.pop(0), 0, self.now_s)
            self.collector_commits(0, 1000, False)
            while self.acks:
                self.perform(self.core.acknowledged(self.acks.pop(0), self.now_s))
            self.work()
            self.now_s += 31.0
        assert not any(self.waiting.values()), "something waits for ever"
        assert set(self.meaning.values()) <= set(self.bodies) | self.excused
        once = [body for body in self.bodies if body not in self.stored_first]
        assert len(once) == len(set(once)), "stored twice"


DeliveryTest = DeliveryMachine.TestCase
DeliveryTest.settings = settings(
    max_examples=int(os.environ.get("EXAMPLES", "150")), stateful_step_count=50, deadline=None, print_blob=True
)
