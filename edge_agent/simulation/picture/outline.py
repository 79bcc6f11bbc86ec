"""The outermost points of what a road user looks like: they give the box around it without painting it."""

from functools import lru_cache

import numpy as np

from edge_agent.simulation.bodies import SIZE_M, Body, BodyClass
from edge_agent.simulation.picture.meshes import STRIDE_M, VARIANTS, mesh_of, step_of
from edge_agent.simulation.picture.people import STEPS
from edge_agent.simulation.picture.solids import Array

OUTLINE_POINTS = 32
ERROR_M = 0.01
# class -> looks of one outline each, in turn, and for how many looks each holds; of others only the paint differs
SHAPES: dict[BodyClass, tuple[tuple[int, ...], int]] = {
    "car": ((0, 1, 2, 3, 1, 0, 2, 7), 1),
    "motorcycle": ((0, 1, 0, 3, 0), 1),
    "object": ((0, 1, 2), 1),
    "truck": ((0, 0, 60, 90), 30),
}


def outline(body: Body) -> Array:
    """(OUTLINE_POINTS, 3) fractions of its length, width and height; the last point may be repeated."""
    looks, each = SHAPES.get(body.cls, ((0,), 1))
    step = step_of(body) if body.cls in STRIDE_M else 0
    return _outline(body.cls, looks[body.look % VARIANTS // each % len(looks)], step)


@lru_cache(maxsize=len(SIZE_M) * STEPS * 8)
def _outline(cls: BodyClass, look: int, step: int) -> Array:
    """Again and again the point that reaches farthest beyond those chosen, in directions spread over the sphere, in metres."""
    points = np.unique(mesh_of(cls, look, 2, step).quads.reshape(-1, 3), axis=0)
    turn = np.arange(72) * np.pi / 36
    around = np.column_stack([np.cos(turn), np.sin(turn), np.zeros(len(turn))])
    directions = np.concatenate([around + np.array([0, 0, up]) for up in (-4.0, -1.2, -0.4, -0.15, 0.0, 0.15, 0.4, 1.2, 4.0)])
    reach = (points * SIZE_M[cls]) @ (directions / np.linalg.norm(directions, axis=1, keepdims=True)).T
    chosen = [int(reach[:, 0].argmax())]
    while len(chosen) < OUTLINE_POINTS:
        missing = reach.max(axis=0) - reach[chosen].max(axis=0)
        if missing.max() < ERROR_M:
            break
        chosen.append(int(reach[:, missing.argmax()].argmax()))
    return np.asarray(points[chosen + [chosen[-1]] * (OUTLINE_POINTS - len(chosen))])
