"""The picture of one moment from one place: backdrop, shadows, road users far to near, lamps, rain."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.simulation.bodies import Body, Shown, Snapshot
from edge_agent.simulation.mast import mast_of
from edge_agent.simulation.picture.backdrop import COVER, Cover, paint_backdrop
from edge_agent.simulation.picture.faces import Faces, faces_of
from edge_agent.simulation.picture.glow import add_halos, beams
from edge_agent.simulation.picture.light import lamplight, lighting_of
from edge_agent.simulation.picture.ordering import far_to_near
from edge_agent.simulation.picture.rain import Rain
from edge_agent.simulation.picture.shadows import Shadows
from edge_agent.simulation.picture.solids import Colour
from edge_agent.simulation.plan import CameraPlan, Simulation
from edge_agent.simulation.world.road import Road

Pixels = NDArray[np.uint8]
FINER = COVER  # road users are drawn so many times larger, then averaged
SHIFT = 4
FARTHEST_M = 400.0
FROM_ALBEDO = 1 / 130  # brings the headlamps' light on the road into grey levels
SIGNALS: dict[Shown, tuple[float, Colour]] = {  # height of the lamp, colour
    "red": (3.5, (50, 50, 250)),
    "amber": (3.15, (40, 180, 255)),
    "green": (2.8, (120, 240, 60)),
}


class View:
    """The road as `camera` sees it, which a blow may have turned; the backdrop is painted at construction."""

    def __init__(self, plan: Simulation, roads: tuple[Road, ...], camera: CameraPlan) -> None:
        self.mast = mast_of(camera)
        self._lighting = lighting_of(plan)
        self._backdrop = paint_backdrop(plan, roads, self.mast, self._lighting)
        self._shadows = Shadows(plan, self.mast, self._lighting, self._backdrop)
        self._rain = Rain(plan.seed, self.mast.size_px) if self._lighting.wet else None
        self._cover_depths = np.array([cover.depth_m for cover in self._backdrop.covers])

    def paint(self, snapshot: Snapshot) -> Pixels:
        bodies = self._in_view(snapshot.bodies)
        bodies = [bodies[index] for index in far_to_near(bodies, self.mast.centre[:2])]
        # what lies on the ground
        picture = self._shadows.on(self._backdrop.picture, bodies, snapshot.t_s)
        if self._lighting.lamps_on:
            picture = self._lit_by_beams(picture, bodies)
        # what stands and moves, enlarged so that its edges come out smooth
        if bodies:
            large = _bgr(cv2.resize(picture, None, fx=FINER, fy=FINER, interpolation=cv2.INTER_NEAREST))
            self._draw(large, bodies, snapshot.t_s)
            picture = _bgr(cv2.resize(large, self.mast.size_px, interpolation=cv2.INTER_AREA))
        # what shines or falls between it and the camera
        self._show_signals(picture, snapshot.signals)
        add_halos(picture, bodies, self.mast, self._lighting)
        if self._rain is not None:
            picture = self._rain.fall(picture, snapshot.t_s)
        return _bgr(cv2.GaussianBlur(picture, (3, 3), 0.55))

    def _in_view(self, bodies: tuple[Body, ...]) -> list[Body]:
        if not bodies:
            return []
        middle = np.array([(body.x_m, body.y_m, body.height_m / 2) for body in bodies])
        reach = np.array([np.hypot(body.length_m, body.width_m) / 2 + body.height_m / 2 for body in bodies])
        pixels, depth = self.mast.project(middle)
        margin = (1.5 * reach * self.mast.focal_px / np.maximum(depth, 1.0))[:, None]
        inside = ((pixels > -margin) & (pixels < np.array(self.mast.size_px) + margin)).all(axis=1)
        seen = (depth + reach > 1.0) & (depth < FARTHEST_M) & (inside | (depth < 2 * reach))
        return [bodies[index] for index in np.flatnonzero(seen)]

    def _lit_by_beams(self, ground: Pixels, bodies: Sequence[Body]) -> Pixels:
        light = cv2.resize(beams(bodies, self.mast, self._lighting), self.mast.size_px, interpolation=cv2.INTER_LINEAR)
        added = cv2.multiply(self._backdrop.albedo, cv2.cvtColor(light, cv2.COLOR_GRAY2BGR), scale=FROM_ALBEDO)
        return _bgr(cv2.add(ground, added))

    def _draw(self, large: Pixels, bodies: Sequence[Body], t_s: float) -> None:
        """Faces on the enlarged picture; what stands nearer than a body covers it again."""
        places = np.array([(body.x_m, body.y_m) for body in bodies])
        lamps = lamplight(places, self._backdrop.lamps_m, self._lighting.lamps)
        faces = faces_of(bodies, self.mast, self._lighting, self._shadows.sunlight(places, t_s), lamps, t_s)
        corners = np.round((faces.corners_px * FINER - 0.5) * 2**SHIFT).astype(np.int32)
        colours = faces.colours.tolist()
        first = np.searchsorted(faces.body, np.arange(len(bodies) + 1)).tolist()
        depths = self.mast.project(np.column_stack([places, np.zeros(len(places))]))[1]
        covers = [self._covers(faces, first[index], first[index + 1], depth) for index, depth in enumerate(depths)]
        empty = large.copy() if any(covers) else large
        for index in range(len(bodies)):
            for face in range(first[index], first[index + 1]):
                cv2.fillConvexPoly(large, corners[face], colours[face], cv2.LINE_8, SHIFT)
            for cover in covers[index]:
                rows, columns = cover.mask.shape
                area = np.s_[cover.top : cover.top + rows, cover.left : cover.left + columns]
                cv2.copyTo(empty[area], cover.mask, large[area])

    def _covers(self, faces: Faces, start: int, end: int, depth_m: float) -> list[Cover]:
        """The standing things that are nearer than the body of these faces, and overlap it in the picture."""
        if start == end:
            return []
        corners = faces.corners_px[start:end].reshape(-1, 2) * FINER
        (left, top), (right, bottom) = corners.min(axis=0), corners.max(axis=0)
        nearer = [self._backdrop.covers[index] for index in np.flatnonzero(self._cover_depths < depth_m)]
        return [
            cover
            for cover in nearer
            if cover.left < right and cover.left + cover.mask.shape[1] > left
            if cover.top < bottom and cover.top + cover.mask.shape[0] > top
        ]

    def _show_signals(self, picture: Pixels, shown: dict[str, Shown]) -> None:
        eye = self.mast.centre[:2]
        for post in self._backdrop.furniture.signals:
            state = shown.get(post.signal)
            if state is None or np.dot(post.facing, eye - np.array(post.foot_m)) <= 0:
                continue
            high, colour = SIGNALS[state]
            place = np.array([[*(np.array(post.foot_m) + 0.22 * np.array(post.facing)), high]])
            pixels, depth = self.mast.project(place)
            if depth[0] > 1:
                radius = max(1.2, self.mast.focal_px * 0.13 / depth[0])
                centre = np.round(pixels[0] * 2**SHIFT).astype(int).tolist()
                cv2.circle(picture, centre, round(radius * 2**SHIFT), colour, -1, cv2.LINE_AA, SHIFT)


def _bgr(pixels: object) -> Pixels:
    return np.asarray(pixels, np.uint8)
