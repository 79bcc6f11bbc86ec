"""Traffic of a road in an hour, fit to be published: vehicles of all its cameras, and no number that could be one person's.

Whoever is the only lorry of the night is known to his neighbours, and a count of one tells when he drove. So a class of fewer
than FEWEST vehicles is counted with the others, together with the next smallest class while even these are fewer, for else
the total would give it away; and of an hour with fewer than FEWEST vehicles in all, other than none, nothing is told.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

FEWEST = 10
CLASSES = ("motorcycle", "bicycle", "car", "bus", "truck", "three_wheeler")
OTHER = "other"
NOT_VEHICLES = frozenset({"person"})
HOUR_S = 3600.0


@dataclass(frozen=True, slots=True)
class CameraHour:
    """One hour of one camera of a road, as the sums of the store tell it: lanes with `counts` and `mean_kmh`."""

    road: str
    begins: str
    observed_s: float
    lanes: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class RoadHour:
    """`counts` has every class; None: too few, counted with `other`. `vehicles` is None where nothing is told.

    `cameras` count one road at several places: a vehicle that passes all of them is counted by each. `observed_share` is how
    much of the hour they saw, on average.
    """

    road: str
    begins: str
    cameras: int
    observed_share: float
    vehicles: int | None
    counts: dict[str, int | None]
    mean_kmh: float | None


def road_hours(hours: Iterable[CameraHour]) -> list[RoadHour]:
    """By road, then by time."""
    groups: dict[tuple[str, str], list[CameraHour]] = {}
    for hour in hours:
        groups.setdefault((hour.road, hour.begins), []).append(hour)
    return [_road_hour(*key, group) for key, group in sorted(groups.items())]


def merged(counts: dict[str, int]) -> dict[str, int | None] | None:
    """Every class with its vehicles or None, and `other`; no number is between 1 and FEWEST - 1. None: all are too few."""
    told: dict[str, int | None] = {cls: counts.get(cls, 0) for cls in CLASSES}
    other = sum(count for cls, count in counts.items() if cls not in told and cls not in NOT_VEHICLES)
    for count, cls in sorted((counts.get(cls, 0), cls) for cls in CLASSES):
        if 0 < count < FEWEST or (count and 0 < other < FEWEST):
            other, told[cls] = other + count, None
    return None if 0 < other < FEWEST else {**told, OTHER: other}


def _road_hour(road: str, begins: str, group: list[CameraHour]) -> RoadHour:
    counts: dict[str, int] = {}
    speeds: list[tuple[float, int]] = []
    for lane in (lane for hour in group for lane in hour.lanes):
        vehicles = {cls: count for cls, count in lane["counts"].items() if cls not in NOT_VEHICLES}
        for cls, count in vehicles.items():
            counts[cls] = counts.get(cls, 0) + count
        if lane["mean_kmh"] is not None:
            speeds.append((lane["mean_kmh"], sum(vehicles.values())))
    told = merged(counts)
    measured = sum(vehicles for _, vehicles in speeds)
    mean_kmh = sum(kmh * vehicles for kmh, vehicles in speeds) / measured if measured >= FEWEST else None
    return RoadHour(
        road=road,
        begins=begins,
        cameras=len(group),
        observed_share=round(min(1.0, sum(hour.observed_s for hour in group) / len(group) / HOUR_S), 3),
        vehicles=None if told is None else sum(counts.values()),
        counts=dict.fromkeys((*CLASSES, OTHER)) if told is None else told,
        mean_kmh=None if mean_kmh is None or told is None else round(mean_kmh, 1),
    )
