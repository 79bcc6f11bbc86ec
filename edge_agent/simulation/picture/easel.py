"""A large canvas on which the standing parts of the picture are drawn once: polygons in metres, seen by the mast."""

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.simulation.mast import Mast
from edge_agent.simulation.picture.solids import Array, Colour

FINER = 3  # its pixels per pixel of the picture
NEAR_M = 1.0
SHIFT = 4  # binary digits behind the point of the coordinates that OpenCV takes


class Easel:
    """`pixels`: BGR and roughness (how much the ground's texture shows); `far_m`: distance of what stands, else infinite."""

    def __init__(self, mast: Mast) -> None:
        self.mast = mast
        width, height = mast.size_px
        self.pixels = np.zeros((height * FINER, width * FINER, 4), np.uint8)
        self.far_m = np.full((height * FINER, width * FINER), np.inf, np.float32)
        self.strokes: list[NDArray[np.int32]] = []  # what `upright` and `blob` have painted, in its pixels << SHIFT

    def ground(self, outline_m: Array, colour: Colour, rough: float = 0.0) -> None:
        """Paint a piece of the ground, (n, 2) metres."""
        corners = self._seen(np.column_stack([outline_m, np.zeros(len(outline_m))]))
        if corners is not None:
            cv2.fillPoly(self.pixels, [corners[0]], (*colour, rough), shift=SHIFT)

    def upright(self, outline_m: Array, colour: Colour) -> None:
        """Paint a face of something that stands, (n, 3) metres."""
        corners = self._seen(outline_m)
        if corners is not None:
            cv2.fillPoly(self.pixels, [corners[0]], (*colour, 0), shift=SHIFT)
            cv2.fillPoly(self.far_m, [corners[0]], corners[1], shift=SHIFT)
            self.strokes.append(corners[0])

    def blob(self, centre_m: Array, radii_m: Array, colour: Colour) -> None:
        """Paint something round that looks at the mast, with these radii (n,) around its centre."""
        turn = np.arange(len(radii_m)) * 2 * np.pi / len(radii_m)
        rim = np.cos(turn)[:, None] * self.mast.axes[0] + np.sin(turn)[:, None] * self.mast.axes[1]
        self.upright(centre_m + radii_m[:, None] * rim, colour)

    def _seen(self, points_m: Array) -> tuple[NDArray[np.int32], float] | None:
        seen = clip_near((points_m - self.mast.centre) @ self.mast.axes.T, NEAR_M)
        if len(seen) < 3:
            return None
        middle = np.array(self.mast.size_px) / 2
        pixels = (seen[:, :2] / seen[:, 2:] * self.mast.focal_px + middle) * FINER - 0.5
        return np.round(np.clip(pixels, -2e5, 2e5) * 2**SHIFT).astype(np.int32), float(seen[:, 2].mean())


def clip_near(seen: Array, near_m: float) -> Array:
    """Cut a polygon (n, 3) in the camera's axes off at the plane depth = near_m."""
    depth = seen[:, 2] - near_m
    if (depth >= 0).all():
        return seen
    kept = []
    for index in range(len(seen)):
        here, after = depth[index], depth[(index + 1) % len(seen)]
        if here >= 0:
            kept.append(seen[index])
        if (here >= 0) != (after >= 0):
            share = here / (here - after)
            kept.append(seen[index] + share * (seen[(index + 1) % len(seen)] - seen[index]))
    return np.array(kept).reshape(-1, 3)
