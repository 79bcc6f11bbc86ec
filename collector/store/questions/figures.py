"""Figures for whoever watches the collector itself: by device, kind of alert and subscriber."""

from dataclasses import dataclass
from typing import Any

from collector.store.alerts import deliveries, subscriptions
from collector.store.alerts.deliveries import Counts
from collector.store.engines.db import Db
from collector.store.questions import self_told, wellbeing
from event_contract.messages import HealthData


@dataclass(frozen=True, slots=True)
class DeviceFigures:
    device: str
    online: bool
    told: HealthData | None  # lately
    level: str | None  # of its things, by its own word
    maintained: bool


@dataclass(frozen=True, slots=True)
class Figures:
    """`subscribers`: by name, what waits."""

    devices: list[DeviceFigures]
    open_by_kind: dict[str, int]
    subscribers: dict[str, Counts]


def read(db: Db) -> Figures:
    devices = db.execute("SELECT device, online FROM devices ORDER BY device").fetchall()
    kinds = db.execute("SELECT kind, count(*) FROM alerts WHERE state = 'open' GROUP BY kind ORDER BY kind").fetchall()
    waiting, told, words = deliveries.counts(db), wellbeing.figures(db), self_told.of_all(db)
    return Figures(
        [_device(device, bool(online), told.get(device), words.get(device, {})) for device, online in devices],
        dict(tuple(row) for row in kinds),
        {one.wish.name: waiting.get(one.id, deliveries.NOTHING_WAITS) for one in subscriptions.all_of(db)},
    )


def _device(name: str, online: bool, told: HealthData | None, words: dict[str, Any]) -> DeviceFigures:
    level = health["level"] if (health := words.get("health")) else None
    return DeviceFigures(name, online, told, level, words.get("maintenance") is not None)
