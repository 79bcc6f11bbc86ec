"""Minutes of traffic added up to hours and days: sums of whole numbers, so that the order of arrival changes nothing.

Of a speed the sum and the sum of squares are kept. The 85th percentile of an hour is not to be had from those of its minutes;
it is worked out from the mean and the spread as of a normal distribution. The error of a mean speed is the mean of the minutes'
errors, no less than it is: most of it is the calibration's, which is the same in every minute.
"""

from math import floor, sqrt
from typing import Any, Literal

from msgspec import Struct

from event_contract.messages import LaneMinute, LineMinute, TrafficMinuteData

Span = Literal["hour", "day"]
HOUR_S, DAY_S = 3600, 86_400
P85_SIGMAS = 1.0364  # the 85th percentile of a normal distribution, in standard deviations above its mean

# what one minute of one lane may say; more is no measurement, and is left out
MOST_VEHICLES, FASTEST_KMH, LONGEST_QUEUE_M, LONGEST_HEADWAY_S, MOST_OBSERVED_S = 10_000, 400.0, 10_000.0, 3600.0, 120.0
MOST_NAMES, LONGEST_NAME = 64, 64


class LaneSums(Struct, frozen=True, kw_only=True):
    """`speed_dkmh` and `speed_square` sum tenths of km/h and hundredths of (km/h)², a minute's as often as it has vehicles;
    so does `error_ckmh` with hundredths of km/h of standard errors, of the `errors` of these speeds whose error is known."""

    counts: dict[str, int] = {}
    occupied_ms: int = 0
    speeds: int = 0
    speed_dkmh: int = 0
    speed_square: int = 0
    errors: int = 0
    error_ckmh: int = 0
    headways: int = 0
    headway_ds: int = 0
    queue_dm: int | None = None  # the longest


class LineSums(Struct, frozen=True, kw_only=True):
    forward: dict[str, int] = {}
    backward: dict[str, int] = {}


class CameraSums(Struct, frozen=True, kw_only=True):
    """One camera in one hour or day: how much of it its minutes cover, and those of a clock that was set later."""

    observed_ms: int = 0
    corrected_ms: int = 0
    lanes: dict[str, LaneSums] = {}
    lines: dict[str, LineSums] = {}


def begin_of(span: Span, at_s: float, utc_offset_s: float) -> int:
    """When the local hour or day of this moment began, in Unix seconds."""
    length_s = HOUR_S if span == "hour" else DAY_S
    return round(floor((at_s + utc_offset_s) / length_s) * length_s - utc_offset_s)


def of_minute(body: TrafficMinuteData, observed_s: float, corrected: bool) -> CameraSums:
    """One minute as sums; what cannot be a measurement is left out."""
    observed_ms = round(1000 * observed_s)
    lanes: dict[str, LaneSums] = {}
    for lane in body.lanes[:MOST_NAMES]:
        lanes[lane.lane[:LONGEST_NAME]] = _lanes_added(lanes.get(lane.lane[:LONGEST_NAME]), _lane(lane, observed_ms))
    lines: dict[str, LineSums] = {}
    for line in body.lines[:MOST_NAMES]:
        lines[line.line[:LONGEST_NAME]] = _lines_added(lines.get(line.line[:LONGEST_NAME]), _line(line))
    return CameraSums(
        observed_ms=observed_ms,
        corrected_ms=observed_ms if corrected else 0,
        lanes=dict(sorted(lanes.items())),
        lines=dict(sorted(lines.items())),
    )


def added(a: CameraSums, b: CameraSums) -> CameraSums:
    """Commutative and associative, with `CameraSums()` as its zero."""
    return CameraSums(
        observed_ms=a.observed_ms + b.observed_ms,
        corrected_ms=a.corrected_ms + b.corrected_ms,
        lanes={name: _lanes_added(a.lanes.get(name), b.lanes.get(name)) for name in _names(a.lanes, b.lanes)},
        lines={name: _lines_added(a.lines.get(name), b.lines.get(name)) for name in _names(a.lines, b.lines)},
    )


def told(sums: CameraSums) -> dict[str, Any]:
    """The sums as figures, in the form of a traffic minute."""
    return {
        "observed_s": sums.observed_ms / 1000,
        "corrected_s": sums.corrected_ms / 1000,
        "lanes": [_lane_told(name, lane, sums.observed_ms) for name, lane in sums.lanes.items()],
        "lines": [{"line": name, "forward": line.forward, "backward": line.backward} for name, line in sums.lines.items()],
    }


def _lane(lane: LaneMinute, observed_ms: int) -> LaneSums:
    counts = _counts(lane.counts)
    vehicles = sum(counts.values())
    mean = _within(lane.mean_kmh, FASTEST_KMH)
    p85 = _within(lane.p85_kmh, FASTEST_KMH)
    speeds = max(vehicles, 1) if mean is not None else 0
    spread = max(0.0, p85 - mean) / P85_SIGMAS if mean is not None and p85 is not None else 0.0
    error = _within(lane.speed_se_kmh, FASTEST_KMH) if mean is not None else None
    headway, queue = _within(lane.headway_s, LONGEST_HEADWAY_S), _within(lane.queue_m, LONGEST_QUEUE_M)
    headways = max(vehicles - 1, 1) if headway is not None else 0
    return LaneSums(
        counts=counts,
        occupied_ms=round(observed_ms * min(_within(lane.occupancy, 10.0) or 0.0, 1.0)),
        speeds=speeds,
        speed_dkmh=speeds * round(10 * (mean or 0.0)),
        speed_square=speeds * round(100 * ((mean or 0.0) ** 2 + spread**2)),
        errors=speeds if error is not None else 0,
        error_ckmh=speeds * round(100 * (error or 0.0)),
        headways=headways,
        headway_ds=headways * round(10 * (headway or 0.0)),
        queue_dm=None if queue is None else round(10 * queue),
    )


def _line(line: LineMinute) -> LineSums:
    return LineSums(forward=_counts(line.forward), backward=_counts(line.backward))


def _counts(by_class: dict[str, int]) -> dict[str, int]:
    few = sorted(by_class.items())[:MOST_NAMES]
    return {name[:LONGEST_NAME]: n for name, n in few if 0 < n <= MOST_VEHICLES}


def _within(value: float | None, most: float) -> float | None:
    return value if value is not None and 0.0 <= value <= most else None


def _lanes_added(a: LaneSums | None, b: LaneSums | None) -> LaneSums:
    if a is None or b is None:
        return a or b or LaneSums()
    queues = [queue for queue in (a.queue_dm, b.queue_dm) if queue is not None]
    return LaneSums(
        counts=_counts_added(a.counts, b.counts),
        occupied_ms=a.occupied_ms + b.occupied_ms,
        speeds=a.speeds + b.speeds,
        speed_dkmh=a.speed_dkmh + b.speed_dkmh,
        speed_square=a.speed_square + b.speed_square,
        errors=a.errors + b.errors,
        error_ckmh=a.error_ckmh + b.error_ckmh,
        headways=a.headways + b.headways,
        headway_ds=a.headway_ds + b.headway_ds,
        queue_dm=max(queues, default=None),
    )


def _lines_added(a: LineSums | None, b: LineSums | None) -> LineSums:
    if a is None or b is None:
        return a or b or LineSums()
    return LineSums(forward=_counts_added(a.forward, b.forward), backward=_counts_added(a.backward, b.backward))


def _counts_added(a: dict[str, int], b: dict[str, int]) -> dict[str, int]:
    return {name: a.get(name, 0) + b.get(name, 0) for name in _names(a, b)}


def _names(a: dict[str, Any], b: dict[str, Any]) -> list[str]:
    """The first so many of both: which these are does not depend on the order in which they came."""
    return sorted({*a, *b})[:MOST_NAMES]


def _lane_told(name: str, lane: LaneSums, observed_ms: int) -> dict[str, Any]:
    mean = lane.speed_dkmh / lane.speeds / 10 if lane.speeds else None
    p85 = None
    if mean is not None:
        p85 = mean + P85_SIGMAS * sqrt(max(0.0, lane.speed_square / lane.speeds / 100 - mean * mean))
    return {
        "lane": name,
        "counts": lane.counts,
        "mean_kmh": mean and round(mean, 1),
        "p85_kmh": p85 and round(p85, 1),
        "speed_se_kmh": round(lane.error_ckmh / lane.errors / 100, 2) if 0 < lane.errors == lane.speeds else None,
        "occupancy": round(lane.occupied_ms / observed_ms, 3) if observed_ms else None,
        "headway_s": round(lane.headway_ds / lane.headways / 10, 1) if lane.headways else None,
        "queue_m": None if lane.queue_dm is None else lane.queue_dm / 10,
    }
