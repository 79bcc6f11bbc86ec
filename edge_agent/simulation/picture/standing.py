"""From which distance on whatever stands hides a road user, in each direction: its silhouettes, without painting it."""

from collections.abc import Iterator
from itertools import pairwise

import cv2
import numpy as np

from edge_agent.simulation.mast import Mast, mast_of
from edge_agent.simulation.picture.easel import NEAR_M, SHIFT, clip_near
from edge_agent.simulation.picture.furniture import Furniture, House, Lamp, Rail, SignalPost, Tree, furnish
from edge_agent.simulation.picture.solids import Array
from edge_agent.simulation.plan import Simulation
from edge_agent.simulation.world.road import Road

Standing = Lamp | Tree | House | Rail | SignalPost
CROWN = 1.1  # its leaves reach so much farther than a tree's radius


def standing_m(plan: Simulation, roads: tuple[Road, ...], mast: Mast, every_px: int) -> Array:
    """(rows, columns) for every so many pixels: metres, infinite where nothing stands. One row and column more than fit."""
    width, height = mast.size_px
    nearest = np.full((height + 2 * every_px, width + 2 * every_px), np.inf, np.float32)
    for thing in far_first(furnish(plan, roads, mast_of(plan.camera)), mast):
        from_m = hides_from_m(thing, mast)
        for outline_m in _silhouettes(thing, mast):
            seen = clip_near((outline_m - mast.centre) @ mast.axes.T, NEAR_M)
            if len(seen) > 2:
                pixels = seen[:, :2] / seen[:, 2:] * mast.focal_px + np.array(mast.size_px) / 2
                corners = np.round(np.clip(pixels, -2e4, 2e4) * 2**SHIFT).astype(np.int32)
                cv2.fillPoly(nearest, [corners], from_m, shift=SHIFT)
    return np.asarray(nearest[every_px // 2 :: every_px, every_px // 2 :: every_px], float)


def far_first(furniture: Furniture, mast: Mast) -> list[Standing]:
    """All that stands, rails in pieces, in the order of painting."""
    things: list[Standing] = [*furniture.houses, *furniture.trees, *furniture.lamps, *furniture.signals]
    things += [Rail(rail.points_m[i : i + 3]) for rail in furniture.rails for i in range(0, len(rail.points_m) - 1, 2)]
    return sorted(things, key=lambda thing: -float(np.hypot(*(_place(thing) - mast.centre[:2]))))


def hides_from_m(thing: Standing, mast: Mast) -> float:
    """Of a house its rear, for nobody stands within."""
    places = thing.corners_m if isinstance(thing, House) else _place(thing)[None]
    return float(mast.project(np.column_stack([places, np.zeros(len(places))]))[1].max())


def _place(thing: Standing) -> Array:
    match thing:
        case House():
            return np.asarray(thing.corners_m.mean(axis=0))
        case Rail():
            return np.asarray(thing.points_m.mean(axis=0))
        case _:
            return np.array(thing.foot_m)


def _silhouettes(thing: Standing, mast: Mast) -> Iterator[Array]:
    """Outlines (n, 3) in metres; what is slim or round looks at the mast."""
    match thing:
        case House():
            high = thing.height_m
            yield np.column_stack([thing.corners_m, np.full(4, high)])
            for a, b in zip(thing.corners_m, np.roll(thing.corners_m, -1, axis=0), strict=True):
                yield np.array([[*a, 0.0], [*b, 0.0], [*b, high], [*a, high]])
        case Rail():
            for a, b in pairwise(thing.points_m):
                yield np.array([[*a, 0.42], [*b, 0.42], [*b, 0.74], [*a, 0.74]])
        case Tree():
            yield _post(thing.foot_m, 0.12, (0.0, 0.6 * thing.height_m), mast)
            turn, middle = np.arange(16) * np.pi / 8, np.array([*thing.foot_m, thing.height_m - thing.radius_m])
            rim = np.column_stack([np.cos(turn), np.sin(turn)]) @ mast.axes[:2]
            yield middle + CROWN * thing.radius_m * rim
        case Lamp():
            yield _post(thing.foot_m, 0.09, (0.0, thing.head_m[2]), mast)
        case SignalPost():
            yield _post(thing.foot_m, 0.07, (0.0, 3.0), mast)
            yield _post(thing.foot_m, 0.2, (2.6, 3.7), mast)


def _post(foot_m: tuple[float, float], half_m: float, z: tuple[float, float], mast: Mast) -> Array:
    side = half_m * mast.axes[0]
    low, high = (np.array([*foot_m, one]) for one in z)
    return np.array([low - side, low + side, high + side, high - side])
