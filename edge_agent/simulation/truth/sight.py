"""What the camera can see of everybody: the box around its outline, and how much of it nobody nearer hides."""

from dataclasses import dataclass
from math import cos, sin

import numpy as np
from numpy.typing import NDArray

from edge_agent.simulation.bodies import Body, Snapshot
from edge_agent.simulation.mast import NEAREST_M, Mast
from edge_agent.simulation.picture.outline import OUTLINE_POINTS, outline

Array = NDArray[np.float64]
GRID_PX = 4  # hiding is judged on cells of so many pixels
LEAST_PX = 2.0  # smaller boxes are nothing
FULL = 0.85  # of a box's width and height is what it hides: outlines are not rectangles


@dataclass(frozen=True, slots=True)
class Sight:
    """Of n bodies in the picture, nearest first: `boxes` (n, 4) left, top, right, bottom, normalised and cut at the picture's
    edges; `whole` (n, 4) before cutting; `visible` (n,) the share of the cut box that nobody nearer hides; `depth_m` (n,)."""

    bodies: tuple[Body, ...]
    boxes: Array
    whole: Array
    visible: Array
    depth_m: Array

    @property
    def contact(self) -> Array:
        """(n, 2): the middle of each box's lower edge."""
        return np.column_stack([(self.boxes[:, 0] + self.boxes[:, 2]) / 2, self.boxes[:, 3]])


NOTHING = Sight((), np.empty((0, 4)), np.empty((0, 4)), np.empty(0), np.empty(0))


def look(mast: Mast, snapshot: Snapshot, standing_m: Array | None = None) -> Sight:
    """Everybody in the picture. `standing_m` (rows, columns) for every GRID_PX: the depth from which on what stands hides."""
    bodies = _before(mast, snapshot.bodies)
    if not bodies:
        return NOTHING
    pixels, depth = _outlines(mast, bodies)
    whole = np.concatenate([pixels.min(axis=1), pixels.max(axis=1)], axis=1)
    size = np.array([*mast.size_px, *mast.size_px], float)
    cut = np.minimum(np.maximum(whole, 0.0), size)
    seen = (cut[:, 2:] - cut[:, :2]).min(axis=1) >= LEAST_PX
    order = np.flatnonzero(seen)[np.argsort(depth[seen], kind="stable")]
    boxes, far_m = cut[order], depth[order]
    return Sight(
        tuple(bodies[index] for index in order.tolist()), boxes / size, whole[order] / size, _visible(boxes, far_m, standing_m),
        far_m,
    )  # fmt: skip


def _before(mast: Mast, bodies: tuple[Body, ...]) -> list[Body]:
    """Those that may be in the picture, by their middles; long ones reach further."""
    if not bodies:
        return []
    rows = np.array([(body.x_m, body.y_m, body.height_m / 2, body.length_m) for body in bodies])
    pixels, depth = mast.project(rows[:, :3])
    reach = mast.focal_px * rows[:, 3] / np.maximum(depth, 1.0)
    beyond = np.abs(pixels - np.array(mast.size_px) / 2) - np.array(mast.size_px) / 2
    inside = (beyond.max(axis=1) < reach) & (depth - rows[:, 3] / 2 > NEAREST_M)
    return [bodies[index] for index in np.flatnonzero(inside).tolist()]


def _outlines(mast: Mast, bodies: list[Body]) -> tuple[Array, Array]:
    """(n, OUTLINE_POINTS, 2) pixels of the outermost points, (n,) depth of the middles."""
    rows = np.array([
        (one.x_m, one.y_m, cos(one.heading), sin(one.heading), one.length_m, one.width_m, one.height_m) for one in bodies
    ])  # fmt: skip
    points = np.array([outline(body) for body in bodies]) * rows[:, None, 4:]
    x, y, c, s = (rows[:, column, None] for column in range(4))
    metres = np.empty_like(points)
    metres[:, :, 0] = x + c * points[:, :, 0] - s * points[:, :, 1]
    metres[:, :, 1] = y + s * points[:, :, 0] + c * points[:, :, 1]
    metres[:, :, 2] = points[:, :, 2]
    pixels, _ = mast.project(metres.reshape(-1, 3))
    middle = np.column_stack([rows[:, :2], rows[:, 6] / 2])
    return pixels.reshape(len(bodies), OUTLINE_POINTS, 2), (middle - mast.centre) @ mast.axes[2]


def _visible(boxes: Array, depth_m: Array, standing_m: Array | None) -> Array:
    """Boxes nearest first -> the share of each that those before it, and what stands, leave free, on a coarse grid."""
    margin = (boxes[:, 2:] - boxes[:, :2]) * (1 - FULL) / 2
    inner = np.concatenate([boxes[:, :2] + margin, boxes[:, 2:] - margin], axis=1)
    cells = np.rint(np.concatenate([boxes, inner], axis=1) / GRID_PX).astype(int)
    own, hides = cells[:, :4], cells[:, 4:]
    for ends in (own, hides):
        np.maximum(ends[:, 2:], ends[:, :2] + 1, out=ends[:, 2:])
    met = (own[:, None, :2] < hides[None, :, 2:]).all(axis=2) & (hides[None, :, :2] < own[:, None, 2:]).all(axis=2)
    met &= np.tri(len(boxes), k=-1, dtype=bool)  # only nearer ones hide
    visible = np.ones(len(boxes))
    behind = np.asarray(met.any(axis=1))
    for index, (x, y, right, bottom) in enumerate(own.tolist()):
        covered = np.zeros((bottom - y, right - x), bool)
        if standing_m is not None:
            covered |= standing_m[y:bottom, x:right] < depth_m[index]
        if behind[index]:
            for left, top, end, low in hides[met[index]].tolist():
                covered[max(top - y, 0) : low - y, max(left - x, 0) : end - x] = True
        visible[index] = 1.0 - np.count_nonzero(covered) / covered.size
    return visible
