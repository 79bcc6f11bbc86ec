"""A camera on a mast, with square pixels and its axis in the middle of the picture; no lens distortion.

Road metres: x to the right, y along the traffic, z up, the mast's foot at [0, 0]. The camera looks `tilt` down and `pan` to
the right of the traffic's direction, and is turned by `roll` about its axis (radians).
"""

from dataclasses import dataclass
from math import atan, cos, exp, hypot, log, sin, sqrt
from typing import NamedTuple

import numpy as np

from edge_agent.core.geometry import Array
from edge_agent.core.least_squares import Solution

USUAL_FOCAL, FOCAL_SPREAD = 1.1, 0.5  # in widths of the picture, and how much its logarithm varies
USUAL_HEIGHT_M, HEIGHT_SPREAD = 7.0, 0.6
ROLL_SPREAD = 0.026  # 1.5 degrees: how far from level a camera is mounted
ALONG, ROWS = 0.5, 5


@dataclass(frozen=True, slots=True)
class Pinhole:
    focal_px: float
    tilt: float
    pan: float
    roll: float
    height_m: float
    size_px: tuple[int, int]

    @property
    def matrix(self) -> Array:
        """(3, 4): road metres and 1 -> pixels, homogeneous; the last is the depth."""
        st, ct, sp, cp, sr, cr = (f(a) for a in (self.tilt, self.pan, self.roll) for f in (sin, cos))
        right, down = np.array([cp, -sp, 0.0]), np.array([-sp * st, -cp * st, -ct])
        axes = np.array([cr * right + sr * down, cr * down - sr * right, [sp * ct, cp * ct, -st]])
        lens = np.array([[self.focal_px, 0, self.size_px[0] / 2], [0, self.focal_px, self.size_px[1] / 2], [0, 0, 1]])
        return np.asarray(lens @ np.column_stack([axes, -axes[:, 2] * self.height_m]))

    def project(self, points_m: Array) -> Array:
        """(n, 3) metres -> (n, 2) pixels."""
        mapped = np.column_stack([points_m, np.ones(len(points_m))]) @ self.matrix.T
        return np.asarray(mapped[:, :2] / mapped[:, 2:])

    def ground(self, pixels: Array) -> Array:
        """(n, 2) pixels -> (n, 2) metres on the road; NaN on or beyond the horizon."""
        mapped = np.column_stack([pixels, np.ones(len(pixels))]) @ np.linalg.inv(self.matrix[:, [0, 1, 3]]).T
        ahead = mapped[:, 2:] > 1e-12
        return np.asarray(np.where(ahead, mapped[:, :2] / np.where(ahead, mapped[:, 2:], 1.0), np.nan))


class View(NamedTuple):
    """A pinhole as unknowns: of focal length and height the logarithms."""

    log_focal: float
    tilt: float
    pan: float
    roll: float
    log_height: float

    def pinhole(self, size_px: tuple[int, int]) -> Pinhole:
        return Pinhole(exp(self.log_focal), self.tilt, self.pan, self.roll, exp(self.log_height), size_px)


VIEWED = len(View._fields)  # a view's unknowns come first


def view_along(vanishing_px: Array, focal_px: float, size_px: tuple[int, int], height_m: float = USUAL_HEIGHT_M) -> View:
    """The level camera in which the traffic vanishes there."""
    right, down = np.array(size_px) / 2 - vanishing_px
    tilt = atan(down / focal_px)
    return View(log(focal_px), tilt, atan(right * cos(tilt) / focal_px), 0.0, log(height_m))


def expected(view: View, focal: tuple[float, float], height: tuple[float, float]) -> list[float]:
    """Residuals of what a camera usually is, or is known to be: focal length (pixels) and height (m), with their spreads."""
    return [
        view.roll / ROLL_SPREAD,
        (view.log_focal - log(focal[0])) / focal[1],
        (view.log_height - log(height[0])) / height[1],
    ]


def usual_focal(width_px: int) -> tuple[float, float]:
    return USUAL_FOCAL * width_px, FOCAL_SPREAD


def pairs_over(pinhole: Pinhole, x_m: tuple[float, float], y_m: tuple[float, float]) -> tuple[Array, Array]:
    """Points of a stretch of road that lie in the picture: (n, 2) normalised, (n, 2) metres."""
    road = np.array([(x, y) for y in np.linspace(*y_m, ROWS) for x in x_m])
    image = pinhole.project(np.column_stack([road, np.zeros(len(road))])) / pinhole.size_px
    seen = ((image >= 0) & (image <= 1)).all(axis=1)
    return image[seen], road[seen]


def scale_se(found: Solution, size_px: tuple[int, int], road_m: Array) -> float:
    """The share by which speeds along y may be off over these places (n, 2), one standard error, root mean square."""
    view = View(*found.unknowns[:VIEWED])
    ends = np.array([[x, y + side * ALONG, 0.0] for x, y in road_m for side in (-1, 1)])
    pixels = view.pinhole(size_px).project(ends)

    def stretch(unknowns: Array) -> Array:
        road = View(*unknowns).pinhole(size_px).ground(pixels).reshape(-1, 2, 2)
        return np.asarray(np.log(np.linalg.norm(road[:, 1] - road[:, 0], axis=1)))

    here, step = stretch(found.unknowns[:VIEWED]), 1e-5
    slopes = np.array([(stretch(found.unknowns[:VIEWED] + move) - here) / step for move in np.eye(VIEWED) * step])
    spread = np.einsum("in,ij,jn->n", slopes, found.covariance[:VIEWED, :VIEWED], slopes)
    return sqrt(float(np.mean(spread)))


def distance_to_line(line: Array, points_px: Array) -> Array:
    """Signed distances in pixels from a homogeneous line (3,)."""
    return np.asarray((points_px @ line[:2] + line[2]) / max(hypot(line[0], line[1]), 1e-12))
