"""What the camera can see of everybody: the box around its outline, and how much of it nobody nearer hides."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge_agent.simulation.bodies import Body, Snapshot
from edge_agent.simulation.mast import NEAREST_M, Mast
from edge_agent.simulation.picture.meshes import HULL_POINTS, hull, step_of

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


def look(mast: Mast, snapshot: Snapshot) -> Sight:
    """Everybody in the picture."""
    bodies = _before(mast, snapshot.bodies)
    if not bodies:
        return NOTHING
    pixels, depth = _outlines(mast, bodies)
    whole = np.column_stack([pixels.min(axis=1), pixels.max(axis=1)])
    size = np.array([*mast.size_px, *mast.size_px], float)
    cut = np.clip(whole, 0.0, size)
    seen = (cut[:, 2:] - cut[:, :2]).min(axis=1) >= LEAST_PX
    order = np.flatnonzero(seen)[np.argsort(depth[seen], kind="stable")]
    boxes = cut[order]
    return Sight(
        tuple(bodies[index] for index in order.tolist()), boxes / size, whole[order] / size, _visible(boxes, mast.size_px),
        depth[order],
    )  # fmt: skip


def _before(mast: Mast, bodies: tuple[Body, ...]) -> list[Body]:
    """Those that may be in the picture, by their middles; long ones reach further."""
    if not bodies:
        return []
    rows = np.array([(body.x_m, body.y_m, body.height_m / 2, body.length_m) for body in bodies])
    pixels, depth = mast.project(rows[:, :3])
    reach = mast.focal_px * rows[:, 3] / np.maximum(depth, 1.0)
    width, height = mast.size_px
    inside = np.all((pixels > -reach[:, None]) & (pixels < np.array([width, height]) + reach[:, None]), axis=1)
    return [bodies[index] for index in np.flatnonzero(inside & (depth - rows[:, 3] / 2 > NEAREST_M)).tolist()]


def _outlines(mast: Mast, bodies: list[Body]) -> tuple[Array, Array]:
    """(n, HULL_POINTS, 2) pixels of the outermost points, (n,) depth of the middles."""
    points = np.stack([_padded(body) for body in bodies])
    size = np.array([(body.length_m, body.width_m, body.height_m) for body in bodies])
    heading = np.array([body.heading for body in bodies])
    c, s = np.cos(heading)[:, None], np.sin(heading)[:, None]
    x, y, z = (points[:, :, axis] * size[:, None, axis] for axis in range(3))
    middle = np.array([(body.x_m, body.y_m) for body in bodies])
    metres = np.stack([middle[:, :1] + c * x - s * y, middle[:, 1:] + s * x + c * y, z], axis=2)
    pixels, _ = mast.project(metres.reshape(-1, 3))
    _, depth = mast.project(np.column_stack([middle, size[:, 2] / 2]))
    return pixels.reshape(len(bodies), HULL_POINTS, 2), depth


def _padded(body: Body) -> Array:
    """Always HULL_POINTS points: the last one is repeated."""
    points = hull(body.cls, body.look, step_of(body))
    return points[np.minimum(np.arange(HULL_POINTS), len(points) - 1)]


def _visible(boxes: Array, size_px: tuple[int, int]) -> Array:
    """Boxes nearest first -> the share of each that those before it leave free, on a coarse grid."""
    cells = np.zeros((size_px[1] // GRID_PX + 1, size_px[0] // GRID_PX + 1), bool)
    visible = np.ones(len(boxes))
    bounds = np.rint(boxes / GRID_PX).astype(int)
    margin = (boxes[:, 2:] - boxes[:, :2]) * (1 - FULL) / 2
    inner = np.rint(np.column_stack([boxes[:, :2] + margin, boxes[:, 2:] - margin]) / GRID_PX).astype(int).tolist()
    for index, (left, top, right, bottom) in enumerate(bounds.tolist()):
        own = cells[top : max(bottom, top + 1), left : max(right, left + 1)]
        visible[index] = 1.0 - own.mean() if own.size else 1.0
        left, top, right, bottom = inner[index]
        cells[top : max(bottom, top + 1), left : max(right, left + 1)] = True
    return visible
