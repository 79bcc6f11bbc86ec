"""Subscribers in the store; what they are to be told is queued in the transaction that changes the alert."""

from collections.abc import Collection, Iterable

import msgspec

from collector.core import subscribing
from collector.core.alerts import Action, Alert
from collector.core.subscribing import Held, Subscriber
from collector.store.engines.db import Db


def all_of(db: Db) -> list[Subscriber]:
    return [_decoder.decode(body) for (body,) in db.execute("SELECT body FROM subscribers ORDER BY name").fetchall()]


def named(db: Db, name: str) -> Subscriber | None:
    row = db.execute("SELECT body FROM subscribers WHERE name = ?", (name,)).fetchone()
    return _decoder.decode(row[0]) if row else None


def put(db: Db, subscriber: Subscriber) -> Subscriber:
    """Add it, or replace the one with its id."""
    db.execute(
        "INSERT INTO subscribers (id, name, body) VALUES (?, ?, ?)"
        " ON CONFLICT (id) DO UPDATE SET name = excluded.name, body = excluded.body",
        (subscriber.id, subscriber.wish.name, msgspec.json.encode(subscriber)),
    )
    return subscriber


def remove(db: Db, subscriber: Subscriber) -> None:
    """With all that was queued for it."""
    db.execute("DELETE FROM deliveries WHERE subscriber = ?", (subscriber.id,))
    db.execute("DELETE FROM subscribers WHERE id = ?", (subscriber.id,))


def queue(db: Db, changes: Iterable[tuple[Alert, Action, float]]) -> None:
    """Changed alerts with their new `seq`, what happened and when: one row for each subscriber that wants to hear of it."""
    subscribers = [one for one in all_of(db) if one.disabled is None]
    rows = [
        (subscriber.id, alert.seq, now, *_due(subscriber, alert, now))
        for alert, action, now in (changes if subscribers else ())
        for subscriber in subscribers
        if subscribing.wants(subscriber, alert, action)
    ]
    if rows:
        db.executemany("INSERT INTO deliveries (subscriber, seq, queued_at, due_at, held) VALUES (?, ?, ?, ?, ?)", rows)


def queue_anew(db: Db, subscriber: Subscriber, known: Collection[int], now: float) -> None:
    """All that stands, as it stands, but for the changes that are `known` there; what waits already waits on."""
    rows = db.execute("SELECT body FROM alerts WHERE state = 'open' ORDER BY seq").fetchall()
    standing = (_alert.decode(body) for (body,) in rows)
    db.executemany(
        "INSERT INTO deliveries (subscriber, seq, queued_at, due_at, held) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (subscriber, seq) DO UPDATE SET due_at = excluded.due_at, held = excluded.held, summary = NULL,"
        " tries = 0, delivered = 0, settled_at = NULL WHERE deliveries.settled_at IS NOT NULL",
        [
            (subscriber.id, alert.seq, now, *_due(subscriber, alert, now))
            for alert in standing
            if alert.seq not in known and subscribing.wants(subscriber, alert, Action("update", audible=alert.heard))
        ],
    )


def _due(subscriber: Subscriber, alert: Alert, now: float) -> tuple[float, Held | None]:
    until = None if subscribing.urgent(subscriber.wish, alert.severity) else subscribing.quiet_until(subscriber, now)
    return (now, None) if until is None else (until, "quiet")


_decoder = msgspec.json.Decoder(Subscriber)
_alert = msgspec.json.Decoder(Alert)
