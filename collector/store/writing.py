"""The statements of the writing transaction, on a connection that the caller has begun one on."""

import json
import sqlite3
from dataclasses import dataclass

import msgspec

from collector.core import alerts, presence
from collector.core.alerts import Action, ActionName, Alert, AlertClock
from collector.core.delivery import Event, Status
from collector.core.presence import Presence
from event_contract.messages import Birth, IncidentData, LostData, StreamBirth
from event_contract.times import format_time, parse_time

BIRTH_OVERTAKEN_S = 60.0

@dataclass(frozen=True, slots=True)
class Change:
    """One change of an alert; `body` is the alert as JSON, `seq` numbers all changes of all alerts."""

    seq: int
    action: ActionName
    audible: bool
    body: bytes


def payload_of(db: sqlite3.Connection, device: str, stream: str, seq: int) -> bytes | None:
    row = db.execute("SELECT payload FROM events WHERE device = ? AND stream = ? AND seq = ?", (device, stream, seq)).fetchone()
    return row[0] if row else None


@dataclass(frozen=True, slots=True)
class Stream:
    """`kept_from` is its retention mark; of a forked one nothing new is stored."""

    kept_from: int
    forked: bool


def stream_of(db: sqlite3.Connection, event: Event) -> Stream:
    """A stream never heard of is noted first."""
    db.execute(
        "INSERT OR IGNORE INTO streams (device, stream, class) VALUES (?, ?, ?)",
        (event.device, event.stream, event.event_class),
    )
    key = (event.device, event.stream)
    query = "SELECT kept_from, forked_at IS NOT NULL FROM streams WHERE device = ? AND stream = ?"
    kept_from, forked = db.execute(query, key).fetchone()
    return Stream(kept_from, bool(forked))


def insert(db: sqlite3.Connection, event: Event) -> None:
    clock = event.body.clock if event.body else None
    db.execute(
        "INSERT INTO events (device, stream, seq, class, kind, camera, time, at, clock, boot, mono_s, received_at, late,"
        " payload) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            event.device,
            event.stream,
            event.seq,
            event.event_class,
            event.kind,
            event.camera,
            event.time,
            event.at,
            event.clock,
            clock.boot if clock else None,
            clock.mono_s if clock else None,
            event.received_at,
            event.is_late,
            event.payload,
        ),
    )


def announce(db: sqlite3.Connection, status: Status) -> list[Change]:
    """Write a birth or will down, unless it is older than what is known; a birth's word on its streams included."""
    device, message, at = status.device, status.message, status.received_at
    known = presence_of(db, device)
    now = presence.hear(known, message, at)
    if now is None:
        return []
    db.execute(
        "INSERT INTO devices (device, site, online, since, run, connection, runs, run_since) VALUES (?, '', ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (device) DO UPDATE SET online = excluded.online, since = excluded.since, run = excluded.run,"
        " connection = excluded.connection, runs = excluded.runs, run_since = excluded.run_since",
        (device, now.online, now.since, now.run, now.connection, json.dumps(now.runs), now.run_since),
    )
    changes = _end_other_runs(db, device, now, at)
    return changes + _take_birth(db, device, message, at) if isinstance(message, Birth) else changes


def presence_of(db: sqlite3.Connection, device: str) -> Presence | None:
    query = "SELECT online, since, run, connection, runs, run_since FROM devices WHERE device = ?"
    row = db.execute(query, (device,)).fetchone()
    return Presence(bool(row[0]), row[1], row[2], row[3], tuple(json.loads(row[4])), row[5]) if row else None


def _end_other_runs(db: sqlite3.Connection, device: str, now: Presence, at: float) -> list[Change]:
    """Close what earlier runs left open; the collector's own alarms belong to no run, and stand."""
    changes: list[Change] = []
    for (body,) in db.execute("SELECT body FROM alerts WHERE device = ? AND state = 'open' ORDER BY seq", (device,)).fetchall():
        alert = msgspec.json.decode(body, type=Alert)
        over_at = now.over_since(alert.run) if alert.run else None
        if over_at is not None:
            after = alerts.end_run(alert, format_time(over_at))
            changes += write_alert(db, at, after, alerts.action(alert, after))
    return changes


def _take_birth(db: sqlite3.Connection, device: str, birth: Birth, at: float) -> list[Change]:
    db.execute("UPDATE devices SET site = ?, birth = ? WHERE device = ?", (birth.site, msgspec.json.encode(birth), device))
    for stream in birth.streams:
        _take_word(db, device, stream, at)
    named = {stream.stream for stream in birth.streams}
    forked = db.execute("SELECT stream FROM streams WHERE device = ? AND forked_at IS NOT NULL", (device,)).fetchall()
    left = [stream for (stream,) in forked if stream not in named]  # the device has gone on to a new stream
    return [change for stream in left for change in settle_fault(db, device, f"fork/{stream}", at)]


def _take_word(db: sqlite3.Connection, device: str, told: StreamBirth, at: float) -> None:
    """Numbers are counted from what was unacknowledged when this store came to the stream: another acknowledged the rest.

    The birth that was retained then may be old, and events may overtake the one that follows: it counts as well.
    """
    db.execute(
        "INSERT INTO streams (device, stream, class) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        (device, told.stream, told.event_class),
    )
    db.execute(
        "UPDATE streams SET counted_from = max(counted_from, min(?3,"
        " coalesce((SELECT min(seq) FROM events WHERE device = ?1 AND stream = ?2), ?3)))"
        " WHERE device = ?1 AND stream = ?2 AND kept_from = 1"
        " AND NOT EXISTS (SELECT 1 FROM events WHERE device = ?1 AND stream = ?2 AND received_at < ?4)",
        (device, told.stream, told.lowest, at - BIRTH_OVERTAKEN_S),
    )
    db.execute(
        "UPDATE streams SET announced_lowest = ?, announced_highest = ? WHERE device = ? AND stream = ?",
        (told.lowest, told.highest, device, told.stream),
    )


def mark_forked(db: sqlite3.Connection, event: Event) -> list[Change]:
    """The first fork of a stream raises an alarm; it stands until the device's birth names another stream."""
    key = (event.device, event.stream)
    noted = db.execute(
        "UPDATE streams SET forked_at = ? WHERE device = ? AND stream = ? AND forked_at IS NULL", (event.received_at, *key)
    )
    if not noted.rowcount:
        return []
    detail = {"reason": "forked", "stream": event.stream, "seq": event.seq}
    return raise_fault(db, event.device, f"fork/{event.stream}", detail, event.received_at)


def note_incident(db: sqlite3.Connection, event: Event, incident: IncidentData) -> list[Change]:
    presence_now = presence_of(db, event.device)
    over_at = presence_now.over_since(incident.run) if presence_now else None
    corrected = event.clock == "corrected"
    told = alerts.shifted(incident, event.at - parse_time(event.time)) if corrected else incident
    clock = AlertClock(synced=event.clock == "synced", corrected=corrected)
    report = alerts.Report(event.device, site_of(db, event.device), told, event.is_late, over_at, clock)
    known = alert_of(db, f"{event.device}/{incident.incident}")
    return write_alert(db, event.received_at, *alerts.decide(known, report, event.received_at))


def note_loss(db: sqlite3.Connection, event: Event, lost: LostData) -> list[Change]:
    noted = db.execute(
        "INSERT OR IGNORE INTO lost_notices (device, stream, first, last, reason, received_at) VALUES (?, ?, ?, ?, ?, ?)",
        (event.device, lost.stream, lost.first, lost.last, lost.reason, event.received_at),
    )
    if not noted.rowcount:
        return []
    known = alert_of(db, alerts.own_id(event.device, f"lost/{lost.stream}"))
    site = site_of(db, event.device)
    decided = alerts.lose(known, event.device, site, lost, format_time(event.at), event.received_at)
    return write_alert(db, event.received_at, *decided)


def raise_fault(db: sqlite3.Connection, device: str, incident: str, detail: dict[str, object], now: float) -> list[Change]:
    known = alert_of(db, alerts.own_id(device, incident))
    after = alerts.fault(known, device, site_of(db, device), incident, detail, format_time(now), now, ended=False)
    return write_alert(db, now, after, alerts.action(known, after))


def settle_fault(db: sqlite3.Connection, device: str, incident: str, now: float) -> list[Change]:
    """Close the collector's own alarm, if it stands open."""
    known = alert_of(db, alerts.own_id(device, incident))
    if known is None or known.state == "closed":
        return []
    after = alerts.fault(known, device, known.site, incident, known.detail, format_time(now), now, ended=True)
    return write_alert(db, now, after, alerts.action(known, after))


def site_of(db: sqlite3.Connection, device: str) -> str:
    row = db.execute("SELECT site FROM devices WHERE device = ?", (device,)).fetchone()
    return row[0] if row else ""


def alert_of(db: sqlite3.Connection, alert_id: str) -> Alert | None:
    row = db.execute("SELECT body FROM alerts WHERE id = ?", (alert_id,)).fetchone()
    return msgspec.json.decode(row[0], type=Alert) if row else None


def write_alert(db: sqlite3.Connection, now: float, alert: Alert | None, action: Action | None) -> list[Change]:
    """Append the change and make it the alert's newest state; nothing without an action."""
    if alert is None or action is None:
        return []
    seq: int = db.execute("SELECT coalesce(max(seq), 0) + 1 FROM alert_changes").fetchone()[0]
    body = msgspec.json.encode(msgspec.structs.replace(alert, seq=seq))
    db.execute(
        "INSERT INTO alert_changes (seq, alert, action, audible, body, changed_at) VALUES (?, ?, ?, ?, ?, ?)",
        (seq, alert.id, action.name, action.audible, body, now),
    )
    db.execute(
        "INSERT OR REPLACE INTO alerts (id, seq, state, kind, device, body) VALUES (?, ?, ?, ?, ?, ?)",
        (alert.id, seq, alert.state, alert.kind, alert.device, body),
    )
    return [Change(seq, action.name, action.audible, body)]
