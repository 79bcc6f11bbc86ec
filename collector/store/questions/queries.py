"""Questions to the event database, on a read-only connection; answers are ready to be shown as JSON."""

from typing import Any

import msgspec

from collector.core import delivery
from collector.core.times import moved
from collector.store.engines.db import Db, Row
from collector.store.questions import self_told
from collector.store.questions.wellbeing import of_all
from collector.store.upkeep import gaps
from event_contract.messages import CloudEvent, TrafficMinuteData
from event_contract.presence import Birth
from event_contract.times import format_time, parse_time

Json = dict[str, Any]
PAGE_LIMIT = 1000
NOTHING_TOLD = {"health": None, "maintenance": None}


class _Trial(msgspec.Struct):
    shadow: Any = False


class _Told(msgspec.Struct):
    """Is it of what is only on trial at its device?"""

    data: _Trial


def alerts(db: Db, state: str, limit: int, before: int | None) -> list[msgspec.Raw]:
    """The alerts, the one that changed last first; `before` is the `seq` of the last one of the page before."""
    where, given = _where({"state = ?": None if state == "all" else state, "seq < ?": before})
    rows = db.execute(f"SELECT body FROM alerts{where} ORDER BY seq DESC LIMIT ?", (*given, limit))  # noqa: S608
    return [msgspec.Raw(body) for (body,) in rows]


def alert_changes(db: Db, after: int, limit: int) -> list[tuple[int, bytes]]:
    return [
        (seq, body)
        for seq, body in db.execute("SELECT seq, body FROM alert_changes WHERE seq > ? ORDER BY seq LIMIT ?", (after, limit))
    ]


def newest_change(db: Db) -> int:
    seq: int = db.execute("SELECT coalesce(max(seq), 0) FROM alert_changes").fetchone()[0]
    return seq


def oldest_change(db: Db) -> int:
    """From here on every change is kept; before it only the newest of each alert that is still open."""
    seq: int = db.execute("SELECT kept_from FROM alert_retention").fetchone()[0]
    return seq


def events(db: Db, after: int, limit: int, **only: str | None) -> list[Json]:
    """Events in the order of their commits from number `after` + 1 on; `only`: event_class, device, kind, where given."""
    columns = {"event_class": "class", "device": "device", "kind": "kind"}
    where, given = _where({"n > ?": after, **{f"{columns[name]} = ?": value for name, value in only.items()}})
    rows = db.execute(
        "SELECT n, device, stream, seq, class, kind, received_at, at, clock, late, payload FROM events"  # noqa: S608
        f"{where} ORDER BY n LIMIT ?",
        (*given, limit),
    )
    return [told_event(row) for row in rows]


def told_event(row: Row) -> Json:
    return {
        **{name: row[name] for name in ("n", "device", "stream", "seq", "class", "kind", "clock")},
        "at": format_time(row["at"]),
        "received_at": format_time(row["received_at"]),
        "late": bool(row["late"]),
        "shadow": msgspec.json.decode(row["payload"], type=_Told).data.shadow is True,
        "event": msgspec.Raw(row["payload"]),
    }


def streams(db: Db, device: str | None = None) -> list[Json]:
    """What the store holds of each stream, as ranges: to be compared with what its device committed."""
    return [_stream(db, row, numbers) for row, numbers in gaps.survey(db, device)]


def devices(db: Db) -> list[Json]:
    """Every device that has said who it is or sent an event."""
    known = {row["device"]: row for row in db.execute("SELECT * FROM devices").fetchall()}
    of_devices: dict[str, list[Json]] = {name: [] for name in known}
    for row, numbers in gaps.survey(db):
        of_devices.setdefault(row["device"], []).append(_stream(db, row, numbers))
    faring, told = of_all(db), self_told.of_all(db)
    return [
        _device(name, known.get(name), {**NOTHING_TOLD, **faring[name], **told.get(name, {})}, of_devices[name])
        for name in sorted(of_devices)
    ]


def traffic(db: Db, minutes: int, device: str | None, camera: str | None) -> list[Json]:
    """The newest minutes of each camera, newest first, by their corrected time; those of a clock never set come last."""
    where, given = _where({"kind = ?": "traffic_minute", "events.device = ?": device, "camera = ?": camera})
    rows = db.execute(
        "SELECT events.device, site, payload, time, at, clock FROM events LEFT JOIN devices ON devices.device = events.device"  # noqa: S608
        f"{where} ORDER BY n DESC LIMIT ?",
        (*given, 500 + 300 * minutes),
    )
    taken: dict[tuple[str, str], list[Json]] = {}
    by_time = sorted(rows, key=lambda row: (row["clock"] != "unsynced", row["at"]), reverse=True)
    for name, site, payload, time, at, clock in by_time:
        body = msgspec.json.decode(msgspec.json.decode(payload, type=CloudEvent).data, type=TrafficMinuteData)
        told = {"lanes": body.lanes, "lines": body.lines}
        begins = moved(body.from_, at - parse_time(time)) if clock == "corrected" else body.from_
        minute = {"device": name, "site": site or "", "camera": body.camera, "from": begins, "clock": clock, **told}
        taken.setdefault((name, body.camera), []).append(minute)
    return [minute for of_camera in taken.values() for minute in of_camera[:minutes]]


def summary(db: Db) -> Json:
    counts = db.execute(
        "SELECT (SELECT count(*) FROM alerts WHERE state = 'open') AS alerts_open,"
        " (SELECT n FROM kept_counts WHERE what = 'alerts') AS alerts,"
        " (SELECT count(*) FROM dead_letters) AS dead_letters,"
        " (SELECT count(*) FROM lost_notices) AS lost_notices, (SELECT coalesce(max(n), 0) FROM events) AS newest_event,"
        " (SELECT count(*) FROM devices) AS devices, (SELECT count(*) FROM devices WHERE online = 1) AS devices_online"
    ).fetchone()
    numbers = [one for _, one in gaps.survey(db)]  # counting rows would take longer with every event
    events = sum(delivery.size(one.stored) for one in numbers)
    return {**dict(counts), "events": events, "missing": sum(delivery.size(one.missing) for one in numbers)}


def _where(conditions: dict[str, Any]) -> tuple[str, tuple[Any, ...]]:
    """The conditions, constants with one `?` each, whose value is given; and these values."""
    given = {condition: value for condition, value in conditions.items() if value is not None}
    return (f" WHERE {' AND '.join(given)}" if given else ""), tuple(given.values())


def _stream(db: Db, row: Row, numbers: gaps.Numbers) -> Json:
    key = (row["device"], row["stream"])
    noted = row["elsewhere"] > 0
    return {
        "device": row["device"],
        "stream": row["stream"],
        "class": row["class"],
        "stored": delivery.size(numbers.stored),
        "ranges": numbers.stored,
        "dead_lettered": gaps.dead_lettered(db, *key) if noted else (),
        "lost_notices": gaps.named_lost(db, *key) if noted else (),
        "missing": numbers.missing,
        "kept_from": row["kept_from"],
        "forked": row["forked_at"] is not None,
        "announced": {"lowest": row["announced_lowest"], "highest": row["announced_highest"]},
    }


def _device(name: str, row: Row | None, faring: Json, of_device: list[Json]) -> Json:
    birth = msgspec.json.decode(row["birth"], type=Birth) if row and row["birth"] else None
    return {
        "device": name,
        "site": row["site"] if row else "",
        "online": bool(row["online"]) if row else False,
        "since": format_time(row["since"]) if row else None,
        "software": birth.software if birth else None,
        "cameras": [camera.name for camera in birth.cameras] if birth else [],
        **faring,
        "events": sum(stream["stored"] for stream in of_device),
        "missing": sum(delivery.size(stream["missing"]) for stream in of_device),
        "streams": of_device,
    }
