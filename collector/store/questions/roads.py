"""Questions of a road's page: which cameras stand where, and what they counted."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from collector.core.road_traffic import Watched
from collector.core.rollup import MOST_OBSERVED_S, Span
from collector.store.engines.db import Db
from collector.store.upkeep import rollups
from event_contract.messages import CloudEvent, TrafficMinuteData
from event_contract.presence import Birth
from event_contract.times import format_time, parse_time

MINUTE_S = 60.0
MOST_SPANS = 10_000  # of one camera

Camera = tuple[str, str]  # device, camera


@dataclass(frozen=True, slots=True)
class Standing:
    """A camera, and the site of its device."""

    device: str
    site: str
    camera: str


def cameras(db: Db) -> list[Standing]:
    """Those that devices named when they last said who they are."""
    rows = db.execute("SELECT device, site, birth FROM devices WHERE birth IS NOT NULL ORDER BY device").fetchall()
    born = [(device, site, msgspec.json.decode(birth, type=Birth)) for device, site, birth in rows]
    return [Standing(device, site, camera.name) for device, site, birth in born for camera in birth.cameras]


def minutes(db: Db, of: Sequence[Camera], first_s: float, before_s: float) -> list[Watched]:
    """Minutes that ended in this span of time; those of a clock that is not set belong to none."""
    query = (
        "SELECT payload, time, at FROM events WHERE device = ? AND at >= ? AND at < ? AND kind = 'traffic_minute'"
        " AND camera = ? AND clock IN ('synced', 'corrected') ORDER BY at LIMIT ?"
    )
    found = []
    for device, camera in of:
        for payload, time, at in db.execute(query, (device, first_s, before_s, camera, MOST_SPANS)):
            body = msgspec.json.decode(msgspec.json.decode(payload, type=CloudEvent).data, type=TrafficMinuteData)
            begins_s = _begins_s(body.from_, time, at)
            observed_s = min(max(at - begins_s, 0.0), MOST_OBSERVED_S)
            begins = format_time(begins_s // MINUTE_S * MINUTE_S)
            lanes = tuple(msgspec.to_builtins(lane) for lane in body.lanes)
            found.append(Watched(device, camera, begins, observed_s, lanes))
    return found


def spans(db: Db, of: Sequence[Camera], span: Span, first_s: float, before_s: float) -> list[Watched]:
    """Hours or days that begin in this span of time."""
    found = []
    for device, camera in of:
        for row in rollups.read(db, rollups.Wanted(span, first_s, before_s, device, camera), MOST_SPANS):
            told = msgspec.convert(row, _Sums)
            found.append(Watched(device, camera, told.from_, told.observed_s, tuple(told.lanes)))
    return found


class _Sums(msgspec.Struct):
    observed_s: float
    lanes: list[dict[str, Any]]
    from_: str = msgspec.field(name="from")


def _begins_s(begins: str, told: str, at: float) -> float:
    """By the corrected clock; a minute whose own times are none began one before it was told."""
    try:
        return parse_time(begins) + at - parse_time(told)
    except (ValueError, OverflowError):
        return at - MINUTE_S
