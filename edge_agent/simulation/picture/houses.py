"""What a shop-house shows of itself: its walls, and on its front storeys, windows, balconies, shutters, signs and awnings."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise, product

import numpy as np

from edge_agent.simulation.picture.furniture import House
from edge_agent.simulation.picture.solids import Array, Colour, outwards

STOREY_M = 3.3
WALLS: tuple[Colour, ...] = (
    (196, 214, 222),
    (170, 196, 214),
    (206, 206, 200),
    (150, 178, 206),
    (186, 206, 190),
    (214, 222, 226),
    (160, 160, 204),
    (176, 206, 216),
)
SIGNS: tuple[Colour, ...] = ((40, 40, 180), (160, 90, 30), (60, 140, 60), (40, 150, 220), (90, 60, 150), (200, 200, 200))
CLOTHS: tuple[Colour, ...] = ((150, 90, 40), (60, 120, 60), (50, 60, 170), (150, 160, 165), (60, 150, 205))
CANVAS: Colour = (196, 204, 208)
SHUTTERS: tuple[Colour, ...] = ((120, 122, 120), (104, 112, 122), (134, 124, 108))
GOODS: tuple[Colour, ...] = ((60, 110, 190), (70, 140, 90), (170, 140, 70), (170, 180, 190), (70, 70, 170), (90, 150, 200))
SHELVES = (0.1, 0.75, 1.4)  # heights in metres
GLASS: Colour = (78, 70, 60)
LIT: Colour = (140, 194, 222)
LIT_SHOP: Colour = (112, 148, 172)
DARK_SHOP: Colour = (56, 58, 62)
FRAME: Colour = (220, 224, 226)
RAILING: Colour = (74, 78, 82)
Span = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Face:
    """A flat piece (4, 3) that looks outwards; `shine` is its own light. `both`: it is seen from behind as well."""

    corners_m: Array
    colour: Colour
    shine: float = 0.0
    both: bool = False


@dataclass(frozen=True, slots=True)
class _Wall:
    """Along it x runs to the right for whoever stands before it."""

    start_m: Array
    along: Array
    length_m: float

    def plate(self, x: Span, z: Span, out_m: float = 0.0, foot_out_m: float | None = None) -> Array:
        """From x to x and z to z, that far before the wall; its lower edge `foot_out_m`."""
        before = np.array([self.along[1], -self.along[0]])
        low, high = (before * (out_m if one is None else one) for one in (foot_out_m, None))
        left, right = (self.start_m + share * self.along for share in x)
        return np.array([[*left + low, z[0]], [*right + low, z[0]], [*right + high, z[1]], [*left + high, z[1]]])


def house_faces(house: House, lamps: bool, fine: bool) -> Iterator[Face]:
    """In the order of painting. `lamps`: it is dark, and some are in; `fine`: with what can only be seen from near."""
    rng = np.random.default_rng(house.seed)
    paint, low, high = WALLS[rng.integers(len(WALLS))], house.corners_m, house.height_m
    heart = low.mean(axis=0)
    for number in (2, 1, 3, 0):  # the front last: what is on it stands out
        wall = _wall(low[number], low[(number + 1) % 4], heart)
        yield Face(wall.plate((0.0, wall.length_m), (0.0, high)), paint)
        if number:
            yield from _windows(wall, high, rng, lamps)
        else:
            yield from _storeys(wall, high, rng, lamps, fine, paint)
            yield from _shop(wall, rng, lamps, fine)
    roof = np.array([[[*corner, high] for corner in low]])
    yield Face(outwards(roof, np.array([*heart, 0.0]))[0], (150, 150, 154))


def _wall(a: Array, b: Array, heart: Array) -> _Wall:
    along = (b - a) / np.hypot(*(b - a))
    if np.dot((along[1], -along[0]), heart - a) > 0:
        a, b, along = b, a, -along
    return _Wall(a, along, float(np.hypot(*(b - a))))


def _windows(wall: _Wall, high: float, rng: np.random.Generator, lamps: bool) -> Iterator[Face]:
    """Rows of plain windows."""
    columns = max(1, int(wall.length_m // 2.3))
    for floor in range(1, int(high // STOREY_M)):
        for middle in (np.arange(columns) + 0.5) / columns * wall.length_m:
            lit = rng.random() < 0.35 and lamps
            z = STOREY_M * floor + 0.8
            yield Face(wall.plate((middle - 0.6, middle + 0.6), (z, z + 1.5)), LIT if lit else GLASS, 0.5 * lit)


def _storeys(wall: _Wall, high: float, rng: np.random.Generator, lamps: bool, fine: bool, paint: Colour) -> Iterator[Face]:
    """Above the shop: a ledge for each floor, windows with frames, on some floors a balcony."""
    balconies, width = rng.random() < 0.45, wall.length_m
    columns = max(1, int(width // 2.2))
    for floor in range(1, int(high // STOREY_M)):
        z = STOREY_M * floor
        yield Face(wall.plate((0.0, width), (z - 0.1, z + 0.08), 0.06), _tint(paint, 0.86))
        for middle in (np.arange(columns) + 0.5) / columns * width:
            lit = rng.random() < 0.35 and lamps
            foot = 0.1 if balconies else 0.85
            if fine:
                yield Face(wall.plate((middle - 0.68, middle + 0.68), (z + foot - 0.08, z + 2.4)), FRAME)
            for x in (middle - 0.31, middle + 0.31):
                yield Face(wall.plate((x - 0.28, x + 0.28), (z + foot, z + 2.32)), LIT if lit else GLASS, 0.5 * lit)
        if balconies:
            yield Face(wall.plate((0.2, width - 0.2), (z - 0.12, z + 0.06), 0.8), _tint(paint, 0.92))
            railing = _tint(paint, 0.62) if rng.random() < 0.5 else RAILING
            yield Face(wall.plate((0.2, width - 0.2), (z + 0.06, z + 0.9), 0.8), railing)
            yield Face(wall.plate((0.2, width - 0.2), (z + 0.9, z + 0.98), 0.8), FRAME)
        if fine and rng.random() < 0.5:
            x = float(rng.uniform(0.3, width - 1.2))
            yield Face(wall.plate((x, x + 0.8), (z + 2.5, z + 3.0), 0.3), (206, 208, 208))
            yield Face(wall.plate((x + 0.1, x + 0.5), (z + 2.55, z + 2.95), 0.31), (96, 98, 100))
    yield Face(wall.plate((0.0, width), (high - 0.3, high), 0.05), _tint(paint, 0.9))


def _shop(wall: _Wall, rng: np.random.Generator, lamps: bool, fine: bool) -> Iterator[Face]:
    """A shop, open with its goods or behind a shutter, under its sign and maybe an awning."""
    width, is_open = wall.length_m, rng.random() < 0.6
    shutter = SHUTTERS[rng.integers(len(SHUTTERS))]
    inside = (LIT_SHOP if lamps else DARK_SHOP) if is_open else shutter
    shine = 0.25 if lamps and is_open else 0.0
    yield Face(wall.plate((0.35, width - 0.35), (0.1, 2.7)), inside, shine)
    if fine and is_open:
        for x, shelf in product(np.arange(0.45, width - 0.9, 0.6), SHELVES):
            if rng.random() < 0.7:
                far, tall = rng.uniform(0.3, 0.58), rng.uniform(0.2, 0.5)
                goods = _tint(GOODS[rng.integers(len(GOODS))], 0.8 if lamps else 0.45)
                yield Face(wall.plate((x, x + far), (shelf, shelf + tall)), goods, shine)
    elif fine:
        for z in np.arange(0.3, 2.6, 0.3):
            yield Face(wall.plate((0.35, width - 0.35), (z, z + 0.06)), _tint(inside, 0.78))
    sign, glow = SIGNS[rng.integers(len(SIGNS))], 0.7 if lamps else 0.0
    yield Face(wall.plate((0.1, width - 0.1), (2.8, 3.6), 0.1), sign, glow)
    if fine:
        letters: Colour = (40, 40, 150) if min(sign) > 150 else (225, 232, 235)
        for x in np.arange(0.25 * width, 0.75 * width, 0.34):
            if rng.random() < 0.8:
                yield Face(wall.plate((x, x + 0.22), (3.02, 3.38), 0.11), letters, glow)
    if rng.random() < 0.4:
        yield from _awning(wall, rng)


def _awning(wall: _Wall, rng: np.random.Generator) -> Iterator[Face]:
    """Striped cloth over the sidewalk; a plain one is a car to a detector."""
    cloth, edges = CLOTHS[rng.integers(len(CLOTHS))], np.linspace(0.2, wall.length_m - 0.2, 12)
    for number, span in enumerate(pairwise(edges.tolist())):
        colour = CANVAS if number % 2 else cloth
        yield Face(wall.plate(span, (2.35, 2.8), 0.1, 1.0), colour, both=True)
        yield Face(wall.plate(span, (2.2, 2.35), 1.0), _tint(colour, 0.85), both=True)


def _tint(colour: Colour, share: float) -> Colour:
    blue, green, red = colour
    return share * blue, share * green, share * red
