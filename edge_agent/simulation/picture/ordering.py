"""Who stands before whom, seen from the mast: the order in which a painter paints."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from edge_agent.simulation.bodies import Body
from edge_agent.simulation.picture.solids import Array

CORNERS = np.array([(0.5, 0.5), (0.5, -0.5), (-0.5, -0.5), (-0.5, 0.5)])
SIDES = np.array([(1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0)])


def far_to_near(bodies: Sequence[Body], eye_m: Array) -> list[int]:
    """Indices of the bodies, the hidden before those that hide them.

    Of two bodies one lies beyond a side of the other's footprint. If the eye is beyond that side too, it is the nearer one.
    Where that says nothing, or says it in a circle, distance decides.
    """
    if not bodies:
        return []
    centre = np.array([(body.x_m, body.y_m) for body in bodies])
    far = np.hypot(*(centre - eye_m).T)
    hidden_by = _hidden_by(bodies, centre, eye_m)
    waiting = sorted(range(len(bodies)), key=lambda index: -far[index])
    order: list[int] = []
    while waiting:
        free = (index for index in waiting if not hidden_by[waiting, index].any())
        following = next(free, waiting[0])
        waiting.remove(following)
        order.append(following)
    return order


def _hidden_by(bodies: Sequence[Body], centre: Array, eye_m: Array) -> NDArray[np.bool_]:
    """(n, n): [i, j] where i must be painted before j, because j may hide it."""
    heading = np.array([body.heading for body in bodies])
    size = np.array([(body.length_m, body.width_m) for body in bodies])
    turn = np.stack([np.cos(heading), np.sin(heading), -np.sin(heading), np.cos(heading)], axis=1).reshape(-1, 2, 2)
    corners = centre[:, None] + (CORNERS * size[:, None]) @ turn
    normals = SIDES @ turn  # (n, 4 sides, 2)
    reach = (normals * centre[:, None]).sum(axis=2) + np.abs(SIDES @ size.T).T / 2
    beyond = np.einsum("isd,jcd->ijsc", normals, corners) > reach[:, None, :, None] - 0.05
    eye_beyond = normals @ eye_m > reach  # (n, 4)
    outside = beyond.all(axis=3)
    nearer = (outside & eye_beyond[:, None]).any(axis=2)  # j before i
    farther = (outside & ~eye_beyond[:, None]).any(axis=2) & ~nearer
    before = nearer | farther.T
    np.fill_diagonal(before, False)
    return np.asarray(before & ~(before.T & before))
