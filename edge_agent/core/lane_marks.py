"""A calibration without measuring on the road: two parallel lines of known distance, and dashes of known cycle along them.

The lines tell where the road vanishes and how high the camera hangs, the dashes the lens. That the camera is mounted level
is an expectation, and its uncertainty part of the result.
"""

from math import exp, log

import numpy as np

from edge_agent.core.calibration import CLICK_PX
from edge_agent.core.geometry import Array
from edge_agent.core.least_squares import Solution, solve
from edge_agent.core.pinhole import (
    HEIGHT_SPREAD,
    USUAL_HEIGHT_M,
    VIEWED,
    Pinhole,
    View,
    distance_to_line,
    expected,
    usual_focal,
    view_along,
)

LENSES = (0.6, 1.0, 1.6, 2.6)  # focal lengths to begin from, in widths of the picture
FAR_M = 1000.0


def fit_lane(
    left_px: Array, right_px: Array, dashes_px: Array, width_m: float, cycle_m: float, size_px: tuple[int, int]
) -> tuple[Pinhole, Solution, Array]:
    """Clicks (n, 2) along the left and the right line, and on the same end of three or more successive dashes, in any order.

    Gives the camera, the solution, and the residual of each click in pixels: left, right, then the dashes from near to far.
    Raises ValueError when they do not tell.
    """
    if len(left_px) < 2 or len(right_px) < 2 or len(dashes_px) < 3:
        raise ValueError("expected at least two points on each line and three dashes")
    vanishing = _meeting(_line(left_px), _line(right_px))
    dashes_px = dashes_px[np.argsort(-np.linalg.norm(dashes_px - vanishing, axis=1))]
    if vanishing[1] >= min(left_px[:, 1].min(), right_px[:, 1].min()):
        raise ValueError("the two lines meet below the points; they must run away from the camera")

    def clicks_off(unknowns: Array) -> Array:
        camera, (left_m, dash_m, first_m) = View(*unknowns[:VIEWED]).pinhole(size_px), unknowns[VIEWED:]
        road = np.array([(dash_m, first_m + cycle_m * number, 0.0) for number in range(len(dashes_px))])
        return np.concatenate([
            distance_to_line(_along(camera, left_m), left_px),
            distance_to_line(_along(camera, left_m + width_m), right_px),
            (camera.project(road) - dashes_px).ravel(),
        ])  # fmt: skip

    def residuals(unknowns: Array) -> Array:
        usual = expected(View(*unknowns[:VIEWED]), usual_focal(size_px[0]), (USUAL_HEIGHT_M, HEIGHT_SPREAD))
        return np.concatenate([clicks_off(unknowns) / CLICK_PX, usual])

    tried = []
    for lens in LENSES:
        start = _start(vanishing, lens * size_px[0], left_px, right_px, dashes_px, width_m, cycle_m, size_px)
        if start is not None:
            tried.append(solve(residuals, start))
    if not tried:
        raise ValueError("the points lie on both sides of the horizon")
    best = min(tried, key=lambda solution: solution.cost)
    off = clicks_off(best.unknowns)
    lines = len(left_px) + len(right_px)
    distances = np.concatenate([np.abs(off[:lines]), np.linalg.norm(off[lines:].reshape(-1, 2), axis=1)])
    return View(*best.unknowns[:VIEWED]).pinhole(size_px), best, distances


def _start(
    vanishing: Array, focal_px: float, left: Array, right: Array, dashes: Array, width_m: float, cycle_m: float,
    size_px: tuple[int, int],
) -> Array | None:  # fmt: skip
    view = view_along(vanishing, focal_px, size_px, 1.0)
    camera = view.pinhole(size_px)
    lines = [camera.ground(points)[:, 0].mean() for points in (left, right)]
    marks = camera.ground(dashes)
    height_m = width_m / (lines[1] - lines[0])
    if not (np.isfinite(marks).all() and np.isfinite(height_m) and height_m > 0):
        return None
    first_m = float(np.mean(marks[:, 1] * height_m - cycle_m * np.arange(len(dashes))))
    height_m = min(max(height_m, exp(-2)), exp(5))
    return np.array([*view[:4], log(height_m), lines[0] * height_m, marks[:, 0].mean() * height_m, first_m])


def _along(camera: Pinhole, x_m: float) -> Array:
    """The image of the line x = x_m, homogeneous."""
    ends = np.array([[x_m, 0.0, 0.0, 1.0], [x_m, FAR_M, 0.0, 1.0]]) @ camera.matrix.T
    line = np.cross(*ends)
    return np.asarray(line / np.linalg.norm(line[:2]))


def _line(points: Array) -> Array:
    """Total least squares, homogeneous."""
    middle = points.mean(axis=0)
    normal = np.linalg.svd(points - middle, full_matrices=False)[2][1]
    return np.array([*normal, -normal @ middle])


def _meeting(one: Array, other: Array) -> Array:
    meeting = np.cross(one, other)
    if abs(meeting[2]) < 1e-9:
        raise ValueError("the two lines are parallel in the picture; look at them from further along the road")
    return np.asarray(meeting[:2] / meeting[2])
