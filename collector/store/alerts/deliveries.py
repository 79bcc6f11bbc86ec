"""What subscribers are to be told and were told: one row per subscriber and change of an alert.

What quiet hours or a limit held back comes as a summary: the rows in it share its number, so every try has the same id.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from collector.core import alerts
from collector.core.subscribing import Held, Subscriber, message_id
from collector.store.alerts import subscriptions
from collector.store.alerts.alert_book import AlertBook
from collector.store.alerts.own_alarms import raise_fault, settle_fault
from collector.store.engines.db import Db
from event_contract.times import format_time
from event_contract.topics import COLLECTOR

KEPT_S = 7 * 86_400.0
PRUNED_PER_PASS = 5_000
MOST_SUMMED = 200  # changes in one summary


@dataclass(frozen=True, slots=True)
class Due:
    """A change that a subscriber is to hear of now; `body` is the alert as JSON, `newest`: it has not changed since."""

    seq: int
    tries: int
    held: Held | None
    summary: int | None
    action: str
    changed_at: float
    body: bytes
    newest: bool  # 0 or 1 with SQLite


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of one try: it went through (`next_at` is unset), is tried again at `next_at`, or is given up."""

    subscriber: str
    seq: int
    tries: int
    at: float
    outcome: str  # `200`, `503`, `timeout`
    delivered: bool
    next_at: float | None = None
    gone: bool = False  # the receiver wants nothing any more

    @property
    def settled_at(self) -> float | None:
        return self.at if self.next_at is None else None


@dataclass(frozen=True, slots=True)
class Counts:
    """Of one subscriber: what waits, and how much of that is held back."""

    waiting: int = 0
    held: int = 0


NOTHING_WAITS = Counts()


def due(db: Db, subscriber: str, now: float, limit: int) -> list[Due]:
    """What is due first, first; a summary, whose rows are due together, wholly or not at all."""
    rows = db.execute(
        "SELECT deliveries.seq, tries, held, summary, action, changed_at, alert_changes.body, alerts.seq IS NOT NULL"
        " FROM deliveries JOIN alert_changes ON alert_changes.seq = deliveries.seq"
        " LEFT JOIN alerts ON alerts.seq = deliveries.seq"
        " WHERE subscriber = ? AND settled_at IS NULL AND due_at <= ?"
        " ORDER BY due_at, coalesce(summary, deliveries.seq), deliveries.seq LIMIT ?",
        (subscriber, now, limit),
    ).fetchall()
    found = [Due(*row) for row in rows]
    if len(found) == limit and (last := found[-1].summary) is not None and found[0].summary != last:
        found = [one for one in found if one.summary != last]
    return found


def hold(db: Db, subscriber: str, seqs: Sequence[int], until: float) -> None:
    """There is no room for them in this minute."""
    db.executemany(
        "UPDATE deliveries SET held = coalesce(held, 'rate'), due_at = ? WHERE subscriber = ? AND seq = ?",
        [(until, subscriber, seq) for seq in seqs],
    )


def sum_up(db: Db, subscriber: str, now: float) -> None:
    """Put what was held and is due now into summaries."""
    found = db.execute(
        "SELECT seq FROM deliveries WHERE subscriber = ? AND settled_at IS NULL AND due_at <= ?"
        " AND held IS NOT NULL AND summary IS NULL ORDER BY seq",
        (subscriber, now),
    ).fetchall()
    seqs = [seq for (seq,) in found]
    parts = [seqs[n : n + MOST_SUMMED] for n in range(0, len(seqs), MOST_SUMMED)]
    db.executemany(
        "UPDATE deliveries SET summary = ?, due_at = ? WHERE subscriber = ? AND seq = ?",
        [(part[-1], now, subscriber, seq) for part in parts for seq in part],
    )


def note(book: AlertBook, tried: Sequence[Tried], back: Sequence[str], now: float) -> None:
    """Write tries down; for subscribers that are `back` all that waits is due. Giving up is an alarm until one gets through."""
    book.db.executemany(
        "UPDATE deliveries SET tries = ?, tried_at = ?, outcome = ?, delivered = ?, due_at = coalesce(?, due_at),"
        " settled_at = ? WHERE subscriber = ? AND seq = ?",
        [
            (one.tries, one.at, one.outcome, int(one.delivered), one.next_at, one.settled_at, one.subscriber, one.seq)
            for one in tried
        ],
    )
    book.db.executemany(
        "UPDATE deliveries SET due_at = ? WHERE subscriber = ? AND settled_at IS NULL AND due_at > ? AND tries > 0",
        [(now, subscriber, now) for subscriber in back],
    )
    by_id = {one.id: one for one in subscriptions.all_of(book.db)}
    for name in dict.fromkeys(one.subscriber for one in tried):
        if name in by_id:
            _judge(book, by_id[name], [one for one in tried if one.subscriber == name], now)


def _judge(book: AlertBook, subscriber: Subscriber, tried: Sequence[Tried], now: float) -> None:
    lost = [one for one in tried if not one.delivered and one.next_at is None]
    if any(one.delivered for one in tried):
        settle_fault(book, COLLECTOR, subscriber.alarm, now)
    elif lost:
        standing = book.of(alerts.own_id(COLLECTOR, subscriber.alarm))
        if standing is None or standing.told == "closed":  # once: changes of the alarm are told to others, too
            detail: dict[str, object] = {"reason": "subscriber", "subscriber": subscriber.wish.name, "outcome": lost[0].outcome}
            raise_fault(book, COLLECTOR, subscriber.alarm, detail, now)
    if any(one.gone for one in lost):
        disable(book.db, subscriber, "the receiver answered 410 Gone", now)


def disable(db: Db, subscriber: Subscriber, why: str, now: float) -> None:
    """Nothing is queued for it any more, and what waits is not sent."""
    subscriptions.put(db, msgspec.structs.replace(subscriber, disabled=why))
    db.execute(
        "UPDATE deliveries SET settled_at = ?, outcome = 'disabled' WHERE subscriber = ? AND settled_at IS NULL",
        (now, subscriber.id),
    )


def listed(db: Db, subscriber: Subscriber, limit: int, before: int | None) -> list[dict[str, Any]]:
    """The newest change first."""
    rows = db.execute(
        "SELECT seq, queued_at, due_at, tries, tried_at, outcome, delivered, settled_at, held, summary FROM deliveries"
        " WHERE subscriber = ? AND seq < ? ORDER BY seq DESC LIMIT ?",
        (subscriber.id, 1 << 62 if before is None else before, limit),
    )
    return [
        {
            "seq": row["seq"],
            "message_id": message_id(subscriber.id, row["seq"], row["summary"]),
            "state": "waiting" if row["settled_at"] is None else "delivered" if row["delivered"] else "given_up",
            "held": row["held"],
            "tries": row["tries"],
            "outcome": row["outcome"],
            "queued_at": format_time(row["queued_at"]),
            "tried_at": row["tried_at"] and format_time(row["tried_at"]),
            "due_at": format_time(row["due_at"]) if row["settled_at"] is None else None,
        }
        for row in rows.fetchall()
    ]


def counts(db: Db) -> dict[str, Counts]:
    """By subscriber, of those for whom something waits."""
    query = (
        "SELECT subscriber, count(*), count(CASE WHEN held IS NOT NULL AND summary IS NULL THEN 1 END)"
        " FROM deliveries WHERE settled_at IS NULL GROUP BY subscriber"
    )
    return {row[0]: Counts(row[1], row[2]) for row in db.execute(query).fetchall()}


def prune(db: Db, now: float) -> int:
    """What was settled a week ago, and what waits although its change is no longer kept."""
    old = "SELECT subscriber, seq FROM deliveries WHERE settled_at < ? ORDER BY settled_at LIMIT ?"
    rows = db.execute(f"DELETE FROM deliveries WHERE (subscriber, seq) IN ({old})", (now - KEPT_S, PRUNED_PER_PASS)).rowcount  # noqa: S608
    kept_from = "(SELECT kept_from FROM alert_retention)"
    rows += db.execute(
        f"DELETE FROM deliveries WHERE settled_at IS NULL AND seq < {kept_from}"  # noqa: S608
        " AND NOT EXISTS (SELECT 1 FROM alert_changes WHERE alert_changes.seq = deliveries.seq)"
    ).rowcount
    return rows
