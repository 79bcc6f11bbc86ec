"""The camera's picture of one moment: the painted backdrop, shadows, road users far to near, lamps, rain."""

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.simulation.backdrop import COVER, Backdrop, Pixels, paint_backdrop
from edge_agent.simulation.bodies import Body, Shown, Snapshot
from edge_agent.simulation.faces import faces_of
from edge_agent.simulation.glow import add_halos, beams
from edge_agent.simulation.light import SUN, Clouds, Lighting, along_course, lamplight, lighting_of
from edge_agent.simulation.mast import Mast, mast_of
from edge_agent.simulation.ordering import CORNERS, far_to_near
from edge_agent.simulation.plan import Simulation
from edge_agent.simulation.rain import Rain
from edge_agent.simulation.road import Road
from edge_agent.simulation.solids import Array, Colour

FINER = COVER  # road users are drawn so many times larger, then averaged
SHIFT = 4
FARTHEST_M = 400.0
SIGNALS: dict[Shown, tuple[float, Colour]] = {"red": (3.5, (50, 50, 250)), "amber": (3.15, (40, 180, 255)), "green": (2.8, (120, 240, 60))}


class Painter:
    """Paints snapshots of one simulation. The backdrop is painted once, at construction."""

    def __init__(self, plan: Simulation, roads: tuple[Road, ...]) -> None:
        self.mast: Mast = mast_of(plan.camera)
        self.lighting: Lighting = lighting_of(plan)
        self.backdrop: Backdrop = paint_backdrop(plan, roads, self.mast, self.lighting)
        self._clouds = Clouds(plan)
        self._rain = Rain(plan.seed, self.mast.size_px) if self.lighting.wet else None
        along = np.nan_to_num(along_course(self.backdrop.ground_m - self.mast.centre[:2]), nan=250.0)
        self._along = np.clip(along + 20, 0, 255).astype(np.uint8)  # metres + 20, for a table of cloud shade
        self._depths = np.array([cover.depth_m for cover in self.backdrop.covers])

    def paint(self, snapshot: Snapshot) -> Pixels:
        """-> BGR (h, w, 3), a new array."""
        bodies = self._in_view(snapshot.bodies)
        bodies = [bodies[index] for index in far_to_near(bodies, self.mast.centre[:2])]
        ground = self._shadowed(bodies, snapshot.t_s)
        if self.lighting.lamps > 0.1:
            ground = self._lit_by_beams(ground, bodies)
        width, height = self.mast.size_px
        large = cv2.resize(ground, (width * FINER, height * FINER), interpolation=cv2.INTER_NEAREST)
        if bodies:
            self._draw(large, bodies, snapshot.t_s)
        picture = np.asarray(cv2.resize(large, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
        self._show_signals(picture, snapshot.signals)
        add_halos(picture, bodies, self.mast, self.lighting)
        if self._rain is not None:
            picture = self._rain.fall(picture, snapshot.t_s)
        return np.asarray(cv2.GaussianBlur(picture, (3, 3), 0.55), np.uint8)

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

    def _shadowed(self, bodies: list[Body], t_s: float) -> Pixels:
        """The backdrop with the shadows of bodies and clouds."""
        width, height = self.mast.size_px
        dark = np.zeros((height, width), np.uint8)
        share = self.lighting.sun_share
        if bodies and share > 0.15:
            self._shadow_polygons(dark, bodies, -SUN[:2] / SUN[2], round(235 * share))
            cv2.blur(dark, (3, 3), dst=dark)
            dark = cv2.multiply(dark, self.backdrop.sunlit, scale=1 / 255)
        under = np.zeros((height, width), np.uint8)
        self._shadow_polygons(under, bodies, np.zeros(2), 150)
        dark = cv2.max(dark, cv2.blur(under, (5, 3)))
        shade = self._clouds.shade(np.arange(256.0) - 20, t_s)
        if shade is not None:
            table = (255 * share * shade).astype(np.uint8)
            cloud = cv2.LUT(self._along, table)
            rest = cv2.multiply(cv2.bitwise_not(dark), cv2.bitwise_not(cloud), scale=1 / 255)
        elif not bodies:
            return self.backdrop.picture.copy()
        else:
            rest = cv2.bitwise_not(dark)
        return np.asarray(cv2.multiply(self.backdrop.picture, cv2.cvtColor(rest, cv2.COLOR_GRAY2BGR), scale=1 / 255), np.uint8)

    def _shadow_polygons(self, mask: Pixels, bodies: list[Body], slide: Array, level: int) -> None:
        """What each body hides from above (`slide` 0) or from the sun: metres of ground for each metre of height."""
        for body in bodies:
            slim = 0.35 if body.cls in ("person", "motorcycle", "bicycle") else 0.96
            turn = np.array([[np.cos(body.heading), np.sin(body.heading)], [-np.sin(body.heading), np.cos(body.heading)]])
            foot = np.array([body.x_m, body.y_m]) + (CORNERS * (body.length_m * 0.98, body.width_m * slim)) @ turn
            top = np.array([body.x_m, body.y_m]) + (CORNERS * (body.length_m * 0.7, body.width_m * slim * 0.9)) @ turn
            corners = np.vstack([foot, top + slide * body.height_m * 0.96])
            pixels, depth = self.mast.project(np.column_stack([corners, np.zeros(8)]))
            if depth.min() > 1.0:
                outline = cv2.convexHull(np.round(pixels * 2**SHIFT).astype(np.int32))
                cv2.fillConvexPoly(mask, outline, level, cv2.LINE_AA, SHIFT)

    def _lit_by_beams(self, ground: Pixels, bodies: list[Body]) -> Pixels:
        light = cv2.resize(beams(bodies, self.mast), self.mast.size_px, interpolation=cv2.INTER_LINEAR)
        added = cv2.multiply(self.backdrop.albedo, cv2.cvtColor(light, cv2.COLOR_GRAY2BGR), scale=1 / 130)
        return np.asarray(cv2.add(ground, added), np.uint8)

    def _draw(self, large: Pixels, bodies: list[Body], t_s: float) -> None:
        """Faces on the enlarged picture; whatever stands nearer than a body covers it again."""
        places = np.array([(body.x_m, body.y_m) for body in bodies])
        lamps = lamplight(places, self.backdrop.lamps_m, self.lighting.lamps)
        faces = faces_of(bodies, self.mast, self.lighting, self._sunlight(places, t_s), lamps, t_s)
        corners = np.round(((faces.corners_px * FINER) - 0.5) * 2**SHIFT).astype(np.int32)
        colours = faces.colours.tolist()
        first = np.searchsorted(faces.body, np.arange(len(bodies) + 1)).tolist()
        covers = self._covers(faces.corners_px, first, places)
        ground = large.copy() if any(covers) else large
        for index in range(len(bodies)):
            for face in range(first[index], first[index + 1]):
                cv2.fillConvexPoly(large, corners[face], colours[face], cv2.LINE_8, SHIFT)
            for cover in covers[index]:
                rows, columns = cover.mask.shape
                area = np.s_[cover.top : cover.top + rows, cover.left : cover.left + columns]
                cv2.copyTo(ground[area], cover.mask, large[area])

    def _covers(self, corners_px: Array, first: list[int], places: Array) -> list[list]:  # type: ignore[type-arg]
        """For each body the standing things that are nearer, and overlap it in the picture."""
        depths = self.mast.project(np.column_stack([places, np.zeros(len(places))]))[1]
        found: list[list] = []  # type: ignore[type-arg]
        for index, depth in enumerate(depths):
            mine = corners_px[first[index] : first[index + 1]].reshape(-1, 2) * FINER
            if not len(mine):
                found.append([])
                continue
            (left, top), (right, bottom) = mine.min(axis=0), mine.max(axis=0)
            found.append(
                [
                    cover
                    for cover in (self.backdrop.covers[i] for i in np.flatnonzero(self._depths < depth))
                    if cover.left < right and cover.left + cover.mask.shape[1] > left
                    if cover.top < bottom and cover.top + cover.mask.shape[0] > top
                ]
            )
        return found

    def _sunlight(self, places: Array, t_s: float) -> Array:
        """The sun's share at each place, without what houses, trees and clouds take."""
        width, height = self.mast.size_px
        pixels, _ = self.mast.project(np.column_stack([places, np.zeros(len(places))]))
        columns, rows = np.clip(pixels.T, 0, [[width - 1], [height - 1]]).astype(int)
        share: NDArray[np.float64] = self.backdrop.sunlit[rows, columns] / 255.0
        shade = self._clouds.shade(along_course(places - self.mast.centre[:2]), t_s)
        return share if shade is None else share * (1 - shade)

    def _show_signals(self, picture: Pixels, shown: dict[str, Shown]) -> None:
        for post in self.backdrop.furniture.signals:
            state = shown.get(post.signal)
            if state is None or np.dot(post.facing, self.mast.centre[:2] - np.array(post.foot_m)) <= 0:
                continue
            high, colour = SIGNALS[state]
            at = np.array([[*(np.array(post.foot_m) + 0.22 * np.array(post.facing)), high]])
            pixels, depth = self.mast.project(at)
            if depth[0] > 1:
                radius = max(1.2, self.mast.focal_px * 0.13 / depth[0])
                centre = np.round(pixels[0] * 16).astype(int).tolist()
                cv2.circle(picture, centre, round(radius * 16), colour, -1, cv2.LINE_AA, SHIFT)
