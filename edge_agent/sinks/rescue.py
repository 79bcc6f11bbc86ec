"""What can be read of a damaged outbox, and where the file goes: it is set aside, for whoever wants to look at it.

A new outbox is made beside the damaged one and takes its place when it is complete; whatever is interrupted here is either
begun anew or brought to its end at the next start.
"""

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice, pairwise
from pathlib import Path

import msgspec

from edge_agent.core.delivery import Delete, as_ranges
from edge_agent.sinks.damage import Row, is_checked, is_twin, is_whole, open_to_read
from edge_agent.sinks.lanes import ROWS_AT_ONCE, SEQ_BITS
from edge_agent.sinks.outbox_file import is_full
from edge_agent.sinks.shelf import Shelf
from event_contract.kinds import EVENT_CLASSES, EventClass
from event_contract.messages import CloudEvent, parse_message_id

KEPT = 3
PROBES = 20_000  # into damaged parts, then it is enough
LANES_GUESSED = range(1, 9)  # where the table of the streams cannot be read
FIELDS = "SELECT key, at_s, notice, payload, crc FROM messages"


@dataclass(frozen=True, slots=True)
class Rescued:
    """A message as it waited."""

    event_class: EventClass
    stream: str
    seq: int
    notice: bool
    payload: bytes


def carry_over(path: Path, shelf: Shelf, acknowledged: Sequence[Delete] = ()) -> dict[str, int]:
    """Into the streams of `shelf`, incidents first, what can be read and is not acknowledged; notices name the rest.

    Returns how many messages came over. A full disk ends it early: the file stays where it is set aside.
    """
    came: dict[str, list[int]] = {}
    try:
        for event_class in EVENT_CLASSES:
            found = (one for one in _readable(path, event_class) if not _is_among(one, acknowledged))
            while some := list(islice(found, ROWS_AT_ONCE)):
                with shelf.transaction():
                    shelf.adopt(event_class, [(one.payload, one.notice) for one in some])
                for one in some:
                    came.setdefault(one.stream, []).append(one.seq)
        for stream, (event_class, last) in _last_numbers(path).items():
            if seqs := came.get(stream):
                with shelf.transaction():
                    shelf.renounce(event_class, stream, last, _fates(seqs, last))
    except sqlite3.OperationalError as error:
        if not is_full(error):
            raise
    return {"carried_over": sum(map(len, came.values()))}


def _fates(seqs: list[int], last: int) -> Iterator[tuple[int, int, str]]:
    """From the first number that came over to the last that was given."""
    there = as_ranges(sorted(seqs))
    for (first, to), following in pairwise([*there, (last + 1, last)]):
        yield first, to, "forked"
        if to + 1 < following[0]:
            yield to + 1, following[0] - 1, "damaged"


def _is_among(one: Rescued, acknowledged: Sequence[Delete]) -> bool:
    return any(done.stream == one.stream and done.first <= one.seq <= done.last for done in acknowledged)


def _readable(path: Path, event_class: EventClass) -> Iterator[Rescued]:
    """The messages of a class that are whole, in order."""
    try:
        with closing(open_to_read(path)) as connection:
            checked = is_checked(connection)
            for row in _rows(connection):
                if is_whole(row, checked) and (found := _message(row)) and found.event_class == event_class:
                    yield found
    except sqlite3.Error:
        return  # not even a table can be read


def _last_numbers(path: Path) -> dict[str, tuple[EventClass, int]]:
    """The streams, as far as they can be read: their class, and their highest number."""
    try:
        with closing(open_to_read(path)) as connection:
            rows = connection.execute("SELECT stream, class, next_seq, twin FROM streams").fetchall()
    except (sqlite3.Error, ValueError):
        return {}
    return {
        stream: (event_class, next_seq - 1) for stream, event_class, next_seq, twin in rows
        if isinstance(stream, str) and event_class in EVENT_CLASSES and is_twin(next_seq, twin, checked=False)
    }  # fmt: skip


def draft_of(path: Path) -> Path:
    """Where a new outbox is made, empty: what an interrupted rescue has left there is brought to its end or cleared."""
    draft = path.with_name(f"{path.name}.new")
    if draft.exists() and not path.exists():
        for name in _with_log(path):
            name.unlink(missing_ok=True)  # the log of the damaged one
        draft.replace(path)
    for name in _with_log(draft):
        name.unlink(missing_ok=True)
    return draft


def put_in_place(path: Path, draft: Path, max_bytes: int, now: datetime | None = None) -> Path:
    """The damaged file goes aside, the new one takes its place. At most 3 are kept, and of `max_bytes` together."""
    aside = path.with_name(f"{path.name}.damaged-{now or datetime.now(UTC):%Y%m%dT%H%M%SZ}")
    for name, other in zip(_with_log(path), _with_log(aside), strict=True):
        if name.exists():
            name.replace(other)
    _with_log(aside)[-1].unlink(missing_ok=True)  # what SQLite shares among processes is no news of anybody
    draft.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    _forget(path, max_bytes)
    return aside


def _forget(path: Path, max_bytes: int) -> None:
    kept = sorted(one for one in path.parent.glob(f"{path.name}.damaged-*Z"))
    room = max_bytes
    for age, one in enumerate(reversed(kept)):
        files = [name for name in _with_log(one) if name.exists()]
        room -= sum(name.stat().st_size for name in files)
        if age >= KEPT or room < 0:
            for name in files:
                name.unlink()


def _with_log(path: Path) -> list[Path]:
    return [path, *(path.with_name(f"{path.name}{ending}") for ending in ("-wal", "-shm"))]


def _rows(connection: sqlite3.Connection) -> Iterator[Row]:
    """Every row that can be read, lane by lane, in order."""
    try:
        ends = connection.execute("SELECT number, next_seq FROM streams ORDER BY number").fetchall()
    except sqlite3.Error:
        ends = [(number, None) for number in LANES_GUESSED]
    probes = iter(range(PROBES))
    for number, next_seq in ends:
        low, high = number << SEQ_BITS, number + 1 << SEQ_BITS
        with suppress(sqlite3.Error):  # no end in sight: only what lies before the damage
            newest = connection.execute("SELECT max(key) FROM messages WHERE key < ?", (high,)).fetchone()[0]
            next_seq = next_seq or max(newest - low, 0) + 1
        yield from _stretch(connection, low, low + next_seq if next_seq else high, probes)


def _stretch(connection: sqlite3.Connection, low: int, high: int, probes: Iterator[int]) -> Iterator[Row]:
    """Up to the damage; what lies behind it is read in halves, until a half begins behind the damaged page."""
    try:
        for row in connection.execute(f"{FIELDS} WHERE key >= ? AND key < ? ORDER BY key", (low, high)):
            low = row[0] + 1
            yield row
    except sqlite3.Error:
        if high - low > 1 and next(probes, None) is not None:
            middle = (low + high) // 2
            yield from _stretch(connection, low, middle, probes)
            yield from _stretch(connection, middle, high, probes)


def _message(row: Row) -> Rescued | None:
    """What the payload itself says: the table of the streams may be what is damaged."""
    try:
        event = msgspec.json.decode(row[3], type=CloudEvent)
    except ValueError:
        return None
    key = parse_message_id(event.id)
    event_class = next((one for one in EVENT_CLASSES if event.type.split(".")[-3:-2] == [one]), None)
    return Rescued(event_class, *key, bool(row[2]), row[3]) if key and event_class else None
