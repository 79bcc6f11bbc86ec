"""Births and wills, written down in the writing transaction."""

import json

import msgspec

from collector.core import alerts, presence
from collector.core.delivery import Status
from collector.core.presence import Presence
from collector.store.alerts.alert_book import AlertBook
from collector.store.alerts.own_alarms import settle_fault
from collector.store.engines.db import Db
from event_contract.presence import Birth, StreamBirth
from event_contract.times import format_time

BIRTH_OVERTAKEN_S = 60.0


def announce(book: AlertBook, status: Status) -> None:
    """Write a birth or will down, unless it is older than what is known; a birth's word on its streams included."""
    device, message, at = status.device, status.message, status.received_at
    now = presence.hear(presence_of(book.db, device), message, at)
    if now is None:
        return
    book.db.execute(
        "INSERT INTO devices (device, site, online, since, run, connection, runs, run_since) VALUES (?, '', ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (device) DO UPDATE SET online = excluded.online, since = excluded.since, run = excluded.run,"
        " connection = excluded.connection, runs = excluded.runs, run_since = excluded.run_since",
        (device, int(now.online), now.since, now.run, now.connection, json.dumps(now.runs), now.run_since),
    )
    _end_other_runs(book, device, now, at)
    if isinstance(message, Birth):
        _take_birth(book, device, message, at)


def presence_of(db: Db, device: str) -> Presence | None:
    query = "SELECT online, since, run, connection, runs, run_since FROM devices WHERE device = ?"
    row = db.execute(query, (device,)).fetchone()
    return Presence(bool(row[0]), row[1], row[2], row[3], tuple(json.loads(row[4])), row[5]) if row else None


def _end_other_runs(book: AlertBook, device: str, now: Presence, at: float) -> None:
    """Close what earlier runs left open; the collector's own alarms belong to no run, and stand."""
    for alert in book.open_of(device):
        over_at = now.over_since(alert.run) if alert.run else None
        if over_at is not None:
            after = alerts.end_run(alert, format_time(over_at))
            book.write(at, after, alerts.action(alert, after))


def _take_birth(book: AlertBook, device: str, birth: Birth, at: float) -> None:
    db = book.db
    db.execute("UPDATE devices SET site = ?, birth = ? WHERE device = ?", (birth.site, msgspec.json.encode(birth), device))
    for stream in birth.streams:
        _take_word(db, device, stream, at)
    named = {stream.stream for stream in birth.streams}
    forked = db.execute("SELECT stream FROM streams WHERE device = ? AND forked_at IS NOT NULL", (device,)).fetchall()
    for stream in [stream for (stream,) in forked if stream not in named]:  # the device has gone on to a new stream
        settle_fault(book, device, f"fork/{stream}", at)


def _take_word(db: Db, device: str, told: StreamBirth, at: float) -> None:
    """Numbers are counted from what was unacknowledged when this store came to the stream: another acknowledged the rest.

    The birth that was retained then may be old, and events may overtake the one that follows: it counts as well.
    """
    key = (device, told.stream)
    db.execute("INSERT INTO streams (device, stream, class) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", (*key, told.event_class))
    first_stored = "(SELECT min(seq) FROM events WHERE device = ? AND stream = ?)"
    began = db.execute(
        f"SELECT counted_from, {first_stored} FROM streams WHERE device = ? AND stream = ? AND kept_from = 1"  # noqa: S608
        " AND NOT EXISTS (SELECT 1 FROM events WHERE device = ? AND stream = ? AND received_at < ?)",
        (*key, *key, *key, at - BIRTH_OVERTAKEN_S),
    ).fetchone()
    if began is not None:
        counted_from, stored_from = began
        count_from = told.lowest if stored_from is None else min(told.lowest, stored_from)
        if count_from > counted_from:
            db.execute("UPDATE streams SET counted_from = ? WHERE device = ? AND stream = ?", (count_from, *key))
    db.execute(
        "UPDATE streams SET announced_lowest = ?, announced_highest = ? WHERE device = ? AND stream = ?",
        (told.lowest, told.highest, *key),
    )
