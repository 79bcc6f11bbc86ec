"""The pinhole camera on its mast: road metres to pixels. No lens distortion.

Axes of the road: x to the right, y away, z up (metres). Axes of the camera: right, down, forward. A blow turns it for good,
or for as long as the script says.
"""

from dataclasses import dataclass
from functools import lru_cache
from math import atan2, cos, degrees, radians, sin

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from edge_agent.simulation.plan import CameraPlan, Simulation
from edge_agent.simulation.script import CameraTrouble
from edge_agent.simulation.staged import since

Array = NDArray[np.float64]
PAN_DEG, TILT_DEG = (-80.0, 80.0), (2.0, 85.0)  # what a CameraPlan allows
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


@lru_cache(maxsize=64)
def mast_of(plan: CameraPlan) -> Mast:
    tilt, pan = radians(plan.tilt_deg), radians(plan.pan_deg)
    right = (cos(pan), -sin(pan), 0.0)
    down = (-sin(pan) * sin(tilt), -cos(pan) * sin(tilt), -cos(tilt))
    forward = (sin(pan) * cos(tilt), cos(pan) * cos(tilt), -sin(tilt))
    return Mast(np.array([right, down, forward]), np.array([plan.x_m, plan.y_m, plan.height_m]), plan.focal_px, plan.size_px)


def camera_at(plan: Simulation, t_s: float) -> CameraPlan:
    """The camera as it looks at `t_s`: as planned, or turned by a blow; of several the last in the script counts."""
    camera = plan.camera
    for blow in _blows(plan):
        if since(blow, t_s) is not None:
            camera = turned(plan.camera, blow.amount)
    return camera


def cameras(plan: Simulation) -> list[CameraPlan]:
    """All ways in which the camera ever looks, as planned first."""
    return list(dict.fromkeys([plan.camera, *(turned(plan.camera, blow.amount) for blow in _blows(plan))]))


def turned(camera: CameraPlan, share: float) -> CameraPlan:
    """The camera after a blow: what was in the middle lies `share` of the width beside it, and a little higher."""
    pan = camera.pan_deg + degrees(atan2(share * camera.size_px[0], camera.focal_px)) * (-1 if camera.pan_deg > 0 else 1)
    tilt = camera.tilt_deg + degrees(atan2(0.1 * share * camera.size_px[1], camera.focal_px))
    return replace(camera, pan_deg=min(max(pan, PAN_DEG[0]), PAN_DEG[1]), tilt_deg=min(max(tilt, TILT_DEG[0]), TILT_DEG[1]))


def _blows(plan: Simulation) -> list[CameraTrouble]:
    return [one for one in plan.script if isinstance(one, CameraTrouble) and one.trouble == "moved"]
