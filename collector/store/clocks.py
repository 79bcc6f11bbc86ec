"""What a device told while its clock was not set gets its right time as soon as that boot's offset is known."""

import sqlite3

import msgspec

from collector.core import alerts
from collector.core.alerts import Action
from collector.core.delivery import Event, correct
from collector.store.writing import Change, alert_of, write_alert
from event_contract.messages import CloudEvent, IncidentData, decode_body


def set_clock(db: sqlite3.Connection, event: Event) -> tuple[Event, list[Change]]:
    """A synchronised event sets its boot's offset, and earlier unsynchronised ones right; an unsynchronised one uses it."""
    if event.body is None:
        return event, []
    boot, mono_s = event.body.clock.boot, event.body.clock.mono_s
    known = db.execute("SELECT offset_s FROM boots WHERE device = ? AND boot = ?", (event.device, boot)).fetchone()
    if event.clock == "unsynced":
        return (correct(event, known[0]) if known else event), []
    if known is not None:
        return event, []
    offset_s = event.at - mono_s
    changes = _set_alerts_right(db, event, boot, offset_s)
    db.execute("INSERT INTO boots (device, boot, offset_s) VALUES (?, ?, ?)", (event.device, boot, offset_s))
    db.execute(
        "UPDATE events SET at = mono_s + ?, clock = 'corrected' WHERE device = ? AND boot = ? AND clock = 'unsynced'",
        (offset_s, event.device, boot),
    )
    return event, changes


def _set_alerts_right(db: sqlite3.Connection, setting: Event, boot: str, offset_s: float) -> list[Change]:
    changes: list[Change] = []
    rows = db.execute(
        "SELECT payload, mono_s + ? - at FROM events"
        " WHERE device = ? AND boot = ? AND class = 'incident' AND clock = 'unsynced' ORDER BY n",
        (offset_s, setting.device, boot),
    ).fetchall()
    for payload, by_s in rows:
        body = decode_body(msgspec.json.decode(payload, type=CloudEvent).data)
        alert = alert_of(db, f"{setting.device}/{body.incident}") if isinstance(body, IncidentData) else None
        if alert is not None and isinstance(body, IncidentData):
            after = alerts.set_right(alert, body, by_s)
            action = Action("update", audible=False) if after != alert else None
            changes += write_alert(db, setting.received_at, after, action)
    return changes
