"""A calibration from nothing but traffic: where it vanishes tells how the camera looks, how high boxes are how high it hangs.

The traffic along the road and the traffic across it vanish in two places that are at right angles, and so tell the lens; where
nobody crosses, the lens must be known. After Dubska et al., Automatic Camera Calibration for Traffic Understanding, BMVC 2014,
with boxes instead of edges.
"""

from collections.abc import Iterable, Sequence
from itertools import combinations
from math import hypot, sqrt
from typing import NamedTuple

import numpy as np

from edge_agent.core.geometry import Array
from edge_agent.core.least_squares import Solution, solve
from edge_agent.core.pinhole import (
    HEIGHT_SPREAD,
    USUAL_HEIGHT_M,
    VIEWED,
    Pinhole,
    View,
    expected,
    usual_focal,
    view_along,
)

LEAST_SPAN = 0.12  # of the picture's height that a way must go, to tell a direction
LEAST_SEEN = 8
BENT_PX = 2.5  # a way further from straight than this, on average, turns
AIM_PX = 2.5  # how far a way's ends lie beside the line to where it vanishes (standard deviation)
LEAST_WAYS, MOST_WAYS = 6, 120
ACROSS = 0.3  # of the ways along: fewer across are chance
SIZE_M = {"car": (4.3, 1.48), "motorcycle": (1.9, 1.6)}  # length, height with its rider
ROOF_AT = 0.65  # of a car's length its roof ends
SIZE_SPREAD, SIZE_BIAS = 0.12, 0.07  # between vehicles, and of what is usual on this road and with this detector
SAMPLES = 5


class Way(NamedTuple):
    """One road user's way through the picture: contact points (n, 2) and box heights (n,) in pixels."""

    cls: str
    points_px: Array
    heights_px: Array


class TrafficView(NamedTuple):
    """`along` and `across` are the ways that were used; `off_px` how far each one's ends lie beside its direction."""

    camera: Pinhole
    solution: Solution
    along: list[Way]
    across: list[Way]
    off_px: Array


def fit_traffic(
    ways: Iterable[Way], size_px: tuple[int, int], focal: tuple[float, float] | None = None,
    height_m: tuple[float, float] | None = None,
) -> TrafficView:  # fmt: skip
    """`focal` (pixels) and `height_m` with the spread of their logarithms, where they are known. Raises ValueError when the
    traffic does not tell enough."""
    straight = sorted((way for way in ways if _is_straight(way, size_px)), key=_span, reverse=True)[:MOST_WAYS]
    along, rest = _of_one_direction(straight)
    across, _ = _of_one_direction(rest)
    if len(across) < max(LEAST_WAYS, ACROSS * len(along)):
        across = []
    elif abs(_vanishing(across)[0] - size_px[0] / 2) < abs(_vanishing(along)[0] - size_px[0] / 2):
        along, across = across, along
    if len(along) < LEAST_WAYS:
        raise ValueError(f"{len(along)} vehicles go straight along the road; expected {LEAST_WAYS} at least: record for longer")
    if focal is None and not across:
        raise ValueError("no traffic crosses, so the lens cannot be told: give the horizontal field of view")
    tall = [way for way in along if way.cls in SIZE_M]
    if len(tall) < LEAST_WAYS and height_m is None:
        raise ValueError(f"{len(tall)} cars and motorcycles along the road; expected {LEAST_WAYS}, or the camera's height")
    chords, samples = [_chords(group) for group in (along, across)], _samples(tall)

    def aims_off(unknowns: Array) -> Array:
        matrix = View(*unknowns[:VIEWED]).pinhole(size_px).matrix
        return np.concatenate([_beside(matrix[:, axis], one) for axis, one in zip((1, 0), chords, strict=True)])

    def residuals(unknowns: Array) -> Array:
        view = View(*unknowns[:VIEWED])
        sizes = (_taller(view.pinhole(size_px), samples) - unknowns[VIEWED]) / SIZE_SPREAD
        known = expected(view, focal or usual_focal(size_px[0]), height_m or (USUAL_HEIGHT_M, HEIGHT_SPREAD))
        bias = unknowns[VIEWED:] / SIZE_BIAS
        return np.concatenate([_bounded(aims_off(unknowns) / AIM_PX), _bounded(sizes), known, bias])

    lenses = [focal[0]] if focal else [share * size_px[0] for share in (0.6, 1.0, 1.6, 2.6)]
    vanishing = _vanishing(along)
    tried = [solve(residuals, np.array([*view_along(vanishing, lens, size_px), 0.0])) for lens in lenses]
    best = min(tried, key=lambda solution: solution.cost)
    camera = View(*best.unknowns[:VIEWED]).pinhole(size_px)
    return TrafficView(camera, best, along, across, np.abs(aims_off(best.unknowns)))


def stretch_of(view: TrafficView) -> tuple[tuple[float, float], tuple[float, float]]:
    """Where the traffic along the road was seen, without the outermost twentieth: from and to, across and along (metres)."""
    road = view.camera.ground(np.vstack([way.points_px for way in view.along]))
    road = road[np.isfinite(road).all(axis=1)]
    low, high = np.percentile(road, [5, 95], axis=0)
    return (float(low[0]), float(high[0])), (float(low[1]), float(high[1]))


def _span(way: Way) -> float:
    return hypot(*(way.points_px.max(axis=0) - way.points_px.min(axis=0)))


def _is_straight(way: Way, size_px: tuple[int, int]) -> bool:
    if len(way.points_px) < LEAST_SEEN or _span(way) < LEAST_SPAN * size_px[1]:
        return False
    middle = way.points_px.mean(axis=0)
    spread = np.linalg.svd(way.points_px - middle, full_matrices=False, compute_uv=False)
    return float(spread[1]) / sqrt(len(way.points_px)) < BENT_PX


def _of_one_direction(ways: Sequence[Way]) -> tuple[list[Way], list[Way]]:
    """The most that vanish in one place, weighed by how far they go, and the others."""
    if len(ways) < 2:
        return [], list(ways)
    chords, spans = _chords(ways), np.array([_span(way) for way in ways])
    lines = [_line(way.points_px) for way in ways]
    held = [np.abs(_beside(np.cross(one, other), chords)) < 2 * AIM_PX for one, other in combinations(lines, 2)]
    best = max(held, key=lambda one: float(spans[one].sum()))
    return [way for way, holds in zip(ways, best, strict=True) if holds], [
        way for way, holds in zip(ways, best, strict=True) if not holds
    ]


def _vanishing(ways: Sequence[Way]) -> Array:
    """Least squares: the place nearest to all their lines, in pixels."""
    lines = np.array([_line(way.points_px) for way in ways])
    weights = np.array([_span(way) for way in ways])[:, None]
    place, *_ = np.linalg.lstsq(weights * lines[:, :2], -(weights * lines[:, 2:]).ravel(), rcond=None)
    return np.asarray(place)


def _chords(ways: Sequence[Way]) -> Array:
    """(n, 2, 2): the middle and an end of each way, straightened."""
    chords = []
    for way in ways:
        middle = way.points_px.mean(axis=0)
        direction = np.linalg.svd(way.points_px - middle, full_matrices=False)[2][0]
        chords.append((middle, middle + direction * _span(way) / 2))
    return np.array(chords).reshape(-1, 2, 2)


def _beside(vanishing: Array, chords: Array) -> Array:
    """(n,): how far their ends lie beside the lines from their middles to a homogeneous point."""
    lines = np.cross(np.column_stack([chords[:, 0], np.ones(len(chords))]), vanishing)
    off = (lines[:, :2] * chords[:, 1]).sum(axis=1) + lines[:, 2]
    return np.asarray(off / np.maximum(np.hypot(lines[:, 0], lines[:, 1]), 1e-12))


def _line(points: Array) -> Array:
    middle = points.mean(axis=0)
    normal = np.linalg.svd(points - middle, full_matrices=False)[2][1]
    return np.array([*normal, -normal @ middle])


def _samples(ways: Sequence[Way]) -> tuple[Array, Array, Array]:
    """Of each way some places: feet (n, SAMPLES, 2) and box heights (n, SAMPLES) in pixels, and its class's size (n, 2)."""
    picks = [np.linspace(0, len(way.points_px) - 1, SAMPLES).astype(int) for way in ways]
    feet = [way.points_px[pick] for way, pick in zip(ways, picks, strict=True)]
    heights = [way.heights_px[pick] for way, pick in zip(ways, picks, strict=True)]
    sizes = [SIZE_M[way.cls] for way in ways]
    return np.array(feet).reshape(-1, SAMPLES, 2), np.array(heights).reshape(-1, SAMPLES), np.array(sizes).reshape(-1, 2)


def _taller(camera: Pinhole, samples: tuple[Array, Array, Array]) -> Array:
    """(n,): logarithm of how many times as high as its class each is. Above the near edge of a roof one sees the roof."""
    feet, heights, sizes = samples
    road = camera.ground(feet.reshape(-1, 2))
    length_m, tall_m = np.repeat(sizes, SAMPLES, axis=0).T
    tops = camera.project(np.column_stack([road[:, 0], road[:, 1] + ROOF_AT * length_m, tall_m]))
    seen = np.where(np.isfinite(road[:, 0]), feet.reshape(-1, 2)[:, 1] - tops[:, 1], 1e-3)
    return np.asarray(np.log(heights.ravel() / np.maximum(seen, 1e-3)).reshape(-1, SAMPLES).mean(axis=1))


def _bounded(residuals: Array) -> Array:
    """Whoever is far off counts little: Cauchy's loss."""
    return np.asarray(np.sign(residuals) * np.sqrt(np.log1p(np.square(residuals) / 4) * 4))
