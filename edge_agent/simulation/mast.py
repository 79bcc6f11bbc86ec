"""The pinhole camera on its mast: road metres to pixels. No lens distortion.

Axes of the road: x to the right, y away, z up (metres). Axes of the camera: right, down, forward.
"""

from dataclasses import dataclass
from math import cos, radians, sin

import numpy as np
from numpy.typing import NDArray

from edge_agent.simulation.plan import CameraPlan

Array = NDArray[np.float64]
NEAREST_M = 0.5  # what is nearer to the camera's plane, or behind it, is not seen


@dataclass(frozen=True, slots=True)
class Mast:
    """`axes` (3, 3): rows right, down, forward in road axes. `centre` (3,): the pinhole."""

    axes: Array
    centre: Array
    focal_px: float
    size_px: tuple[int, int]

    def project(self, points_m: Array) -> tuple[Array, Array]:
        """(n, 3) metres -> (n, 2) pixels, (n,) depth in metres. Pixels are meaningless where depth < NEAREST_M."""
        seen = (points_m - self.centre) @ self.axes.T
        depth = seen[:, 2]
        scale = self.focal_px / np.maximum(depth, NEAREST_M)
        middle = (self.size_px[0] / 2, self.size_px[1] / 2)
        return seen[:, :2] * scale[:, None] + middle, depth

    def ground(self, pixels: Array) -> Array:
        """(n, 2) pixels -> (n, 2) metres on the road; NaN on or above the horizon."""
        middle = np.array(self.size_px) / 2
        rays = np.column_stack([(pixels - middle) / self.focal_px, np.ones(len(pixels))]) @ self.axes
        down = np.where(rays[:, 2] < -1e-9, rays[:, 2], np.nan)
        return np.asarray(self.centre[:2] - rays[:, :2] * (self.centre[2] / down)[:, None])


def mast_of(plan: CameraPlan) -> Mast:
    tilt, pan = radians(plan.tilt_deg), radians(plan.pan_deg)
    right = (cos(pan), -sin(pan), 0.0)
    down = (-sin(pan) * sin(tilt), -cos(pan) * sin(tilt), -cos(tilt))
    forward = (sin(pan) * cos(tilt), cos(pan) * cos(tilt), -sin(tilt))
    return Mast(np.array([right, down, forward]), np.array([plan.x_m, plan.y_m, plan.height_m]), plan.focal_px, plan.size_px)
