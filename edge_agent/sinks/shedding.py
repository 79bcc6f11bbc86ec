"""What goes when the outbox is full or too old, and the `lost` notice that says so in the same transaction.

Messages go oldest first. A notice is itself a message of class incident and is never shed. While its bytes have not
been handed out (`open`), the next loss beside it is written into it, so that a long overload leaves few notices.
"""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from itertools import takewhile

from edge_agent.core.delivery import as_ranges
from edge_agent.sinks.lanes import Lane

MAX_ROWS = 10_000  # shed at once


@dataclass(frozen=True, slots=True)
class Loss:
    """Messages `first`..`last` of the lane will never come."""

    lane: Lane
    first: int
    last: int
    reason: str


def shed_bytes(connection: sqlite3.Connection, lane: Lane, excess: int) -> list[Loss]:
    """Delete the oldest messages of a lane that make up `excess` bytes."""
    left = excess

    def more(row: tuple[int, float, int]) -> bool:
        nonlocal left
        left -= row[2]
        return left + row[2] > 0

    return _delete(connection, lane, _oldest(connection, lane, more), "outbox_full")


def shed_age(connection: sqlite3.Connection, lane: Lane, before_s: float) -> list[Loss]:
    """Delete the messages of a lane that are older than `before_s`."""
    return _delete(connection, lane, _oldest(connection, lane, lambda row: row[1] < before_s), "too_old")


def extend_notice(connection: sqlite3.Connection, loss: Loss) -> tuple[int, int] | None:
    """Widen the tombstone that ends just before `loss` and whose notice is open. Returns (key of the notice, its first)."""
    row = connection.execute(
        "SELECT rowid, notice, first FROM tombstones WHERE stream = ? AND last = ? AND reason = ? AND notice IS NOT NULL",
        (loss.lane.number, loss.first - 1, loss.reason),
    ).fetchone()
    if row is None:
        return None
    connection.execute("UPDATE tombstones SET last = ? WHERE rowid = ?", (loss.last, row[0]))
    return row[1], row[2]


def bury(connection: sqlite3.Connection, loss: Loss, notice_key: int) -> None:
    """A tombstone whose notice is open."""
    connection.execute(
        "INSERT INTO tombstones VALUES (?, ?, ?, ?, ?)", (loss.lane.number, loss.first, loss.last, loss.reason, notice_key)
    )


def _oldest(
    connection: sqlite3.Connection, lane: Lane, wanted: Callable[[tuple[int, float, int]], bool]
) -> list[int]:
    rows = connection.execute(
        "SELECT key, at_s, length(payload) FROM messages WHERE key > ? AND key < ? AND notice = 0 ORDER BY key LIMIT ?",
        (lane.key(0), lane.end, MAX_ROWS),
    )
    keys = [key for key, _, _ in takewhile(wanted, rows)]
    rows.close()
    return keys


def _delete(connection: sqlite3.Connection, lane: Lane, keys: list[int], reason: str) -> list[Loss]:
    ranges = as_ranges(lane.seq(key) for key in keys)
    connection.executemany(
        "DELETE FROM messages WHERE key BETWEEN ? AND ? AND notice = 0",
        [(lane.key(first), lane.key(last)) for first, last in ranges],
    )
    return [Loss(lane, first, last, reason) for first, last in ranges]
