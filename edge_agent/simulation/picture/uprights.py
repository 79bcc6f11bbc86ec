"""Paints what stands beside the roads, and the sky behind it."""

from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.simulation.picture.easel import FINER, SHIFT, Easel
from edge_agent.simulation.picture.furniture import Furniture, House, Lamp, Rail, SignalPost, Tree
from edge_agent.simulation.picture.houses import house_faces
from edge_agent.simulation.picture.light import SUN, Lighting, lamplight
from edge_agent.simulation.picture.solids import Array, Colour, box
from edge_agent.simulation.picture.standing import Standing, far_first, hides_from_m

STEEL: Colour = (150, 152, 152)
RAIL: tuple[tuple[float, float, Colour], ...] = (  # from, to, colour: the folds of its steel
    (0.42, 0.52, (132, 134, 134)),
    (0.52, 0.64, (182, 186, 186)),
    (0.64, 0.74, (140, 142, 142)),
)
RAIL_HALF_M = 0.09
FINE_M = 90.0  # houses farther away have no details
LEAF_CORNERS = 12


class Uprights:
    """Draws standing things in the light of their place. `occluders` in the order drawn: distance and what it covers."""

    def __init__(self, easel: Easel, lighting: Lighting, lamps_m: Array) -> None:
        self._easel, self._lighting, self._lamps_m = easel, lighting, lamps_m
        self.covers: list[tuple[float, list[NDArray[np.int32]]]] = []

    def paint(self, furniture: Furniture) -> None:
        for thing in far_first(furniture, self._easel.mast):
            self._easel.strokes = []
            self._paint(thing)
            self.covers.append((hides_from_m(thing, self._easel.mast), self._easel.strokes))

    def _paint(self, thing: Standing) -> None:
        match thing:
            case House():
                self._house(thing)
            case Tree():
                self._tree(thing)
            case Lamp():
                self._lamp(thing)
            case Rail():
                self._rail(thing)
            case SignalPost():
                self._signal(thing)

    def _face(self, corners: Array, colour: Colour, shine: float = 0.0) -> None:
        """One flat face in its light; what looks away from the mast is left out."""
        normal = _normal(corners)
        if normal @ (self._easel.mast.centre - corners[0]) <= 0:
            return
        normal /= np.linalg.norm(normal)
        foot = corners.mean(axis=0)
        light = self._lighting.sky * (0.78 + 0.22 * normal[2]) + self._lighting.sun * max(0.0, float(normal @ SUN))
        light = light + 0.5 * lamplight(foot[None, :2], self._lamps_m, self._lighting.lamps)[0] + shine
        self._easel.upright(corners, _colour(np.array(colour) * light))

    def _solid(self, quads: Array, colour: Colour) -> None:
        for quad in quads:
            self._face(quad, colour)

    def _house(self, house: House) -> None:
        fine = hides_from_m(house, self._easel.mast) < FINE_M
        for face in house_faces(house, self._lighting.lamps > 0, fine):
            self._face(face.corners_m, face.colour, face.shine)
            if face.both:
                self._face(face.corners_m[::-1], face.colour, face.shine)

    def _tree(self, tree: Tree) -> None:
        """A trunk, and a crown of ragged leaves: the more, the larger it is in the picture."""
        rng, mast = np.random.default_rng(tree.seed), self._easel.mast
        x, y = tree.foot_m
        self._solid(box((x - 0.12, x + 0.12), (y - 0.12, y + 0.12), (0, tree.height_m * 0.6), 0.03), (70, 88, 104))
        light = self._lighting.sky + 0.5 * lamplight(np.array([tree.foot_m]), self._lamps_m, self._lighting.lamps)[0]
        colour = np.array([46, 88, 66]) * rng.uniform(0.8, 1.2)
        tall_px = mast.focal_px * tree.radius_m / max(hides_from_m(tree, mast), 1.0)
        count = int(np.clip(2.2 * tall_px, 14, 130))
        places = rng.normal(0, 1, (count, 3))
        places *= (rng.uniform(0.1, 1.0, count) / np.linalg.norm(places, axis=1))[:, None] * (1.1, 1.1, 0.85)
        size = 2.0 * count**-0.42
        for place in places[np.argsort(-(places @ mast.axes[2]))]:
            up = float(place @ SUN)
            shine = light * (0.7 + 0.4 * up) + self._lighting.sun * np.clip(0.45 + 0.75 * up, 0.08, 1.0)
            at = np.array([x, y, tree.height_m - tree.radius_m]) + place * tree.radius_m
            rim_m = tree.radius_m * size * rng.uniform(0.35, 1.0, LEAF_CORNERS)
            self._easel.blob(at, rim_m, _colour(colour * rng.uniform(0.82, 1.18) * shine))

    def _lamp(self, lamp: Lamp) -> None:
        x, y = lamp.foot_m
        to_x, to_y, high = lamp.head_m
        self._solid(box((x - 0.09, x + 0.09), (y - 0.09, y + 0.09), (0, high), 0.03), STEEL)
        arm = [[x, y, high - 0.1], [to_x, to_y, high - 0.04], [to_x, to_y, high + 0.04], [x, y, high]]
        self._easel.upright(np.array(arm), _dim(self._lighting, STEEL))
        bulb: Colour = (190, 235, 255) if self._lighting.lamps > 0 else _dim(self._lighting, (200, 205, 205))
        self._easel.upright(box((to_x - 0.35, to_x + 0.35), (to_y - 0.2, to_y + 0.2), (high - 0.12, high))[0], bulb)

    def _rail(self, rail: Rail) -> None:
        for a, b in pairwise(rail.points_m):
            self._solid(box((a[0] - 0.06, a[0] + 0.06), (a[1] - 0.06, a[1] + 0.06), (0, 0.6)), (118, 120, 120))
            for low, high, colour in RAIL:
                self._both(np.array([[*a, low], [*b, low], [*b, high], [*a, high]]), colour)
            across = RAIL_HALF_M * np.array([b[1] - a[1], a[0] - b[0]]) / np.hypot(*(b - a))
            top = [a - across, b - across, b + across, a + across]
            self._both(np.column_stack([top, np.full(4, RAIL[-1][1])]), (168, 172, 172))

    def _both(self, corners: Array, colour: Colour) -> None:
        self._face(corners, colour)
        self._face(corners[::-1], colour)

    def _signal(self, post: SignalPost) -> None:
        x, y = post.foot_m
        self._solid(box((x - 0.07, x + 0.07), (y - 0.07, y + 0.07), (0, 3.0)), STEEL)
        self._solid(box((x - 0.2, x + 0.2), (y - 0.2, y + 0.2), (2.6, 3.7)), (44, 46, 46))


def _normal(corners: Array) -> Array:
    return np.cross(corners[1] - corners[0], corners[2] - corners[1])


def _colour(colour: Array) -> Colour:
    blue, green, red = np.clip(colour, 0, 255).tolist()
    return blue, green, red


def _dim(lighting: Lighting, colour: Colour) -> Colour:
    return _colour(np.array(colour) * (lighting.sky + 0.5 * lighting.sun))


def paint_sky(easel: Easel, lighting: Lighting, town: bool, seed: int) -> None:
    """Everything above the horizon: a gradient, faint clouds, hills or roofs."""
    mast, (width, height) = easel.mast, easel.mast.size_px
    rows, columns = height * FINER, width * FINER
    ahead = mast.axes[2] * (1, 1, 0)
    horizon = mast.project(mast.centre[None] + 1e4 * ahead / np.linalg.norm(ahead))[0][0, 1] * FINER
    up = np.clip((horizon - np.arange(rows)) / (0.35 * mast.focal_px * FINER), 0, 1)[:, None, None]
    sky = lighting.horizon + (lighting.zenith - lighting.horizon) * up**0.7
    rng = np.random.default_rng([seed, 12])
    soft = cv2.resize(rng.normal(0, 1, (rows // 60 + 2, columns // 160 + 2)), (columns, rows), interpolation=cv2.INTER_CUBIC)
    sky = sky + (lighting.sun.mean() * 16 + 1.5) * np.clip(soft, 0, 2)[..., None] * np.minimum(up * 6, 1)
    above = max(0, min(rows, round(horizon)))
    easel.pixels[:above, :, :3] = np.clip(sky[:above], 0, 255)
    for high, share, base in ((0.035, 0.78, (150, 132, 112)), (0.018, 0.5, (96, 108, 92) if not town else (140, 146, 150))):
        x = np.arange(0, columns + 16, 8.0)
        waves = sum(rng.uniform(0.3, 1) / k * np.sin(x * k / (columns / 6) + rng.uniform(0, 7)) for k in (1, 2, 3, 5, 8))
        ridge = horizon - mast.focal_px * FINER * high * (0.8 + 0.3 * waves + rng.uniform(0, 0.25, len(x)) * (share < 0.6))
        share += (1 - share) * (1 - np.exp(-lighting.haze_per_m * 700))
        colour = share * lighting.haze + (1 - share) * np.array(base) * (lighting.sky + 0.5 * lighting.sun)
        outline = np.vstack([np.column_stack([x, ridge]), [(columns + 16, horizon + 2 * FINER), (0, horizon + 2 * FINER)]])
        cv2.fillPoly(easel.pixels, [np.round(outline * 2**SHIFT).astype(np.int32)], (*_colour(colour), 0), shift=SHIFT)
