"""What the store does on its own from time to time: notice gaps that stay, delete what is old."""

import sqlite3

from collector.core import delivery
from collector.core.delivery import Range
from collector.store.writing import Change, raise_fault, settle_fault

MISSING_ALARM_S = 600.0


def stored(db: sqlite3.Connection, device: str, stream: str) -> tuple[Range, ...]:
    """The sequence numbers of the stream's events that the store holds."""
    key = (device, stream)
    count, first, last = db.execute(
        "SELECT count(*), min(seq), max(seq) FROM events WHERE device = ? AND stream = ?", key
    ).fetchone()
    if count == 0:
        return ()
    if count == last - first + 1:
        return ((first, last),)
    islands = db.execute(
        "SELECT min(seq), max(seq) FROM (SELECT seq, seq - row_number() OVER (ORDER BY seq) AS island"
        " FROM events WHERE device = ? AND stream = ?) GROUP BY island",
        key,
    )
    return delivery.union((low, high) for low, high in islands)


def dead_lettered(db: sqlite3.Connection, device: str, stream: str) -> tuple[Range, ...]:
    """Those of its messages that are kept as dead letters and were acknowledged."""
    rows = db.execute("SELECT seq FROM dead_letters WHERE device = ? AND stream = ?", (device, stream))
    return delivery.coalesce(seq for (seq,) in rows)


def named_lost(db: sqlite3.Connection, device: str, stream: str) -> tuple[Range, ...]:
    key = (device, stream)
    rows = db.execute("SELECT first, last FROM lost_notices WHERE device = ? AND stream = ?", key)
    return delivery.union((first, last) for first, last in rows)


def missing(db: sqlite3.Connection, device: str, stream: str) -> tuple[Range, ...]:
    """Numbers that were given out, that the store does not hold and that no notice names."""
    first, announced = db.execute(
        "SELECT max(counted_from, kept_from), coalesce(announced_highest, 0) FROM streams WHERE device = ? AND stream = ?",
        (device, stream),
    ).fetchone()
    answered = (*stored(db, device, stream), *dead_lettered(db, device, stream))
    highest = max([announced, *(last for _, last in answered)])
    return delivery.missing(first, highest, (*answered, *named_lost(db, device, stream)))


def watch_gaps(db: sqlite3.Connection, now: float) -> list[Change]:
    """A number missing for 10 minutes while its device is connected is an alarm, until it comes or is named lost."""
    changes: list[Change] = []
    streams = db.execute(
        "SELECT device, stream, missing_first, missing_since, online FROM streams JOIN devices USING (device)"
    ).fetchall()
    for device, stream, known_first, since, online in streams:
        gaps = missing(db, device, stream)
        first = gaps[0][0] if gaps else None
        timed = bool(gaps and online)
        begun = since if timed and first == known_first and since is not None else now if timed else None
        if (first, begun) != (known_first, since):
            db.execute(
                "UPDATE streams SET missing_first = ?, missing_since = ? WHERE device = ? AND stream = ?",
                (first, begun, device, stream),
            )
        if not gaps:
            changes += settle_fault(db, device, f"missing/{stream}", now)
        elif begun is not None and now - begun >= MISSING_ALARM_S and not _alarm_stands(db, device, stream):
            detail: dict[str, object] = {"reason": "missing", "stream": stream, "first": first, "messages": delivery.size(gaps)}
            changes += raise_fault(db, device, f"missing/{stream}", detail, now)
    return changes


def prune(db: sqlite3.Connection, now: float, keep_days: dict[str, float]) -> int:
    """Delete the events of each class older than its days, from the low end of each stream; the mark says up to where.

    The newest event of all stays: its number is where the next one counts on.
    """
    deleted = 0
    for event_class, days in keep_days.items():
        for device, stream in db.execute("SELECT device, stream FROM streams WHERE class = ?", (event_class,)).fetchall():
            key = (device, stream)
            oldest_kept = db.execute(
                "SELECT min(seq) FROM events WHERE device = ? AND stream = ? AND received_at >= ?", (*key, now - days * 86400)
            ).fetchone()[0]
            mark = (
                oldest_kept
                or db.execute("SELECT coalesce(max(seq), 0) + 1 FROM events WHERE device = ? AND stream = ?", key).fetchone()[0]
            )
            rows = db.execute(
                "DELETE FROM events WHERE device = ? AND stream = ? AND seq < ? AND n < (SELECT max(n) FROM events)",
                (*key, mark),
            ).rowcount
            if rows:
                db.execute("UPDATE streams SET kept_from = max(kept_from, ?) WHERE device = ? AND stream = ?", (mark, *key))
            deleted += rows
    return deleted


def _alarm_stands(db: sqlite3.Connection, device: str, stream: str) -> bool:
    query = "SELECT 1 FROM alerts WHERE id = ? AND state = 'open'"
    return db.execute(query, (f"{device}/missing/{stream}",)).fetchone() is not None
