"""The messages of an outbox inside one transaction: numbered, stored, and shed for what is more urgent.

What goes is named by a `lost` notice in the same transaction.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from edge_agent.core.outgoing import Outgoing
from edge_agent.sinks import lanes
from edge_agent.sinks.envelope import Encoded, encode_body, renumber, seal
from edge_agent.sinks.lanes import Lane, checksum
from edge_agent.sinks.origin import Origin
from edge_agent.sinks.outbox_file import transaction, used_bytes
from edge_agent.sinks.room import Room
from edge_agent.sinks.shedding import Loss, bury, extend_notice, shed_age, shed_bytes
from event_contract.kinds import EVENT_CLASSES, EventClass
from event_contract.messages import MAX_MESSAGE_BYTES, LostData
from event_contract.times import format_time

SHED_PART = 64  # a full outbox drops at least 1/64 of its cap, so that notices stay few


class Shelf:
    """`lanes` are the current ones, by class; `pending` counts what waits. Both go back with a transaction that fails."""

    def __init__(self, connection: sqlite3.Connection, origin: Origin, room: Room) -> None:
        self._connection = connection
        self._origin = origin
        self._room = room
        self.lanes = lanes.current_lanes(connection)
        self.pending = int(connection.execute("SELECT count(*) FROM messages").fetchone()[0])
        newest_s = max((age for lane in self.lanes.values() for age in lanes.age_bounds_s(connection, lane)), default=0.0)
        self._offset_s = newest_s - origin.read_clock().mono_s

    @contextmanager
    def transaction(self) -> Iterator[None]:
        before = self.pending, dict(self.lanes)
        try:
            with transaction(self._connection):
                yield
        except BaseException:
            self.pending, self.lanes = before
            raise

    def add(self, event_class: EventClass, some: Sequence[Encoded]) -> None:
        """The next numbers of the class; what finds no room, or would be refused at the border, is lost at once."""
        if not some:
            return
        lane = self.lanes[event_class]
        fits = self._make_room(event_class, sum(one.bytes for one in some))
        seqs = lanes.take_seqs(self._connection, lane, len(some))
        if not fits:
            self.lose(Loss(lane, seqs[0], seqs[-1], "outbox_full"))
            return
        for seq, one in zip(seqs, some, strict=True):
            payload = seal(self._origin.device, lane.stream, seq, one)
            if len(payload) <= MAX_MESSAGE_BYTES:
                self.insert(lane, seq, payload, notice=False)
            else:
                self.lose(Loss(lane, seq, seq, "too_large"))

    def adopt(self, event_class: EventClass, payloads: Sequence[tuple[bytes, bool]]) -> None:
        """Messages of another file, each with whether it is a notice, under new numbers; their bodies stay as they are."""
        lane = self.lanes[event_class]
        seqs = lanes.take_seqs(self._connection, lane, len(payloads))
        for seq, (payload, notice) in zip(seqs, payloads, strict=True):
            self.insert(lane, seq, renumber(payload, lane.stream, seq), notice=notice)

    def renounce(self, event_class: EventClass, stream: str, last: int, ranges: Iterable[tuple[int, int, str]]) -> None:
        """A stream of another file ends at `last`: say of its numbers what became of them, in (first, last, reason)."""
        lane = lanes.record_lane(self._connection, event_class, stream, last + 1)
        self.lose(*(Loss(lane, *one) for one in ranges))

    def expire(self, max_age_s: float) -> None:
        before_s = self.now_s() - max_age_s
        for lane in self.lanes.values():
            self.lose(*shed_age(self._connection, lane, before_s), shed=True)

    def lose(self, *losses: Loss, shed: bool = False) -> None:
        """Write the notices. `shed`: the messages had been waiting until now."""
        incidents = self.lanes["incident"]
        for loss in losses:
            if shed:
                self.pending -= loss.last - loss.first + 1
            if extended := extend_notice(self._connection, loss):
                key, first = extended
                self._rewrite(key, self._notice(incidents, incidents.seq(key), loss, first))
            else:
                (seq,) = lanes.take_seqs(self._connection, incidents, 1)
                bury(self._connection, loss, incidents.key(seq))
                self.insert(incidents, seq, self._notice(incidents, seq, loss, loss.first), notice=True)

    def insert(self, lane: Lane, seq: int, payload: bytes, *, notice: bool) -> None:
        key, at_s = lane.key(seq), self.now_s()
        crc = checksum(key, at_s, notice, payload)
        self._connection.execute("INSERT INTO messages VALUES (?, ?, ?, ?, ?)", (key, at_s, notice, payload, crc))
        self.pending += 1

    def now_s(self) -> float:
        """On the outbox's own clock, which stands still while no agent runs."""
        return self._offset_s + self._origin.read_clock().mono_s

    def _make_room(self, event_class: EventClass, size: int) -> bool:
        """Shed the oldest telemetry, then state, then incidents, but nothing more urgent than what comes."""
        sheddable = EVENT_CLASSES[EVENT_CLASSES.index(event_class) :]
        most = self._room.bytes
        while (excess := used_bytes(self._connection) + size - most) > 0:
            for less_urgent in reversed(sheddable):
                if less_urgent == "incident" and self._room.is_full:
                    return self._room.lend(excess)
                if losses := shed_bytes(self._connection, self.lanes[less_urgent], max(excess, most // SHED_PART)):
                    self.lose(*losses, shed=True)
                    break
            else:
                return False
        return True

    def _rewrite(self, key: int, payload: bytes) -> None:
        (at_s,) = self._connection.execute("SELECT at_s FROM messages WHERE key = ?", (key,)).fetchone()
        crc = checksum(key, at_s, True, payload)
        self._connection.execute("UPDATE messages SET payload = ?, crc = ? WHERE key = ?", (payload, crc, key))

    def _notice(self, lane: Lane, seq: int, loss: Loss, first: int) -> bytes:
        origin = self._origin
        body = LostData(
            run=origin.run, stream=loss.lane.stream, first=first, last=loss.last, reason=loss.reason, clock=origin.read_clock()
        )
        event = Outgoing("incident", "outbox", format_time(origin.read_wall_s()), body)
        return seal(origin.device, lane.stream, seq, encode_body(event))
