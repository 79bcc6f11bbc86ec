"""The streams of an outbox as SQLite holds them: one current lane per class, and those that a fork has left behind."""

import sqlite3
import zlib
from dataclasses import dataclass
from itertools import accumulate

from edge_agent.core.delivery import as_ranges
from edge_agent.sinks.envelope import renumber
from event_contract.kinds import EVENT_CLASSES, EventClass
from event_contract.presence import StreamBirth

SEQ_BITS = 40  # a message's key = number of its lane << 40 | seq: a lane lies together and in order in the file
ROWS_AT_ONCE = 100
BYTES_AT_ONCE = 64 * 1024  # a transaction, and with it the write-ahead log, stays small against the smallest cap


@dataclass(frozen=True, slots=True)
class Lane:
    """The current stream of a class and the keys of its messages."""

    event_class: EventClass
    number: int
    stream: str

    def key(self, seq: int) -> int:
        return self.number << SEQ_BITS | seq

    def seq(self, key: int) -> int:
        return key - self.key(0)

    @property
    def end(self) -> int:
        """Above every key of this lane."""
        return self.number + 1 << SEQ_BITS


def open_lane(connection: sqlite3.Connection, event_class: EventClass, stream: str) -> Lane:
    """Begin a stream; it takes the place of the current one of its class."""
    connection.execute("UPDATE streams SET current = 0 WHERE class = ?", (event_class,))
    connection.execute(
        "INSERT INTO streams (class, stream, next_seq, current, twin) VALUES (?, ?, 1, 1, -1)", (event_class, stream)
    )
    return current_lanes(connection)[event_class]


def record_lane(connection: sqlite3.Connection, event_class: EventClass, stream: str, next_seq: int) -> Lane:
    """A stream that was left, with another file: it is remembered, and nothing waits in it."""
    row = connection.execute("SELECT number FROM streams WHERE stream = ?", (stream,)).fetchone()
    if row is None:
        connection.execute(
            "INSERT INTO streams (class, stream, next_seq, current, twin) VALUES (?, ?, ?, 0, ?)",
            (event_class, stream, next_seq, -next_seq),
        )
        row = connection.execute("SELECT last_insert_rowid()").fetchone()
    return Lane(event_class, row[0], stream)


def current_lanes(connection: sqlite3.Connection) -> dict[EventClass, Lane]:
    """In order of priority; a class that has no stream yet is missing."""
    rows = connection.execute("SELECT class, number, stream FROM streams WHERE current = 1").fetchall()
    lanes = {event_class: Lane(event_class, number, stream) for event_class, number, stream in rows}
    return {event_class: lanes[event_class] for event_class in EVENT_CLASSES if event_class in lanes}


def take_seqs(connection: sqlite3.Connection, lane: Lane, count: int) -> range:
    """The next numbers of a lane: never given before, never given again."""
    first = next_seq(connection, lane)
    after = first + count
    connection.execute("UPDATE streams SET next_seq = ?, twin = ? WHERE number = ?", (after, -after, lane.number))
    return range(first, first + count)


def next_seq(connection: sqlite3.Connection, lane: Lane) -> int:
    (seq,) = connection.execute("SELECT next_seq FROM streams WHERE number = ?", (lane.number,)).fetchone()
    return int(seq)


def pending_seqs(connection: sqlite3.Connection, lane: Lane, after: int, limit: int) -> list[int]:
    """The numbers that wait, ascending."""
    rows = connection.execute(
        "SELECT key FROM messages WHERE key > ? AND key < ? ORDER BY key LIMIT ?", (lane.key(after), lane.end, limit)
    )
    return [lane.seq(key) for (key,) in rows.fetchall()]


def birth(connection: sqlite3.Connection, lane: Lane) -> StreamBirth:
    """The lane's lowest number that waits and its highest."""
    after = next_seq(connection, lane)
    lowest = next(iter(pending_seqs(connection, lane, 0, 1)), after)
    return StreamBirth(event_class=lane.event_class, stream=lane.stream, lowest=lowest, highest=after - 1)


def age_bounds_s(connection: sqlite3.Connection, lane: Lane) -> list[float]:
    """When the oldest and the newest waiting message came; empty when none waits."""
    query = "SELECT at_s FROM messages WHERE key > ? AND key < ? ORDER BY key {} LIMIT 1"
    found = [connection.execute(query.format(way), (lane.key(0), lane.end)).fetchone() for way in ("ASC", "DESC")]
    return [row[0] for row in found if row is not None]


def left_lane(connection: sqlite3.Connection) -> Lane | None:
    """A lane that is not current any more and in which messages still wait."""
    for event_class, number, stream in connection.execute(
        "SELECT class, number, stream FROM streams WHERE current = 0 ORDER BY number"
    ).fetchall():
        lane = Lane(event_class, number, stream)
        if pending_seqs(connection, lane, 0, 1):
            return lane
    return None


def move(connection: sqlite3.Connection, old: Lane, new: Lane) -> list[tuple[int, int]]:
    """Renumber some of what waits in `old` into `new`, in order, notices included. Returns the ranges that were left."""
    rows = connection.execute(
        "SELECT key, at_s, notice, payload FROM messages WHERE key > ? AND key < ? ORDER BY key LIMIT ?",
        (old.key(0), old.end, ROWS_AT_ONCE),
    ).fetchall()
    sizes = accumulate(len(row[3]) for row in rows)
    some = [row for row, size in zip(rows, sizes, strict=True) if size <= BYTES_AT_ONCE] or rows[:1]
    for (key, at_s, notice, payload), seq in zip(some, take_seqs(connection, new, len(some)), strict=True):
        moved = renumber(payload, new.stream, seq)
        connection.execute(
            "UPDATE messages SET key = ?, payload = ?, crc = ? WHERE key = ?",
            (new.key(seq), moved, checksum(new.key(seq), at_s, notice, moved), key),
        )
        connection.execute("UPDATE tombstones SET notice = ? WHERE notice = ?", (new.key(seq), key))
    return as_ranges(old.seq(row[0]) for row in some)


def checksum(key: int, at_s: float, notice: int, payload: bytes) -> int:
    """Over a whole row of `messages`: SQLite itself does not see a bit that has flipped in there."""
    return zlib.crc32(payload, zlib.crc32(f"{key}/{float(at_s)!r}/{int(notice)}".encode()))
