"""How good alerts are by people's verdicts: per rule, camera and model; and rules on trial beside those that alert.

Precision is of those that people judged, with a Wilson interval; false alarms are per day that the camera was watched, with an
exact Poisson interval. What nobody judged is counted apart and in neither.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import exp, lgamma, log, sqrt
from statistics import median
from typing import Any

from collector.core.standing import Verdict

Z95 = 1.959964
TAIL = 0.025
SAME_WITHIN_S = 30.0  # two that tell of one thing begin so close together, or overlap

Camera = tuple[str, str]  # device, camera


@dataclass(frozen=True, slots=True)
class Told:
    """One incident; times in Unix seconds. `delay_s`: until the collector knew of it, where the device's clock was set."""

    device: str
    camera: str
    kind: str
    rule_version: int
    model: str | None
    began_s: float
    ended_s: float
    verdict: Verdict | None = None
    delay_s: float | None = None

    @property
    def key(self) -> tuple[str, str, str, int, str]:
        return (self.kind, self.device, self.camera, self.rule_version, self.model or "")


def score(told: Sequence[Told], watched_days: Mapping[Camera, float]) -> list[dict[str, Any]]:
    """One row per rule, its version, camera and model."""
    rows: dict[tuple[str, str, str, int, str], list[Told]] = {}
    for one in told:
        rows.setdefault(one.key, []).append(one)
    return [
        {
            "kind": kind,
            "device": device,
            "camera": camera,
            "rule_version": version,
            "model": model or None,
            **_figures(rows[kind, device, camera, version, model], watched_days.get((device, camera))),
        }
        for kind, device, camera, version, model in sorted(rows)
    ]


def totals(told: Sequence[Told], watched_days: Mapping[Camera, float]) -> list[dict[str, Any]]:
    """One row per rule, over all cameras that were watched."""
    days = sum(watched_days.values()) or None
    kinds = sorted({one.kind for one in told})
    return [{"kind": kind, **_figures([one for one in told if one.kind == kind], days)} for kind in kinds]


def trial(shadow: Sequence[Told], live: Sequence[Told]) -> list[dict[str, Any]]:
    """What rules on trial told beside the live ones: live ones they told as well, by verdict; their own; what they missed."""
    rows = []
    for key in sorted({one.key for one in shadow}):
        own = [one for one in shadow if one.key == key]
        beside = [one for one in live if (one.kind, one.device, one.camera) == key[:3]]
        shared = [one for one in beside if any(_same(one, other) for other in own)]
        alone = [one for one in own if not any(_same(one, other) for other in beside)]
        rows.append(
            {
                "kind": key[0],
                "device": key[1],
                "camera": key[2],
                "rule_version": key[3],
                "incidents": len(own),
                "confirmed": _count(shared, "confirmed"),
                "rejected": _count(shared, "rejected"),
                "unjudged": _count(shared, None),
                "alone": len(alone),
                "missed_confirmed": _count(beside, "confirmed") - _count(shared, "confirmed"),
                "spared_rejected": _count(beside, "rejected") - _count(shared, "rejected"),
            }
        )
    return rows


def poisson_interval(count: int) -> tuple[float, float]:
    """The exact 95 % interval of the expectation, of which `count` were seen (Garwood 1936)."""
    low = 0.0 if count == 0 else _solve(lambda mean: 1.0 - _poisson_cdf(count - 1, mean) - TAIL, 0.0, float(count))
    return low, _solve(lambda mean: TAIL - _poisson_cdf(count, mean), float(count), count + 6.0 * sqrt(count + 1.0) + 10.0)


def wilson_interval(hits: int, of: int) -> tuple[float, float]:
    share, square = hits / of, Z95 * Z95
    middle = (share + square / (2 * of)) / (1 + square / of)
    half = Z95 * sqrt(share * (1 - share) / of + square / (4 * of * of)) / (1 + square / of)
    return max(0.0, middle - half), min(1.0, middle + half)


def _figures(told: Sequence[Told], days: float | None) -> dict[str, Any]:
    confirmed, rejected = _count(told, "confirmed"), _count(told, "rejected")
    judged = confirmed + rejected
    delays = [one.delay_s for one in told if one.delay_s is not None]
    return {
        "alerts": len(told),
        "confirmed": confirmed,
        "rejected": rejected,
        "unjudged": len(told) - judged,
        "precision": round(confirmed / judged, 4) if judged else None,
        "precision_95": [round(one, 4) for one in wilson_interval(confirmed, judged)] if judged else None,
        "camera_days": None if days is None else round(days, 3),
        "false_per_camera_day": round(rejected / days, 4) if days else None,
        "false_per_camera_day_95": [round(one / days, 4) for one in poisson_interval(rejected)] if days else None,
        "delay_s": round(median(delays), 1) if delays else None,
    }


def _count(told: Iterable[Told], verdict: Verdict | None) -> int:
    return sum(one.verdict == verdict for one in told)


def _same(a: Told, b: Told) -> bool:
    return abs(a.began_s - b.began_s) <= SAME_WITHIN_S or (a.began_s <= b.ended_s and b.began_s <= a.ended_s)


def _poisson_cdf(count: int, mean: float) -> float:
    if mean <= 0.0:
        return 1.0
    return min(1.0, sum(exp(k * log(mean) - mean - lgamma(k + 1)) for k in range(count + 1)))


def _solve(rising: Callable[[float], float], low: float, high: float) -> float:
    """Where it crosses zero, by halving."""
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if rising(middle) > 0.0 else (middle, high)
    return (low + high) / 2
