"""How a device fares by its own last words, and whether the collector misses it."""

from typing import Any

import msgspec

from collector.core.alerts import own_id
from collector.store.engines.db import Db
from collector.store.upkeep.silence import ALARM
from event_contract.messages import CloudEvent, HealthData
from event_contract.times import format_time

NEWEST = 50  # events, among which a device's health figures are looked for: it sends them every minute


def wellbeing(db: Db, device: str) -> dict[str, Any]:
    """`clock` is that of its newest event; `outbox` is what waited there when it last told."""
    last = db.execute("SELECT received_at, clock FROM events WHERE device = ? ORDER BY n DESC LIMIT 1", (device,)).fetchone()
    alarm = db.execute("SELECT 1 FROM alerts WHERE id = ? AND told = 'open'", (own_id(device, ALARM),)).fetchone()
    return {
        "last_event_at": format_time(last[0]) if last else None,
        "clock": last[1] if last else None,
        "silent": alarm is not None,
        "outbox": outbox(db, device),
    }


def outbox(db: Db, device: str) -> dict[str, Any] | None:
    """What waited in a device's outbox when it last told."""
    told = health(db, device)
    if told is None:
        return None
    figures, at = told
    return {
        "messages": figures.outbox_messages,
        "bytes": figures.outbox_bytes,
        "oldest_s": figures.oldest_unacknowledged_s,
        "told_at": format_time(at),
    }


def health(db: Db, device: str) -> tuple[HealthData, float] | None:
    """A device's newest figures, and when it told them, in Unix seconds."""
    newest = "SELECT told.n, told.kind FROM events AS told WHERE told.device = ? ORDER BY told.n DESC LIMIT ?"
    health_n = f"SELECT max(own.n) FROM ({newest}) AS own WHERE own.kind = 'health'"  # noqa: S608 - constants
    query = f"SELECT payload, at FROM events WHERE clock <> 'unknown' AND n = ({health_n})"  # noqa: S608
    row = db.execute(query, (device, NEWEST)).fetchone()
    if row is None:
        return None
    return msgspec.json.decode(msgspec.json.decode(row[0], type=CloudEvent).data, type=HealthData), row[1]
