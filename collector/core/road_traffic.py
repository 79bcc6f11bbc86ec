"""Traffic of a road over time: what its cameras counted in each minute, hour or day, added up.

A camera's flow is by the time that it watched, so that of an hour seen by half is right. A vehicle that passes several cameras
of a road is counted by each.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from collector.core.pcu import NOT_VEHICLES, pcu

HOUR_S = 3600.0


@dataclass(frozen=True, slots=True)
class Watched:
    """What one camera told of the minute, hour or day that begins at `begins`; lanes as those of a traffic minute."""

    device: str
    camera: str
    begins: str
    observed_s: float
    lanes: tuple[dict[str, Any], ...]


def over_time(watched: Iterable[Watched]) -> list[dict[str, Any]]:
    """One row per span, the earliest first. `observed_s` is per camera, on average."""
    spans: dict[str, list[Watched]] = {}
    for one in watched:
        spans.setdefault(one.begins, []).append(one)
    return [_row(begins, spans[begins]) for begins in sorted(spans)]


def _row(begins: str, watched: list[Watched]) -> dict[str, Any]:
    by_camera: dict[tuple[str, str], list[Watched]] = {}
    for one in watched:
        by_camera.setdefault((one.device, one.camera), []).append(one)
    counts = _counts(watched)
    mean_kmh, speed_se_kmh = _speed([lane for one in watched for lane in one.lanes])
    vehicles_per_h, pcu_per_h = (sum(flows) for flows in zip(*map(_flow, by_camera.values()), strict=True))
    return {
        "from": begins,
        "cameras": len(by_camera),
        "observed_s": round(sum(one.observed_s for one in watched) / len(by_camera), 1),
        "counts": counts,
        "vehicles": sum(count for cls, count in counts.items() if cls not in NOT_VEHICLES),
        "pcu": round(pcu(counts), 1),
        "vehicles_per_h": round(vehicles_per_h),
        "pcu_per_h": round(pcu_per_h),
        "mean_kmh": mean_kmh,
        "speed_se_kmh": speed_se_kmh,
    }


def _counts(watched: Iterable[Watched]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for lane in (lane for one in watched for lane in one.lanes):
        for cls, count in lane["counts"].items():
            counts[cls] = counts.get(cls, 0) + count
    return counts


def _flow(of_camera: list[Watched]) -> tuple[float, float]:
    """Vehicles and car units per hour."""
    counts, observed_s = _counts(of_camera), sum(one.observed_s for one in of_camera)
    vehicles = sum(count for cls, count in counts.items() if cls not in NOT_VEHICLES)
    per_h = HOUR_S / observed_s if observed_s else 0.0
    return vehicles * per_h, pcu(counts) * per_h


def _speed(lanes: list[dict[str, Any]]) -> tuple[float | None, float | None]:
    """Mean of all vehicles and its standard error: no less than it is, for it takes the lanes' errors as one and the same."""
    told = [
        (lane["mean_kmh"], lane.get("speed_se_kmh"), max(1, sum(lane["counts"].values())))
        for lane in lanes
        if lane["mean_kmh"] is not None
    ]
    vehicles = sum(n for *_, n in told)
    if not vehicles:
        return None, None
    mean_kmh = round(sum(kmh * n for kmh, _, n in told) / vehicles, 1)
    if any(se is None for _, se, _ in told):
        return mean_kmh, None
    return mean_kmh, round(sum(se * n for _, se, n in told) / vehicles, 1)
