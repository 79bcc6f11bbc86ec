"""What devices say of themselves: how their things are, whether somebody works at them, when they were tried out last."""

from collections.abc import Iterable
from typing import Any, get_args

import msgspec

from collector.store.engines.db import Db
from event_contract.conditions import SAID, TOPICS
from event_contract.kinds import Words
from event_contract.messages import DeviceStateData, DeviceTestData, ItemState, MaintenanceData
from event_contract.times import format_time

Json = dict[str, Any]
LEVELS: tuple[str, ...] = get_args(ItemState.__annotations__["level"])  # from well to unwell


def of_all(db: Db) -> dict[str, Json]:
    """By device; of its things those that are not well. Devices that never told such a thing are not there."""
    query = "SELECT device, kind, at, until, body FROM device_words WHERE kind IN ('device_state', 'maintenance')"
    told: dict[str, Json] = {}
    for device, kind, at, until, body in db.execute(query).fetchall():
        of_device = told.setdefault(device, {"health": None, "maintenance": None})
        if kind == "device_state":
            level = _level.decode(body).level
            unwell = [item for item in _state.decode(body).items if item.level != "ok"] if level != "ok" else []
            of_device["health"] = _health(level, at, unwell)
        else:
            of_device["maintenance"] = _maintenance(body, at, until)
    return told


def of_one(db: Db, device: str) -> Json:
    """All its things, the worst first, and the newest test."""
    rows = db.execute("SELECT kind, at, until, received_at, body FROM device_words WHERE device = ?", (device,)).fetchall()
    told: Json = {"health": None, "maintenance": None, "test": None}
    for kind, at, until, received_at, body in rows:
        match kind:
            case "device_state":
                state = _state.decode(body)
                told["health"] = _health(state.level, at, sorted(state.items, key=lambda item: -LEVELS.index(item.level)))
            case "maintenance":
                told["maintenance"] = _maintenance(body, at, until)
            case _:
                times = {"at": format_time(at), "received_at": format_time(received_at)}
                told["test"] = {"by": msgspec.json.decode(body, type=DeviceTestData).by, **times}
    return told


def _health(level: str, at: float, items: Iterable[ItemState]) -> Json:
    return {"level": level, "told_at": format_time(at), "items": [_item(item) for item in items]}


def _item(item: ItemState) -> Json:
    """With its names; what only a newer device knows keeps the name that it gave."""
    topic, _, of = item.id.partition("/")
    name, said = TOPICS.get(topic, Words(topic, topic)), SAID.get(item.said, Words(item.said, item.said))
    named = {"vi": f"{name.vi} {of}".strip(), "en": f"{name.en} {of}".strip()}
    return {"id": item.id, "level": item.level, "name": named, "words": {"vi": said.vi, "en": said.en}}


def _maintenance(body: bytes, at: float, until: float | None) -> Json | None:
    if until is None:
        return None
    told = msgspec.json.decode(body, type=MaintenanceData)
    return {"until": format_time(until), "since": format_time(at), "by": told.by, "reason": told.reason}


class _Level(msgspec.Struct):
    """Nearly all devices are well: of those nothing else is read."""

    level: str


_level = msgspec.json.Decoder(_Level)
_state = msgspec.json.Decoder(DeviceStateData)
