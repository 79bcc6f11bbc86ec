"""Where the road is darker for a moment: under and beside road users, and where a cloud wanders."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.simulation.bodies import Body
from edge_agent.simulation.mast import Mast
from edge_agent.simulation.picture.backdrop import Backdrop
from edge_agent.simulation.picture.light import SUN, Clouds, Lighting, along_course
from edge_agent.simulation.picture.ordering import CORNERS
from edge_agent.simulation.picture.solids import Array
from edge_agent.simulation.plan import Simulation

Pixels = NDArray[np.uint8]
SHIFT = 4
UNDER = 150  # of 255: how much of the light is missing under a vehicle, whatever the weather
SLIM = ("person", "motorcycle", "bicycle")
AHEAD_M = 20  # of the mast's foot, in the table of cloud shade by metres along its course
WEAKEST_SUN = 0.15


class Shadows:
    def __init__(self, plan: Simulation, mast: Mast, lighting: Lighting, backdrop: Backdrop) -> None:
        self._mast, self._lighting, self._backdrop = mast, lighting, backdrop
        self._clouds = Clouds(plan)
        along = np.nan_to_num(along_course(backdrop.ground_m - mast.centre[:2]), nan=255.0)
        self._along = np.clip(along + AHEAD_M, 0, 255).astype(np.uint8)

    def on(self, picture: Pixels, bodies: Sequence[Body], t_s: float) -> Pixels:
        """The backdrop's picture with the shadows of this moment, a new array."""
        width, height = self._mast.size_px
        under = np.zeros((height, width), np.uint8)
        self._fall(under, bodies, np.zeros(2), UNDER)
        dark = cv2.bitwise_and(cv2.blur(under, (5, 3)), self._backdrop.bare)
        share = self._lighting.sun_share
        if share > WEAKEST_SUN:
            beside = np.zeros((height, width), np.uint8)
            self._fall(beside, bodies, -SUN[:2] / SUN[2], round(235 * share))
            dark = cv2.max(dark, cv2.multiply(cv2.blur(beside, (3, 3)), self._backdrop.sunlit, scale=1 / 255))
        left = cv2.bitwise_not(dark)
        shade = self._clouds.shade(np.arange(256.0) - AHEAD_M, t_s)
        if shade is not None:
            cloud = cv2.LUT(self._along, (255 * share * shade).astype(np.uint8))
            left = cv2.multiply(left, cv2.bitwise_not(cloud), scale=1 / 255)
        return np.asarray(cv2.multiply(picture, cv2.cvtColor(left, cv2.COLOR_GRAY2BGR), scale=1 / 255), np.uint8)

    def sunlight(self, places_m: Array, t_s: float) -> Array:
        """The share of the sun at each place (n, 2): without what houses, trees and clouds take."""
        width, height = self._mast.size_px
        pixels, _ = self._mast.project(np.column_stack([places_m, np.zeros(len(places_m))]))
        columns, rows = np.clip(pixels.T, 0, [[width - 1], [height - 1]]).astype(int)
        share = self._backdrop.sunlit[rows, columns] / 255.0
        shade = self._clouds.shade(along_course(places_m - self._mast.centre[:2]), t_s)
        return np.asarray(share if shade is None else share * (1 - shade))

    def _fall(self, mask: Pixels, bodies: Sequence[Body], slide: Array, level: int) -> None:
        """What each body hides from above, or from the sun: `slide` (2,) metres of ground for each metre of height."""
        for body in bodies:
            slim = 0.35 if body.cls in SLIM else 0.96
            c, s = np.cos(body.heading), np.sin(body.heading)
            turn, size = np.array([[c, s], [-s, c]]), np.array([body.length_m, body.width_m * slim])
            foot, top = (CORNERS * size * 0.98) @ turn, (CORNERS * size * (0.7, 0.9)) @ turn + slide * body.height_m * 0.96
            corners = np.vstack([foot, top]) + np.array([body.x_m, body.y_m])
            pixels, depth = self._mast.project(np.column_stack([corners, np.zeros(len(corners))]))
            if depth.min() > 1.0:
                outline = cv2.convexHull(np.round(pixels * 2**SHIFT).astype(np.int32))
                cv2.fillConvexPoly(mask, outline, level, cv2.LINE_AA, SHIFT)
