"""Which numbers of each stream are missing, and the alarm for those that stay so.

A stream may have millions of events, and is looked at every few seconds. So what was looked at is remembered with it: up to
`checked_to` all numbers are answered but those in `checked_gaps`. A number that was answered once never goes missing again.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from collector.core import delivery
from collector.core.alerts import own_id
from collector.core.delivery import SEQ_LIMIT, Range
from collector.store.alerts.alert_book import AlertBook
from collector.store.alerts.own_alarms import raise_fault, settle_fault
from collector.store.engines.db import Db, Row

MISSING_ALARM_S = 600.0
WORTH_REMEMBERING = 64  # numbers; fewer are counted again at the next look
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


@dataclass(frozen=True, slots=True)
class Numbers:
    """What became of a stream's numbers. `highest` is the highest one known to have been given out."""

    stored: tuple[Range, ...]
    missing: tuple[Range, ...]
    highest: int


def missing(db: Db, device: str, stream: str) -> tuple[Range, ...]:
    """Numbers that were given out, that the store does not hold and that no notice names."""
    return _look(db, device, stream)[0]


def survey(db: Db, device: str | None = None) -> Iterator[tuple[Row, Numbers]]:
    """Every stream, of one device or of all: its row, with `online` of its device, and its numbers.

    One question for all: a stream of which nothing is missing, buried or lost, and most are such, needs no other.
    """
    whose, given = ("", ()) if device is None else ("WHERE streams.device = ? ", (device,))
    for row in db.execute(f"{_SURVEY} {whose}ORDER BY streams.device, streams.stream", given).fetchall():
        first = max(row["counted_from"], row["kept_from"])
        lowest, newest, looked_to = row["lowest"], row["newest"] or 0, max(row["checked_to"], first - 1)
        highest = max(row["announced_highest"] or 0, newest)
        sound = row["checked_gaps"] == "[]" and not row["elsewhere"] and (lowest is None or lowest >= first)
        if sound and row["fresh"] == highest - looked_to:
            yield row, Numbers(() if lowest is None else ((lowest, newest),), (), highest)
        else:
            yield row, _numbers(db, row, first)


_OF_STREAM = "WHERE {0}.device = streams.device AND {0}.stream = streams.stream"
_SURVEY = (
    "SELECT streams.*, devices.online AS online,"  # noqa: S608 - constants
    f" (SELECT min(low.seq) FROM events AS low {_OF_STREAM.format('low')}) AS lowest,"
    f" (SELECT max(high.seq) FROM events AS high {_OF_STREAM.format('high')}) AS newest,"
    f" (SELECT count(*) FROM events AS late {_OF_STREAM.format('late')} AND late.seq > streams.checked_to) AS fresh,"
    f" (SELECT count(*) FROM dead_ranges AS gone {_OF_STREAM.format('gone')})"
    f" + (SELECT count(*) FROM lost_notices AS lost {_OF_STREAM.format('lost')})"
    f" + (SELECT count(*) FROM dead_letters AS dead {_OF_STREAM.format('dead')}) AS elsewhere"
    " FROM streams LEFT JOIN devices ON devices.device = streams.device"
)


def _numbers(db: Db, row: Row, first: int) -> Numbers:
    """Those that are stored follow from those that are missing: numbers in a notice or a letter alone have to be looked up."""
    key = (row["device"], row["stream"])
    gaps, highest = _look(db, *key)
    lowest, newest = row["lowest"], row["newest"]
    if lowest is None:
        return Numbers((), gaps, highest)
    elsewhere = delivery.union((*dead_lettered(db, *key), *named_lost(db, *key)))
    sure = delivery.missing(max(lowest, first), newest, (*gaps, *elsewhere))
    doubtful = [*elsewhere, (lowest, first - 1)]
    found = [one for low, high in doubtful if low <= high for one in stored(db, *key, low, high)]
    return Numbers(delivery.union((*sure, *found)), gaps, highest)


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


def _remember(db: Db, row: Row, numbers: Numbers) -> None:
    kept = numbers.missing[:GAPS_REMEMBERED]
    checked_to = numbers.highest if kept == numbers.missing else kept[-1][1]
    gaps = msgspec.json.encode(kept).decode()
    if gaps != row["checked_gaps"] or not 0 <= checked_to - row["checked_to"] < WORTH_REMEMBERING:
        db.execute(
            "UPDATE streams SET checked_to = ?, checked_gaps = ? WHERE device = ? AND stream = ?",
            (checked_to, gaps, row["device"], row["stream"]),
        )


def watch(book: AlertBook, now: float, device: str | None = None) -> None:
    """A number missing for 10 minutes while its device is connected is an alarm, until it comes or is named lost."""
    for row, numbers in survey(book.db, device):
        _remember(book.db, row, numbers)
        if row["online"] is not None and (numbers.missing or row["missing_first"] is not None):
            _time(book, row, numbers.missing, now)


def _time(book: AlertBook, row: Row, gaps: tuple[Range, ...], now: float) -> None:
    """Since when the first of the missing numbers has been missing, and what follows."""
    device, stream, since = row["device"], row["stream"], row["missing_since"]
    first = gaps[0][0] if gaps else None
    timed = bool(gaps and row["online"])
    begun = since if timed and first == row["missing_first"] and since is not None else now if timed else None
    if (first, begun) != (row["missing_first"], since):
        book.db.execute(
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
    return alarm is not None and alarm.told == "open"
