"""What the store does on its own from time to time: notice gaps that stay, delete what is old."""

import sqlite3

from collector.core import delivery
from collector.core.alerts import own_id
from collector.core.delivery import Range
from collector.store.writing import Change, raise_fault, settle_fault

MISSING_ALARM_S = 600.0
LEAP_S = 2 * 86400.0
PRUNED_PER_PASS = 20_000


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
    """Those of its messages that became dead letters and were acknowledged, whether the letter is still kept or not."""
    key = (device, stream)
    kept = db.execute("SELECT seq, seq FROM dead_letters WHERE device = ? AND stream = ?", key).fetchall()
    evicted = db.execute("SELECT first, last FROM dead_ranges WHERE device = ? AND stream = ?", key).fetchall()
    return delivery.union((first, last) for first, last in (*kept, *evicted))


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


def believe(db: sqlite3.Connection, now: float) -> float | None:
    """The time to judge age against: that of the newest event, and never later than `now`; None: not believed yet.

    A clock that leaps ahead would make the whole archive old. What is more than 2 days past all that was known at the
    last look is believed when it has stood there for 2 days; until then nothing is deleted.
    """
    newest_rows = "SELECT received_at FROM events ORDER BY n DESC LIMIT 1000"
    newest = db.execute(f"SELECT max(received_at) FROM ({newest_rows})").fetchone()[0]  # noqa: S608
    if newest is None:
        return now
    basis: float = min(now, newest)
    known, doubted_since = db.execute("SELECT known, doubted_since FROM age_basis").fetchone() or (basis, None)
    since = now if doubted_since is None else min(now, doubted_since)
    believed = basis - known <= LEAP_S or now - since >= LEAP_S
    row = (basis, None) if believed else (known, since)
    db.execute("INSERT OR REPLACE INTO age_basis (id, known, doubted_since) VALUES (1, ?, ?)", row)
    return basis if believed else None


def prune(db: sqlite3.Connection, now: float, keep_days: dict[str, float]) -> int:
    """Delete the events of each class older than its days, from the low end of each stream; the mark says up to where.

    A pass deletes a bounded number of rows. The newest event of all stays: its number is where the next one counts on.
    """
    deleted = 0
    for event_class, days in keep_days.items():
        for device, stream in db.execute("SELECT device, stream FROM streams WHERE class = ?", (event_class,)).fetchall():
            deleted += _prune_stream(db, (device, stream), now - days * 86400, PRUNED_PER_PASS - deleted)
    return deleted


def _prune_stream(db: sqlite3.Connection, key: tuple[str, str], before: float, limit: int) -> int:
    seqs = "FROM events WHERE device = ? AND stream = ?"
    oldest_kept = db.execute(f"SELECT min(seq) {seqs} AND received_at >= ?", (*key, before)).fetchone()[0]
    mark = oldest_kept or db.execute(f"SELECT coalesce(max(seq), 0) + 1 {seqs}", key).fetchone()[0]
    row_beyond = f"SELECT seq {seqs} AND seq < ? ORDER BY seq LIMIT 1 OFFSET ?"
    if beyond := db.execute(row_beyond, (*key, mark, limit)).fetchone():
        mark = beyond[0]
    rows = db.execute(f"DELETE {seqs} AND seq < ? AND n < (SELECT max(n) FROM events)", (*key, mark)).rowcount  # noqa: S608
    if rows:
        db.execute("UPDATE streams SET kept_from = max(kept_from, ?) WHERE device = ? AND stream = ?", (mark, *key))
    return rows


def _alarm_stands(db: sqlite3.Connection, device: str, stream: str) -> bool:
    query = "SELECT 1 FROM alerts WHERE id = ? AND state = 'open'"
    return db.execute(query, (own_id(device, f"missing/{stream}"),)).fetchone() is not None
