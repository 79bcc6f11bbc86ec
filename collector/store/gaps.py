"""Which numbers of each stream are missing, and the alarm for those that stay so.

A stream may have millions of events, and is looked at every few seconds. So what was looked at is remembered with it: up to
`checked_to` all numbers are answered but those in `checked_gaps`. A number that was answered once never goes missing again.
"""

import msgspec

from collector.core import delivery
from collector.core.alerts import own_id
from collector.core.delivery import SEQ_LIMIT, Range
from collector.store.alert_book import AlertBook
from collector.store.db import Db
from collector.store.own_alarms import raise_fault, settle_fault

MISSING_ALARM_S = 600.0
GAPS_REMEMBERED = 100  # of a stream with more, what lies beyond is looked at again


def stored(db: Db, device: str, stream: str, first: int = 0, last: int = SEQ_LIMIT) -> tuple[Range, ...]:
    """The sequence numbers from `first` to `last` of the stream's events that the store holds."""
    these = "FROM events WHERE device = ? AND stream = ? AND seq BETWEEN ? AND ?"
    within = (device, stream, first, last)
    count, lowest, highest = db.execute(f"SELECT count(*), min(seq), max(seq) {these}", within).fetchone()
    if count == 0:
        return ()
    if count == highest - lowest + 1:
        return ((lowest, highest),)
    islands = db.execute(
        "SELECT min(seq), max(seq) FROM (SELECT seq, seq - row_number() OVER (ORDER BY seq) AS island"  # noqa: S608
        f" {these}) AS numbered GROUP BY island",
        within,
    )
    return delivery.union((low, high) for low, high in islands)


def dead_lettered(db: Db, device: str, stream: str) -> tuple[Range, ...]:
    """Those of its messages that became dead letters and were acknowledged, whether the letter is still kept or not."""
    key = (device, stream)
    kept = db.execute("SELECT seq, seq FROM dead_letters WHERE device = ? AND stream = ?", key).fetchall()
    evicted = db.execute("SELECT first, last FROM dead_ranges WHERE device = ? AND stream = ?", key).fetchall()
    return delivery.union((first, last) for first, last in (*kept, *evicted))


def named_lost(db: Db, device: str, stream: str) -> tuple[Range, ...]:
    key = (device, stream)
    rows = db.execute("SELECT first, last FROM lost_notices WHERE device = ? AND stream = ?", key)
    return delivery.union((first, last) for first, last in rows)


def missing(db: Db, device: str, stream: str) -> tuple[Range, ...]:
    """Numbers that were given out, that the store does not hold and that no notice names."""
    return _look(db, device, stream)[0]


def _look(db: Db, device: str, stream: str) -> tuple[tuple[Range, ...], int]:
    """What is missing, and the highest number known to have been given out."""
    key = (device, stream)
    first, announced, checked_to, remembered = db.execute(
        "SELECT CASE WHEN counted_from > kept_from THEN counted_from ELSE kept_from END, coalesce(announced_highest, 0),"
        " checked_to, checked_gaps FROM streams WHERE device = ? AND stream = ?",
        key,
    ).fetchone()
    newest = db.execute("SELECT coalesce(max(seq), 0) FROM events WHERE device = ? AND stream = ?", key).fetchone()[0]
    dead = dead_lettered(db, *key)
    highest = max([announced, newest, *(last for _, last in dead)])
    doubtful = [*msgspec.json.decode(remembered, type=list[Range]), (checked_to + 1, highest)]
    elsewhere = (*dead, *named_lost(db, *key))
    gaps: list[Range] = []
    for low, high in ((max(low, first), min(high, highest)) for low, high in doubtful):
        if low <= high:
            gaps += delivery.missing(low, high, (*stored(db, *key, low, high), *elsewhere))
    return delivery.union(gaps), highest


def _remember(db: Db, device: str, stream: str, gaps: tuple[Range, ...], highest: int) -> None:
    kept = gaps[:GAPS_REMEMBERED]
    checked_to = highest if kept == gaps else kept[-1][1]
    db.execute(
        "UPDATE streams SET checked_to = ?, checked_gaps = ? WHERE device = ? AND stream = ?",
        (checked_to, msgspec.json.encode(kept).decode(), device, stream),
    )


def watch(book: AlertBook, now: float) -> None:
    """A number missing for 10 minutes while its device is connected is an alarm, until it comes or is named lost."""
    db = book.db
    streams = db.execute(
        "SELECT device, stream, missing_first, missing_since, online FROM streams JOIN devices USING (device)"
    ).fetchall()
    for device, stream, known_first, since, online in streams:
        gaps, highest = _look(db, device, stream)
        _remember(db, device, stream, gaps, highest)
        first = gaps[0][0] if gaps else None
        timed = bool(gaps and online)
        begun = since if timed and first == known_first and since is not None else now if timed else None
        if (first, begun) != (known_first, since):
            db.execute(
                "UPDATE streams SET missing_first = ?, missing_since = ? WHERE device = ? AND stream = ?",
                (first, begun, device, stream),
            )
        if not gaps:
            settle_fault(book, device, f"missing/{stream}", now)
        elif begun is not None and now - begun >= MISSING_ALARM_S and not _alarm_stands(book, device, stream):
            detail: dict[str, object] = {"reason": "missing", "stream": stream, "first": first, "messages": delivery.size(gaps)}
            raise_fault(book, device, f"missing/{stream}", detail, now)


def _alarm_stands(book: AlertBook, device: str, stream: str) -> bool:
    alarm = book.of(own_id(device, f"missing/{stream}"))
    return alarm is not None and alarm.state == "open"
