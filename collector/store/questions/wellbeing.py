"""How devices fare by their own last words, and whether the collector misses them; one question for however many they are."""

from typing import Any

import msgspec

from collector.core.alerts import own_id
from collector.store.engines.db import Db
from collector.store.upkeep.silence import ALARM
from event_contract.messages import CloudEvent, HealthData
from event_contract.times import format_time

Told = tuple[HealthData, float]  # figures, and when their device told them, in Unix seconds
LATELY_S = 3600.0  # of the hour before a device's last word; it sends figures every minute

_ALL = "SELECT device FROM devices UNION SELECT device FROM streams"
_ONE = "SELECT CAST(? AS TEXT) AS device"
_NEWEST = "SELECT max(own.n) FROM events AS own WHERE own.device = named.device"


def of_all(db: Db) -> dict[str, dict[str, Any]]:
    """By device: `clock` is that of its newest event; `outbox` is what waited there when it last told."""
    return _of(db, _ALL)


def wellbeing(db: Db, device: str) -> dict[str, Any]:
    return _of(db, _ONE, device)[device]


def figures(db: Db) -> dict[str, HealthData]:
    """The newest figures of each device, where it told any lately."""
    return {device: told for device, (told, _) in _figures(db, _ALL, _last(db, _ALL)).items()}


def health(db: Db, device: str) -> Told | None:
    """A device's newest figures."""
    return _figures(db, _ONE, _last(db, _ONE, device), device).get(device)


def _of(db: Db, names: str, *given: str) -> dict[str, dict[str, Any]]:
    last = _last(db, names, *given)
    told = _figures(db, names, last, *given)
    alarms = {row[0] for row in db.execute("SELECT id FROM alerts WHERE told = 'open' AND kind = 'device_fault'")}
    return {
        device: {
            "last_event_at": format_time(last[device][0]) if device in last else None,
            "clock": last[device][1] if device in last else None,
            "silent": own_id(device, ALARM) in alarms,
            "outbox": _outbox(told[device]) if device in told else None,
        }
        for (device,) in db.execute(names, given).fetchall()
    }


def _last(db: Db, names: str, *given: str) -> dict[str, tuple[float, str]]:
    """When the newest event of each was received, and by which clock it was told."""
    query = f"SELECT named.device, newest.received_at, newest.clock FROM ({names}) AS named"  # noqa: S608 - constants
    rows = db.execute(f"{query} JOIN events AS newest ON newest.n = ({_NEWEST})", given).fetchall()
    return {device: (received_at, clock) for device, received_at, clock in rows}


def _figures(db: Db, names: str, last: dict[str, tuple[float, str]], *given: str) -> dict[str, Told]:
    query = f"SELECT named.device, told.payload, told.at, told.received_at FROM ({names}) AS named"  # noqa: S608 - constants
    condition = f"told.n = ({_NEWEST} AND own.kind = 'health') AND told.clock <> 'unknown'"
    rows = db.execute(f"{query} JOIN events AS told ON {condition}", given).fetchall()
    return {
        device: (_health.decode(_envelope.decode(payload).data), at)
        for device, payload, at, received_at in rows
        if received_at >= last[device][0] - LATELY_S
    }


def _outbox(told: Told) -> dict[str, Any]:
    figures, at = told
    return {
        "messages": figures.outbox_messages,
        "bytes": figures.outbox_bytes,
        "oldest_s": figures.oldest_unacknowledged_s,
        "told_at": format_time(at),
    }


_envelope = msgspec.json.Decoder(CloudEvent)
_health = msgspec.json.Decoder(HealthData)
