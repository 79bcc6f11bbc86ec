"""The outbox: what the agent has to say, on disk before anything else hears of it, until the collector has it.

A message is encoded once and kept as the bytes that are sent, every time. Its number is never used again.
"""

import sqlite3
import uuid
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Self

from edge_agent.config import OutboxConfig
from edge_agent.core.delivery import Delete
from edge_agent.core.outgoing import Outgoing
from edge_agent.sinks import lanes
from edge_agent.sinks.damage import find_damage
from edge_agent.sinks.device_fault import DeviceFault
from edge_agent.sinks.envelope import encode_body, portions
from edge_agent.sinks.lanes import Lane, checksum
from edge_agent.sinks.origin import Origin
from edge_agent.sinks.outbox_file import (
    OutboxDamaged,
    OutboxError,
    OutboxFull,
    connect,
    is_full,
    lock_file,
    prepare,
    transaction,
)
from edge_agent.sinks.outbox_stats import OutboxStats, read_stats
from edge_agent.sinks.rescue import carry_over, draft_of, put_in_place
from edge_agent.sinks.reserve import Reserve
from edge_agent.sinks.room import Room
from edge_agent.sinks.shedding import Loss
from edge_agent.sinks.shelf import Shelf
from event_contract.kinds import EVENT_CLASSES
from event_contract.presence import StreamBirth


class Outbox:
    """For one thread at a time. Ages go on where the newest waiting message stopped: no wall clock makes one old.

    A full disk raises OutboxFull, and nothing has changed then. A file that is not what was written to it raises
    OutboxDamaged or sqlite3.DatabaseError (see `is_damage`): nothing is left to do then but `rebuilt`.
    """

    shelf = Shelf

    def __init__(
        self,
        connection: sqlite3.Connection,
        origin: Origin,
        caps: OutboxConfig,
        new_stream: Callable[[], str] = lambda: str(uuid.uuid4()),
        reserve: Reserve | None = None,
    ) -> None:
        self._connection = connection
        self._origin = origin
        self._caps = caps
        self._new_stream = new_stream
        self._home: tuple[Path, IO[bytes], Reserve] | None = None
        prepare(connection, caps.max_bytes)
        self._room = Room(connection, caps.max_bytes, reserve)
        self._disk_fault: DeviceFault | None = None
        self._untold: list[Outgoing] = []  # of the disk, while it takes nothing at all
        with transaction(connection):
            for event_class in EVENT_CLASSES:
                if event_class not in lanes.current_lanes(connection):
                    lanes.open_lane(connection, event_class, new_stream())
        self._shelf = self.shelf(connection, origin, self._room)
        self.expire()

    @classmethod
    def open(cls, path: Path, origin: Origin, caps: OutboxConfig) -> Self:
        """A damaged file is set aside, what can be read of it carried over into new streams, and an incident tells of it.

        Raises OutboxError when the file is held by another process or cannot be used.
        """
        lock = lock_file(path)
        reserve = Reserve(path, caps.max_bytes)
        try:
            try:
                return cls._open(path, origin, caps, lock, reserve)
            except sqlite3.OperationalError as error:
                if not is_full(error):
                    raise
                reserve.give_up()
                return cls._open(path, origin, caps, lock, reserve)
        except sqlite3.Error as error:
            lock.close()
            raise OutboxError(
                f"outbox {path}: {error}; check disk and rights, or move the file away: a new one is made at the next start"
            ) from None

    @classmethod
    def _open(
        cls, path: Path, origin: Origin, caps: OutboxConfig, lock: IO[bytes], reserve: Reserve,
        damage: str | None = None, acknowledged: Sequence[Delete] = (),
    ) -> Self:  # fmt: skip
        draft = draft_of(path)
        damage = damage or (find_damage(path) if path.exists() else None)
        if damage:
            fresh = cls(connect(draft), origin, caps)
            fault = DeviceFault(origin, fresh._new_stream()[:8], {"reason": "damaged", "damage": damage})
            fresh.append([fault.tell("new")])
            fresh.append([fault.tell("end", **carry_over(path, fresh._shelf, acknowledged))])
            fresh.close()
            put_in_place(path, draft, caps.max_bytes)
        outbox = cls(connect(path), origin, caps, reserve=reserve)
        outbox._home = path, lock, reserve
        return outbox

    def rebuilt(self, damage: str, acknowledged: Sequence[Delete]) -> Self:
        """Another outbox in place of this one, whose file has turned out to be damaged. `acknowledged` is not carried over."""
        self._connection.close()
        if self._home is None:
            raise OutboxDamaged(damage)
        path, lock, reserve = self._home
        return self._open(path, self._origin, self._caps, lock, reserve, damage, acknowledged)

    def close(self) -> None:
        self._connection.close()
        if self._home is not None:
            self._home[1].close()

    def append(self, events: Sequence[Outgoing]) -> int:
        """Number, encode and commit the events, in the order given within a class. Makes room by the caps.

        Returns how many of them, from the first on, are committed: all, or fewer when the disk is full.
        """
        committed = 0
        for some in portions(map(encode_body, events), lanes.BYTES_AT_ONCE):

            def add() -> None:
                self._shelf.expire(self._caps.max_age_h * 3600)
                for event_class in reversed(EVENT_CLASSES):  # so that what is shed for an incident may be just come
                    self._shelf.add(event_class, [one for one in some if one.event.event_class == event_class])  # noqa: B023

            try:
                self._write(add)
            except OutboxFull:
                break
            committed += len(some)
        return committed

    def expire(self) -> None:
        """To be called now and then: shed what is older than the cap; see whether a full disk has room again, and tell."""
        self._room.regain()
        with suppress(OutboxFull):
            self._write(lambda: self._shelf.expire(self._caps.max_age_h * 3600))
            self._finish_forks()
        self._note_room()
        if self._untold:
            del self._untold[: self.append(self._untold)]

    def streams(self) -> tuple[StreamBirth, ...]:
        """Per class the current stream, its lowest number that waits and its highest."""
        return tuple(lanes.birth(self._connection, lane) for lane in self._shelf.lanes.values())

    def pending(self, stream: str, after: int, limit: int) -> list[int]:
        """The next numbers of a current stream that wait, at most `limit`, ascending."""
        return lanes.pending_seqs(self._connection, self._lane(stream), after, limit)

    def payload(self, stream: str, seq: int) -> bytes | None:
        """The bytes to send, None when they have been shed. From now on a notice keeps the bytes it has."""
        key = self._lane(stream).key(seq)
        row = self._connection.execute("SELECT payload, notice, at_s, crc FROM messages WHERE key = ?", (key,)).fetchone()
        if row is None:
            return None
        payload, notice, at_s, crc = row
        if crc not in (None, checksum(key, at_s, notice, payload)):
            raise OutboxDamaged(f"message {stream}/{seq} is damaged")
        if notice and self._connection.execute("SELECT 1 FROM tombstones WHERE notice = ?", (key,)).fetchone():
            self._write(lambda: self._connection.execute("UPDATE tombstones SET notice = NULL WHERE notice = ?", (key,)))
        return bytes(payload)

    def delete(self, acknowledged: Iterable[Delete]) -> None:
        """What the collector has committed is no longer ours to keep."""
        keys = [(lane.key(done.first), lane.key(done.last)) for done in acknowledged if (lane := self._lane(done.stream))]

        def remove() -> None:
            for pair in keys:
                self._connection.execute("DELETE FROM messages WHERE key BETWEEN ? AND ?", pair)
                self._shelf.pending -= int(self._connection.execute("SELECT changes()").fetchone()[0])

        self._write(remove)

    def fork(self, stream: str) -> str:
        """Leave a current stream that is someone else's too: what waits there moves to a new one, which is returned.

        In steps, so that the log stays small; what a power cut or a full disk leaves behind goes at the next `expire`.
        """
        old = self._lane(stream)

        def leave() -> None:
            self._shelf.lanes[old.event_class] = lanes.open_lane(self._connection, old.event_class, self._new_stream())
            self._move(old)

        self._write(leave)
        with suppress(OutboxFull):
            self._finish_forks()
        return self._shelf.lanes[old.event_class].stream

    def stats(self) -> OutboxStats:
        return read_stats(self._connection, self._shelf, self._room.is_full)

    def _note_room(self) -> None:
        """A full disk, and its end, are told of when the disk takes it."""
        if self._room.is_full and self._disk_fault is None:
            self._disk_fault = DeviceFault(self._origin, self._new_stream()[:8], {"reason": "disk"})
            self._untold.append(self._disk_fault.tell("new"))
        elif self._disk_fault is not None and not self._room.is_full:
            self._untold.append(self._disk_fault.tell("end"))
            self._disk_fault = None

    def _finish_forks(self) -> None:
        while left := lanes.left_lane(self._connection):
            self._write(lambda left=left: self._move(left))  # type: ignore[misc]

    def _move(self, old: Lane) -> None:
        for first, last in lanes.move(self._connection, old, self._shelf.lanes[old.event_class]):
            self._shelf.lose(Loss(old, first, last, "forked"))

    def _lane(self, stream: str) -> Lane:
        """Raises KeyError for a stream that is not current."""
        for lane in self._shelf.lanes.values():
            if lane.stream == stream:
                return lane
        raise KeyError(stream)

    def _write(self, work: Callable[[], object]) -> None:
        """All of it or nothing; on a full disk once more, with the reserve given up and less urgent messages shed."""
        try:
            with self._shelf.transaction():
                work()
        except sqlite3.OperationalError as error:
            if not is_full(error):
                raise
            self._room.relieve()
            self._note_room()
            try:
                with self._shelf.transaction():
                    work()
            except sqlite3.OperationalError as again:
                if not is_full(again):
                    raise
                raise OutboxFull(f"the disk is full ({again}); free some room") from None
