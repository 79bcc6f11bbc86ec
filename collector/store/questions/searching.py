"""Events of a span of time, page by page in the order of their commits, however many there are."""

from dataclasses import dataclass
from typing import Any

from collector.store.engines.db import Db
from collector.store.questions.queries import told_event

NUMBERS_PER_PAGE = 100_000  # a page looks at so many at most: one that finds little comes back as quickly


@dataclass(frozen=True, slots=True)
class Wanted:
    """`first_s` <= time of the event < `before_s`, in Unix seconds, by its corrected time."""

    first_s: float
    before_s: float
    device: str | None = None
    event_class: str | None = None
    kind: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """`next`: the number up to which was looked; after `newest` there is nothing more."""

    events: list[dict[str, Any]]
    next: int
    newest: int


def search(db: Db, wanted: Wanted, after: int, limit: int) -> Page:
    newest: int = db.execute("SELECT coalesce(max(n), 0) FROM events").fetchone()[0]
    until = newest if wanted.device is not None else max(after, min(after + NUMBERS_PER_PAGE, newest))
    times: tuple[object, ...] = (wanted.first_s, wanted.before_s)
    chosen = {"class = ?": wanted.event_class, "kind = ?": wanted.kind}
    given = {condition: value for condition, value in chosen.items() if value is not None}
    if wanted.device is None:
        condition = "at >= ? AND at < ?"
    else:  # the index by device and time says which they are; else the whole history of the device would be read
        condition = "n IN (SELECT own.n FROM events AS own WHERE own.device = ? AND own.at >= ? AND own.at < ?)"
        times = (wanted.device, *times)
    rows = db.execute(
        "SELECT n, device, stream, seq, class, kind, received_at, at, clock, late, payload FROM events"  # noqa: S608
        f" WHERE n > ? AND n <= ? AND {condition}{''.join(f' AND {one}' for one in given)} ORDER BY n LIMIT ?",
        (after, until, *times, *given.values(), limit),
    ).fetchall()
    return Page([told_event(row) for row in rows], rows[-1][0] if len(rows) == limit else until, newest)
