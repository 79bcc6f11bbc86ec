"""The outbox: what the agent has to say, on disk before anything else hears of it, until the collector has it.

A message is encoded once and kept as the bytes that are sent, every time. Its number is never used again.
"""

import sqlite3
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Self

from edge_agent.config import OutboxConfig
from edge_agent.core.delivery import Delete
from edge_agent.core.outgoing import Outgoing
from edge_agent.sinks import lanes
from edge_agent.sinks.envelope import Encoded, encode_body, portions, seal
from edge_agent.sinks.lanes import Lane
from edge_agent.sinks.origin import Origin
from edge_agent.sinks.outbox_file import OutboxError, connect, lock_file, prepare, transaction, used_bytes
from edge_agent.sinks.shedding import Loss, bury, extend_notice, shed_age, shed_bytes
from event_contract.kinds import EVENT_CLASSES, EventClass
from event_contract.messages import MAX_MESSAGE_BYTES, LostData, StreamBirth
from event_contract.times import format_time

BYTES_AT_ONCE = 64 * 1024  # a transaction, and with it the write-ahead log, stays small against the smallest cap
LOG_BYTES = 128 * 1024  # what such a transaction may write to the log
SHED_PART = 64  # a full outbox drops at least 1/64 of its cap, so that notices stay few


@dataclass(frozen=True, slots=True)
class OutboxStats:
    """`committed`: stream -> highest number given, streams left by a fork included. Ages count while the agent runs."""

    committed: dict[str, int]
    pending: int
    bytes: int
    lost: int
    oldest_age_s: float | None


class Outbox:
    """For one thread at a time. Ages go on where the newest waiting message stopped: no wall clock makes one old."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        origin: Origin,
        caps: OutboxConfig,
        new_stream: Callable[[], str] = lambda: str(uuid.uuid4()),
        lock: IO[bytes] | None = None,
    ) -> None:
        self._connection = connection
        self._origin = origin
        self._max_age_s = caps.max_age_h * 3600
        self._max_bytes = caps.max_bytes * 95 // 100 - LOG_BYTES
        self._new_stream = new_stream
        self._lock = lock
        prepare(connection, caps.max_bytes)
        with transaction(connection):
            for event_class in EVENT_CLASSES:
                if event_class not in lanes.current_lanes(connection):
                    lanes.open_lane(connection, event_class, new_stream())
        self._lanes = lanes.current_lanes(connection)
        self._pending = int(connection.execute("SELECT count(*) FROM messages").fetchone()[0])
        newest_s = max((age for lane in self._lanes.values() for age in lanes.age_bounds_s(connection, lane)), default=0.0)
        self._offset_s = newest_s - origin.read_clock().mono_s

    @classmethod
    def open(cls, path: Path, origin: Origin, caps: OutboxConfig) -> Self:
        """Raises OutboxError when the file is held by another process or cannot be used."""
        lock = lock_file(path)
        try:
            return cls(connect(path), origin, caps, lock=lock)
        except sqlite3.Error as error:
            lock.close()
            raise OutboxError(
                f"outbox {path}: {error}; check disk and rights, or move the file away: a new one is made at the next start"
            ) from None

    def close(self) -> None:
        self._connection.close()
        if self._lock is not None:
            self._lock.close()

    def append(self, events: Sequence[Outgoing]) -> None:
        """Number, encode and commit the events, in the order given within a class. Makes room by the caps."""
        for some in portions(map(encode_body, events), BYTES_AT_ONCE):
            with self._transaction():
                self._expire()
                for event_class in reversed(EVENT_CLASSES):  # so that what is shed for an incident may be just come
                    self._add(self._lanes[event_class], [one for one in some if one.event.event_class == event_class])

    def expire(self) -> None:
        """Shed what is older than the cap."""
        with self._transaction():
            self._expire()

    def streams(self) -> tuple[StreamBirth, ...]:
        """Per class the current stream, its lowest number that waits and its highest."""
        births = []
        for event_class, lane in self._lanes.items():
            next_seq = lanes.next_seq(self._connection, lane)
            lowest = next(iter(lanes.pending_seqs(self._connection, lane, 0, 1)), next_seq)
            births.append(StreamBirth(event_class=event_class, stream=lane.stream, lowest=lowest, highest=next_seq - 1))
        return tuple(births)

    def pending(self, stream: str, after: int, limit: int) -> list[int]:
        """The next numbers of a current stream that wait, at most `limit`, ascending."""
        return lanes.pending_seqs(self._connection, self._lane(stream), after, limit)

    def payload(self, stream: str, seq: int) -> bytes | None:
        """The bytes to send, None when they have been shed. From now on a notice keeps the bytes it has."""
        key = self._lane(stream).key(seq)
        row = self._connection.execute("SELECT payload, notice FROM messages WHERE key = ?", (key,)).fetchone()
        if row is None:
            return None
        if row[1] and self._connection.execute("SELECT 1 FROM tombstones WHERE notice = ?", (key,)).fetchone():
            self._connection.execute("UPDATE tombstones SET notice = NULL WHERE notice = ?", (key,))
        return bytes(row[0])

    def delete(self, acknowledged: Iterable[Delete]) -> None:
        """What the collector has committed is no longer ours to keep."""
        with self._transaction():
            for done in acknowledged:
                lane = self._lane(done.stream)
                keys = lane.key(done.first), lane.key(done.last)
                self._connection.execute("DELETE FROM messages WHERE key BETWEEN ? AND ?", keys)
                self._pending -= int(self._connection.execute("SELECT changes()").fetchone()[0])

    def fork(self, stream: str) -> str:
        """Leave a current stream that is someone else's too: what waits there moves to a new one, which is returned.

        The log holds all of it once more until the end of this call; no smaller step would be all or nothing.
        """
        old = self._lane(stream)
        with self._transaction():
            new = lanes.open_lane(self._connection, old.event_class, self._new_stream())
            self._lanes[old.event_class] = new
            for first, last in lanes.move(self._connection, old, new):
                self._lose(Loss(old, first, last, "forked"))
        self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        return new.stream

    def stats(self) -> OutboxStats:
        committed = self._connection.execute("SELECT stream, next_seq - 1 FROM streams").fetchall()
        (lost,) = self._connection.execute(
            "SELECT coalesce(sum(last - first + 1), 0) FROM tombstones WHERE reason != 'forked'"
        ).fetchone()
        oldest_s = min(
            (age for lane in self._lanes.values() for age in lanes.age_bounds_s(self._connection, lane)), default=None
        )
        age_s = None if oldest_s is None else self._now_s() - oldest_s
        return OutboxStats(dict(committed), self._pending, used_bytes(self._connection), int(lost), age_s)

    def _add(self, lane: Lane, some: list[Encoded]) -> None:
        if not some:
            return
        fits = self._make_room(lane.event_class, sum(one.bytes for one in some))
        seqs = lanes.take_seqs(self._connection, lane, len(some))
        if not fits:
            self._lose(Loss(lane, seqs[0], seqs[-1], "outbox_full"))
            return
        for seq, one in zip(seqs, some, strict=True):
            payload = seal(self._origin.device, lane.stream, seq, one)
            if len(payload) <= MAX_MESSAGE_BYTES:
                self._insert(lane, seq, payload, notice=False)
            else:
                self._lose(Loss(lane, seq, seq, "too_large"))

    def _make_room(self, event_class: EventClass, size: int) -> bool:
        """Shed the oldest telemetry, then state, then incidents, but nothing more urgent than what comes."""
        sheddable = EVENT_CLASSES[EVENT_CLASSES.index(event_class) :]
        while (excess := used_bytes(self._connection) + size - self._max_bytes) > 0:
            for lane in (self._lanes[less_urgent] for less_urgent in reversed(sheddable)):
                if losses := shed_bytes(self._connection, lane, max(excess, self._max_bytes // SHED_PART)):
                    self._lose(*losses, shed=True)
                    break
            else:
                return False
        return True

    def _expire(self) -> None:
        before_s = self._now_s() - self._max_age_s
        for lane in self._lanes.values():
            self._lose(*shed_age(self._connection, lane, before_s), shed=True)

    def _lose(self, *losses: Loss, shed: bool = False) -> None:
        """Write the notices. `shed`: the messages had been waiting until now."""
        incidents = self._lanes["incident"]
        for loss in losses:
            if shed:
                self._pending -= loss.last - loss.first + 1
            if extended := extend_notice(self._connection, loss):
                key, first = extended
                payload = self._notice(incidents, incidents.seq(key), loss, first)
                self._connection.execute("UPDATE messages SET payload = ? WHERE key = ?", (payload, key))
            else:
                (seq,) = lanes.take_seqs(self._connection, incidents, 1)
                bury(self._connection, loss, incidents.key(seq))
                self._insert(incidents, seq, self._notice(incidents, seq, loss, loss.first), notice=True)

    def _notice(self, lane: Lane, seq: int, loss: Loss, first: int) -> bytes:
        origin = self._origin
        body = LostData(
            run=origin.run, stream=loss.lane.stream, first=first, last=loss.last, reason=loss.reason, clock=origin.read_clock()
        )
        event = Outgoing("incident", "outbox", format_time(origin.read_wall_s()), body)
        return seal(origin.device, lane.stream, seq, encode_body(event))

    def _insert(self, lane: Lane, seq: int, payload: bytes, *, notice: bool) -> None:
        self._connection.execute(
            "INSERT INTO messages VALUES (?, ?, ?, ?)", (lane.key(seq), self._now_s(), notice, payload)
        )
        self._pending += 1

    def _now_s(self) -> float:
        return self._offset_s + self._origin.read_clock().mono_s

    def _lane(self, stream: str) -> Lane:
        """Raises KeyError for a stream that is not current."""
        for lane in self._lanes.values():
            if lane.stream == stream:
                return lane
        raise KeyError(stream)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """What this object remembers is undone with the transaction."""
        before = self._pending, dict(self._lanes)
        try:
            with transaction(self._connection):
                yield
        except BaseException:
            self._pending, self._lanes = before
            raise

