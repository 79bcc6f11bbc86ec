"""What a calibration is worth, before anybody relies on its speeds: residuals, stretch, standard errors, warnings."""

from dataclasses import dataclass

import numpy as np

from edge_agent.core.calibration import Fit, ScaleError, calibrate
from edge_agent.core.geometry import Array, convex_hull, inside
from edge_agent.core.motion import expected_se_m_s
from edge_agent.core.scene_format import Calibration, pairs_of

DISTANCES_M = (15.0, 30.0, 50.0)
AT_KMH, FPS, JITTER_PX = 50.0, 10.0, 2.0  # whose speed the standard errors are of, how often and how well he is seen
ENOUGH_PAIRS, ENOUGH_M = 6, 30.0
POOR_SHARE = 0.05
NUDGE = 0.01


@dataclass(frozen=True, slots=True)
class Point:
    """One pair and how far it lies beside the fit. `slipped`: so far that it is a mistake."""

    image_px: tuple[float, float]
    road_m: tuple[float, float]
    off_px: float
    off_m: float
    slipped: bool


@dataclass(frozen=True, slots=True)
class SpeedAt:
    """At a distance along the road: the share by which the calibration may be off (one standard error), and the standard error
    of AT_KMH, the share included. None where nothing is published."""

    distance_m: float
    share: float | None
    se_kmh: float | None


@dataclass(frozen=True, slots=True)
class CalibrationReport:
    """`stretch_m`: from where to where along y speeds are published."""

    method: str
    points: tuple[Point, ...]
    rms_m: float
    rms_px: float
    stretch_m: tuple[float, float]
    speeds: tuple[SpeedAt, ...]
    warnings: tuple[str, ...]


def report_on(calibration: Calibration, size_px: tuple[int, int]) -> CalibrationReport:
    """Raises ValueError when the pairs determine no road plane."""
    image, road = pairs_of(calibration)
    fit = calibrate(image, road, size_px)
    slipped = fit.suspicious()
    points = tuple(
        Point(
            (float(image[n, 0]) * size_px[0], float(image[n, 1]) * size_px[1]), (float(road[n, 0]), float(road[n, 1])),
            float(fit.residual_px[n]), float(np.hypot(*fit.residual_m[n])), n in slipped,
        )
        for n in range(len(image))
    )  # fmt: skip
    stretch, error = (float(road[:, 1].min()), float(road[:, 1].max())), ScaleError(fit, calibration.scale_se)
    distances = sorted({*DISTANCES_M, float(round(sum(stretch) / 2))})
    speeds = tuple(_speed_at(distance_m, fit, error, image, road, size_px) for distance_m in distances)
    warnings = tuple(_warnings(calibration, fit, slipped, stretch, speeds))
    return CalibrationReport(calibration.method, points, fit.rms_m, fit.rms_px, stretch, speeds, warnings)


def _speed_at(
    distance_m: float, fit: Fit, error: ScaleError, image: Array, road: Array, size_px: tuple[int, int]
) -> SpeedAt:
    """In the middle of what is calibrated at that distance; the ends of the stretch belong to it."""
    (left, near), (right, far) = road.min(axis=0), road.max(axis=0)
    y, nudge = distance_m, NUDGE * (far - near)
    if near <= y <= far:
        y = min(max(y, near + nudge), far - nudge)
    xs = np.linspace(left, right, 21)
    places = np.column_stack([xs, np.full(len(xs), y), np.ones(len(xs))]) @ fit.to_px.T
    pixels = places[:, :2] / places[:, 2:] / size_px
    held = pixels[inside(convex_hull(image), pixels)]
    if not len(held):
        return SpeedAt(distance_m, None, None)
    x, y = held[len(held) // 2].tolist()
    share = error.share_at(x, y, 0.0, 1.0)
    _, b, _, d = fit.homography.scale_at(x, y)
    sigma_m = JITTER_PX * float(np.hypot(b, d)) / size_px[1]
    se_kmh = float(np.hypot(expected_se_m_s(sigma_m, FPS) * 3.6, share * AT_KMH))
    return SpeedAt(distance_m, share, se_kmh)


def _warnings(
    calibration: Calibration, fit: Fit, slipped: list[int], stretch_m: tuple[float, float], speeds: tuple[SpeedAt, ...]
) -> list[str]:
    said = [
        f"point {number + 1} lies {fit.residual_px[number]:.1f} px beside the others' plane; look at both of its places again"
        for number in slipped
    ]
    count, long_m = len(fit.residual_px), stretch_m[1] - stretch_m[0]
    if count < ENOUGH_PAIRS and calibration.method == "pairs":
        said.append(f"{count} points: a slip of one is hardly noticed; add points until there are {ENOUGH_PAIRS} or more")
    if long_m < ENOUGH_M:
        said.append(
            f"the points cover {long_m:.0f} m along the road, {stretch_m[0]:.0f} to {stretch_m[1]:.0f} m away; speeds are "
            "published there only: add points further away"
        )
    poor = [one for one in speeds if one.share is not None and one.share > POOR_SHARE]
    if poor:
        said.append(
            f"at {poor[0].distance_m:.0f} m speeds may be off by {poor[0].share:.0%} (one standard error) because of the "
            "calibration alone; more points, further apart, make it less"
        )
    return said
