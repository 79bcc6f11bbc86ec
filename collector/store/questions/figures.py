"""Figures for whoever watches the collector itself: by device, kind of alert and subscriber."""

from dataclasses import dataclass
from typing import Any

from collector.store.alerts import deliveries, subscriptions
from collector.store.alerts.deliveries import Counts
from collector.store.engines.db import Db
from collector.store.questions.wellbeing import outboxes


@dataclass(frozen=True, slots=True)
class DeviceFigures:
    device: str
    online: bool
    outbox: dict[str, Any] | None  # as it last told


@dataclass(frozen=True, slots=True)
class Figures:
    """`subscribers`: by name, what waits."""

    devices: list[DeviceFigures]
    open_by_kind: dict[str, int]
    subscribers: dict[str, Counts]


def read(db: Db) -> Figures:
    devices = db.execute("SELECT device, online FROM devices ORDER BY device").fetchall()
    kinds = db.execute("SELECT kind, count(*) FROM alerts WHERE state = 'open' GROUP BY kind ORDER BY kind").fetchall()
    waiting, of_devices = deliveries.counts(db), outboxes(db)
    return Figures(
        [DeviceFigures(device, bool(online), of_devices.get(device)) for device, online in devices],
        dict(tuple(row) for row in kinds),
        {one.wish.name: waiting.get(one.id, deliveries.NOTHING_WAITS) for one in subscriptions.all_of(db)},
    )
