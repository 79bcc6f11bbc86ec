"""Paints what stands beside the roads, and the sky behind it."""

from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.simulation.picture.easel import FINER, SHIFT, Easel
from edge_agent.simulation.picture.furniture import Furniture, House, Lamp, Rail, SignalPost, Tree
from edge_agent.simulation.picture.light import SUN, Lighting, lamplight
from edge_agent.simulation.picture.solids import Array, Colour, box, outwards

WALLS: tuple[Colour, ...] = (
    (196, 214, 222),
    (170, 196, 214),
    (206, 206, 200),
    (150, 178, 206),
    (186, 206, 190),
    (214, 222, 226),
    (160, 160, 204),
)
SIGNS: tuple[Colour, ...] = ((40, 40, 180), (160, 90, 30), (60, 140, 60), (40, 150, 220), (90, 60, 150), (200, 200, 200))
STEEL: Colour = (150, 152, 152)
RAIL: tuple[tuple[float, float, Colour], ...] = (  # from, to, colour: the folds of its steel
    (0.42, 0.52, (132, 134, 134)),
    (0.52, 0.64, (182, 186, 186)),
    (0.64, 0.74, (140, 142, 142)),
)
RAIL_HALF_M = 0.09
Standing = Lamp | Tree | House | Rail | SignalPost


class Uprights:
    """Draws standing things in the light of their place. `occluders` in the order drawn: distance and what it covers."""

    def __init__(self, easel: Easel, lighting: Lighting, lamps_m: Array) -> None:
        self._easel, self._lighting, self._lamps_m = easel, lighting, lamps_m
        self.covers: list[tuple[float, list[NDArray[np.int32]]]] = []

    def paint(self, furniture: Furniture) -> None:
        things: list[Standing] = [*furniture.houses, *furniture.trees, *furniture.lamps, *furniture.signals]
        things += [Rail(rail.points_m[i : i + 3]) for rail in furniture.rails for i in range(0, len(rail.points_m) - 1, 2)]
        eye = self._easel.mast.centre[:2]
        for thing in sorted(things, key=lambda thing: -float(np.hypot(*(_place(thing) - eye)))):
            self._easel.strokes = []
            self._paint(thing)
            self.covers.append((self._depth(thing), self._easel.strokes))

    def _depth(self, thing: Standing) -> float:
        """From where on it hides; of a house its rear, for nobody stands within."""
        places = thing.corners_m if isinstance(thing, House) else _place(thing)[None]
        return float(self._easel.mast.project(np.column_stack([places, np.zeros(len(places))]))[1].max())

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
        rng = np.random.default_rng(house.seed)
        wall, low, high = WALLS[rng.integers(len(WALLS))], house.corners_m, house.height_m
        heart = np.array([*low.mean(axis=0), high / 2])
        sides = zip(low, np.roll(low, -1, axis=0), strict=True)
        walls = [np.array([[*a, 0], [*b, 0], [*b, high], [*a, high]]) for a, b in sides]
        for index, quad in enumerate(outwards(np.array(walls), heart)):
            self._face(quad, wall)
            self._windows(quad, high, rng, shop=index == 0)
        self._face(outwards(np.array([[[*corner, high] for corner in low]]), heart)[0], (150, 150, 154))

    def _windows(self, wall: Array, high: float, rng: np.random.Generator, shop: bool) -> None:
        """Rows of windows; a shop's front and sign at the foot."""
        length = float(np.linalg.norm(wall[1, :2] - wall[0, :2]) + np.linalg.norm(wall[2, :2] - wall[1, :2]))
        columns = max(1, int(length // 2.3))
        for floor in range(1, int(high // 3.2)):
            for middle in (np.arange(columns) + 0.5) / columns:
                lit = self._lighting.lamps > 0 and rng.random() < 0.35
                pane: Colour = (120, 190, 225) if lit else (78, 70, 60)
                span = (middle - 0.6 / length, middle + 0.6 / length)
                self._patch(wall, span, (3.3 * floor + 0.7, 3.3 * floor + 2.3), pane, 0.5 * lit)
        if shop:
            sign = SIGNS[rng.integers(len(SIGNS))]
            shine = 0.7 if self._lighting.lamps > 0 else 0.0
            self._patch(wall, (0.08, 0.92), (0.1, 2.7), (70, 74, 80), 0.5 * shine)
            self._patch(wall, (0.02, 0.98), (2.8, 3.6), sign, shine)

    def _patch(self, wall: Array, span: tuple[float, float], z: tuple[float, float], colour: Colour, shine: float) -> None:
        """A rectangle on a wall, from share to share of its length."""
        a, b = wall[np.argsort(wall[:, 2], kind="stable")[:2], :2]
        (left, right), (low, high) = (a + share * (b - a) for share in span), z
        corners = np.array([[*left, low], [*right, low], [*right, high], [*left, high]])
        self._face(corners if _normal(corners) @ _normal(wall) > 0 else corners[::-1], colour, shine)

    def _tree(self, tree: Tree) -> None:
        rng = np.random.default_rng(tree.seed)
        x, y = tree.foot_m
        self._solid(box((x - 0.12, x + 0.12), (y - 0.12, y + 0.12), (0, tree.height_m * 0.6)), (70, 88, 104))
        light = self._lighting.sky + 0.5 * lamplight(np.array([tree.foot_m]), self._lamps_m, self._lighting.lamps)[0]
        leaf = np.array([46, 92, 66]) * rng.uniform(0.8, 1.25)
        balls = rng.normal(0, 0.45, (46, 3)) * tree.radius_m
        for ball in balls[np.argsort(-(balls @ self._easel.mast.axes[2]))]:
            up = float(ball @ SUN) / tree.radius_m
            shine = light * (0.75 + 0.35 * up) + self._lighting.sun * np.clip(0.5 + 0.8 * up, 0.1, 1.1)
            at = np.array([x, y, tree.height_m - tree.radius_m]) + ball
            self._easel.blob(at, tree.radius_m * rng.uniform(0.16, 0.34), _colour(leaf * rng.uniform(0.85, 1.15) * shine))

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


def _place(thing: Standing) -> Array:
    match thing:
        case House():
            return np.asarray(thing.corners_m.mean(axis=0))
        case Rail():
            return np.asarray(thing.points_m.mean(axis=0))
        case _:
            return np.array(thing.foot_m)


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
