"""Outbox, delivery protocol and link, brought together. For one thread; nothing here waits.

Every connection begins with clean start and session expiry 0: no broker's memory is relied on. What is retained (the
birth, and the will that names run and connection) is published at every connect.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import Protocol
from zlib import crc32

import msgspec

from edge_agent.config import BrokerConfig
from edge_agent.core.backoff import reconnect_wait_s
from edge_agent.core.delivery import FAILURE_CODE, Action, Delete, Delivery, Fork, Publish, PublishBirth, Reconnect, as_ranges
from edge_agent.core.outgoing import Outgoing
from edge_agent.sinks.link import Connected, Ended, Link, LinkInput, Puback, PutInput, Received
from edge_agent.sinks.origin import Origin
from edge_agent.sinks.outbox import Outbox
from edge_agent.sinks.outbox_file import OutboxFull
from event_contract import topics
from event_contract.messages import Ack, encode
from event_contract.presence import Birth, CollectorStatus, Will

STABLE_S = 10.0  # a connection that lasted so long starts the waits from the first again
EXPIRE_EVERY_S = 10.0


@dataclass(frozen=True, slots=True)
class LinkStats:
    """`text` tells the state in words. `refused`: publishes the broker refused; `unreadable`: messages nobody could read."""

    connected: bool
    collector_online: bool
    text: str
    connections: int
    resent: int
    refused: int
    unreadable: int


class Connection(Protocol):
    """What is asked of a link. `alive` until it has ended and said so; then it is replaced."""

    @property
    def alive(self) -> bool: ...
    def publish_event(self, topic: str, payload: bytes) -> int: ...
    def publish_status(self, payload: bytes) -> int: ...
    def publish_response(self, payload: bytes) -> int: ...
    def give_up(self, reason: str) -> None: ...
    def wait(self, timeout_s: float) -> None: ...


OpenLink = Callable[[BrokerConfig, str, int, bytes, PutInput], Connection]


class Courier:
    """`put` is where links leave what happened, for `take`. `open_link` takes what `Link` does; a swarm brings its own.
    `on_command` hears what a collector asks for; it raises ValueError for what it cannot read. Without it nobody listens."""

    def __init__(
        self,
        outbox: Outbox,
        broker: BrokerConfig,
        origin: Origin,
        put: PutInput,
        random: Random,
        open_link: OpenLink | None = None,
        on_command: Callable[[bytes], None] | None = None,
    ) -> None:
        self._outbox = outbox
        self._broker = broker
        self._origin = origin
        self._put = put
        self._random = random
        self._core = Delivery({birth.event_class: birth.stream for birth in outbox.streams()})
        self._acknowledged: list[Delete] = []
        self._open_link: OpenLink = open_link or partial(Link, commands=on_command is not None)
        self._on_command = on_command
        self._link: Connection | None = None
        self._sent: dict[int, tuple[str, int]] = {}  # packet identifier on this link -> message
        self._checks: dict[tuple[str, int], int] = {}  # of the bytes of what was sent on it
        self._epoch = 0
        self._connected_at_s: float | None = None
        self._failures = 0
        self._retry_at_s = 0.0
        self._expire_at_s = 0.0
        self._text = "not connected yet"
        self._unreadable = 0

    def commit(self, events: Sequence[Outgoing]) -> int:
        """Returns how many of them are committed: fewer than all when the disk is full."""
        committed = self._outbox.append(events)
        self._core.appended()
        return committed

    def rebuild(self, damage: str) -> Outbox:
        """The outbox's file is damaged: another takes its place, with what could be read of it in new streams."""
        self._outbox = self._outbox.rebuilt(damage, self._acknowledged)
        self._acknowledged = []
        self._core.renewed({birth.event_class: birth.stream for birth in self._outbox.streams()})
        if self._link is not None:
            self._link.give_up("the outbox was damaged and has been made anew")
        return self._outbox

    def take(self, happened: LinkInput, now_s: float) -> None:
        """What a link says. Of links that have been replaced only acknowledgements still count."""
        match happened:
            case Received(epoch, topic, payload):
                self._receive(epoch, topic, payload, now_s)
            case Connected(epoch, receive_maximum) if epoch == self._epoch:
                self._connected_at_s = now_s
                self._text = f"connected to {self._broker.host}:{self._broker.port}"
                self._perform(self._core.connected(epoch, receive_maximum))
            case Puback(epoch, mid, reason_code, reason) if epoch == self._epoch and mid in self._sent:
                self._core.puback(epoch, *self._sent.pop(mid), reason_code, now_s)
                if reason_code >= FAILURE_CODE:
                    self._text = f"broker refuses events of {self._origin.device}: {reason}; check its access rules"
            case Ended(epoch, reason) if epoch == self._epoch:
                self._text = reason

    def work(self, now_s: float) -> None:
        """Delete what is acknowledged, see to the link, send what may be sent."""
        self._delete_acknowledged()
        if now_s >= self._expire_at_s:
            self._expire_at_s = now_s + EXPIRE_EVERY_S
            self._outbox.expire()
        self._supervise(now_s)
        self._perform(self._core.tick(now_s))
        while fetch := self._core.wanted(now_s):
            seqs = self._outbox.pending(fetch.stream, fetch.after, fetch.limit)
            self._perform(self._core.fetched(fetch, seqs, now_s))

    def stats(self) -> LinkStats:
        core = self._core
        held = core.connected_now and not core.collector_online
        return LinkStats(
            connected=core.connected_now, collector_online=core.collector_online,
            text=f"{self._text}; no collector is online, events are held" if held else self._text,
            connections=self._epoch, resent=core.resent, refused=core.refused, unreadable=self._unreadable,
        )  # fmt: skip

    def respond(self, payload: bytes) -> None:
        if self._link is not None:
            self._link.publish_response(payload)

    def say_goodbye(self, timeout_s: float) -> None:
        """A clean disconnect makes the broker drop the will: so say it ourselves."""
        if self._link is not None:
            self._link.publish_status(self._will())
            self._link.give_up("closed")
            self._link.wait(timeout_s)

    def _receive(self, epoch: int, topic: str, payload: bytes, now_s: float) -> None:
        try:
            if topic == topics.ack(self._origin.device):
                ack = self._of_this_life(msgspec.json.decode(payload, type=Ack))
                self._perform(self._core.acknowledged(ack, now_s))
            elif topics.parse_collector_status(topic) is not None:
                self._core.collector_status(epoch, msgspec.json.decode(payload, type=CollectorStatus))
            elif self._on_command is not None and topic == topics.command_request(self._origin.device):
                self._on_command(payload)
        except (ValueError, RecursionError):  # msgspec's and Unicode's errors are ValueErrors
            self._unreadable += 1

    def _of_this_life(self, ack: Ack) -> Ack:
        """Without the numbers under which the collector holds other bytes: a copy of this card has sent them."""
        if sum(last - first + 1 for first, last in ack.ranges) != len(ack.checks):
            return ack  # of a collector that tells none
        numbers = [seq for first, last in ack.ranges for seq in range(first, last + 1)]
        ours = [seq for seq, told in zip(numbers, ack.checks, strict=True) if self._checks.get((ack.stream, seq), told) == told]
        return msgspec.structs.replace(ack, ranges=tuple(as_ranges(ours)))

    def _perform(self, actions: Sequence[Action]) -> None:
        for action in actions:
            match action:
                case Publish():
                    self._publish(action)
                case PublishBirth():
                    self._delete_acknowledged()
                    self._publish_birth()
                case Reconnect() if self._link is not None:
                    self._link.give_up("the broker confirms nothing any more")
                case Delete(stream, first, last):
                    self._acknowledged.append(action)
                    for seq in range(first, last + 1):
                        self._checks.pop((stream, seq), None)
                case Fork(stream):
                    self._fork(stream)

    def _fork(self, stream: str) -> None:
        """On a full disk it waits: the collector asks again, whenever it hears of the stream."""
        if self._delete_acknowledged():
            with suppress(OutboxFull):
                self._perform(self._core.forked(stream, self._outbox.fork(stream)))

    def _publish(self, message: Publish) -> None:
        try:
            payload = self._outbox.payload(message.stream, message.seq)
        except OutboxFull:  # that a notice is handed out must be written down first
            payload = None
        if payload is None:
            self._core.gone(message.stream, message.seq)
        elif self._link is not None:
            mid = self._link.publish_event(topics.event(self._origin.device, message.event_class), payload)
            self._sent[mid] = message.stream, message.seq
            self._checks[message.stream, message.seq] = crc32(payload)

    def _publish_birth(self) -> None:
        if self._link is not None:
            who = self._origin
            birth = Birth(
                run=who.run, connection=self._epoch, boot=who.boot, site=who.site, software=who.software,
                cameras=who.cameras, streams=self._outbox.streams(),
            )  # fmt: skip
            self._link.publish_status(encode(birth))

    def _delete_acknowledged(self) -> bool:
        """False while the disk is too full even for that."""
        try:
            if self._acknowledged:
                self._outbox.delete(self._acknowledged)
        except OutboxFull:
            return False
        self._acknowledged = []
        return True

    def _supervise(self, now_s: float) -> None:
        """A link whose thread has ended is replaced after a wait with jitter, whatever paho believes of it."""
        if self._link is not None and not self._link.alive:
            self._link = None
            self._core.disconnected(self._epoch)
            stable = self._connected_at_s is not None and now_s - self._connected_at_s >= STABLE_S
            self._failures = 1 if stable else self._failures + 1
            self._retry_at_s = now_s + reconnect_wait_s(
                self._failures, self._broker.first_wait_s, self._broker.max_wait_s, self._random.random()
            )
        if self._link is None and now_s >= self._retry_at_s:
            self._epoch += 1
            self._connected_at_s = None
            self._sent.clear()
            self._checks.clear()
            self._link = self._open_link(self._broker, self._origin.device, self._epoch, self._will(), self._put)

    def _will(self) -> bytes:
        return encode(Will(run=self._origin.run, connection=self._epoch))
