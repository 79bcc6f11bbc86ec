"""The few solids that road users are put together from, as quads that look outwards.

A quad is (4, 3) metres; a triangle repeats its last corner. Axes of a body: front +x, left +y, up +z.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Point = tuple[float, float, float]
Colour = tuple[float, float, float]  # BGR 0..255


class Glow(IntEnum):
    """What a face can shine as."""

    NONE = 0
    HEAD = 1
    TAIL = 2
    LEFT = 3  # indicators; both blink as hazard lights
    RIGHT = 4


@dataclass(frozen=True, slots=True)
class Part:
    """Quads (n, 4, 3) of one paint. `lift_m`: drawn as if that much nearer, for what lies on another part's surface."""

    quads: Array
    colour: Colour
    gloss: float = 0.0
    glow: Glow = Glow.NONE
    lift_m: float = 0.0


def outwards(quads: Array, centre: Array) -> Array:
    """Turn round the quads that look towards `centre`: (3,) or one for each quad."""
    a, b = quads[:, 2] - quads[:, 0], quads[:, 3] - quads[:, 1]
    normal = a[:, [1, 2, 0]] * b[:, [2, 0, 1]] - a[:, [2, 0, 1]] * b[:, [1, 2, 0]]  # np.cross takes three times as long
    inwards = ((quads.mean(axis=1) - centre) * normal).sum(axis=1) < 0
    return np.where(inwards[:, None, None], quads[:, ::-1], quads)


def box(x: tuple[float, float], y: tuple[float, float], z: tuple[float, float], taper: float = 0.0) -> Array:
    """Six sides; the top is `taper` metres smaller on every side."""
    low = [(x[0], y[0], z[0]), (x[1], y[0], z[0]), (x[1], y[1], z[0]), (x[0], y[1], z[0])]
    inner = ((x[0] + taper, x[1] - taper), (y[0] + taper, y[1] - taper))
    (a, b), (c, d) = inner
    high = [(a, c, z[1]), (b, c, z[1]), (b, d, z[1]), (a, d, z[1])]
    corners = np.array(low + high, float)
    sides = [[0, 1, 2, 3], [4, 5, 6, 7], [0, 1, 5, 4], [1, 2, 6, 5], [2, 3, 7, 6], [3, 0, 4, 7]]
    return outwards(corners[sides], corners.mean(axis=0))


def loft(rings: Array, *, closed: bool = True, caps: bool = True) -> Array:
    """(k, n, 3) outlines, one behind the other -> the skin between them, and its two ends."""
    here, there = rings[:-1], rings[1:]
    if closed:
        here, there = (np.concatenate([ring, ring[:, :1]], axis=1) for ring in (here, there))
    skin = np.stack([here[:, :-1], here[:, 1:], there[:, 1:], there[:, :-1]], axis=2)
    middle = (rings[:-1].mean(axis=1) + rings[1:].mean(axis=1)) / 2
    side = outwards(skin.reshape(-1, 4, 3), np.repeat(middle, skin.shape[1], axis=0))
    if not caps:
        return side
    heart = rings.mean(axis=(0, 1))
    return np.concatenate([side, outwards(lid(rings[0]), heart), outwards(lid(rings[-1]), heart)])


def lid(outline: Array) -> Array:
    """A convex outline (n, 3), n >= 4 -> quads that fill it."""
    last = len(outline) - 1
    return np.array([outline[[i, i + 1, last - i - 1, last - i]] for i in range((last + 1) // 2) if i + 1 <= last - i - 1])


def tube(points: Sequence[Point], radii: Sequence[float], corners: int) -> Array:
    """A limb along `points`, with a radius at each."""
    line = np.array(points, float)
    rings = []
    for index, (point, radius) in enumerate(zip(line, radii, strict=True)):
        ahead = line[min(index + 1, len(line) - 1)] - line[max(index - 1, 0)]
        ahead /= np.linalg.norm(ahead)
        across = np.cross(ahead, (0.0, 1.0, 0.0) if abs(ahead[1]) < 0.9 else (1.0, 0.0, 0.0))
        across /= np.linalg.norm(across)
        other = np.cross(ahead, across)
        angle = (np.arange(corners) + 0.5) * 2 * np.pi / corners
        rings.append(point + radius * (np.cos(angle)[:, None] * across + np.sin(angle)[:, None] * other))
    return loft(np.array(rings))


def ball(centre: Point, radii: Point, corners: int) -> Array:
    """An ellipsoid of corners/2 belts."""
    belts = max(3, corners // 2)
    tilt = np.linspace(-np.pi / 2 + 0.25, np.pi / 2 - 0.25, belts)
    angle = (np.arange(corners) + 0.5) * 2 * np.pi / corners
    unit = np.stack(
        [
            np.cos(tilt)[:, None] * np.cos(angle),
            np.cos(tilt)[:, None] * np.sin(angle),
            np.broadcast_to(np.sin(tilt)[:, None] / np.sin(tilt[-1]), (belts, corners)),
        ],
        axis=2,
    )
    return loft(np.array(centre) + unit * np.array(radii))


def disc(centre: Point, radius: float, corners: int, left: bool) -> Array:
    """A round plate that looks to the left (+y) or to the right."""
    angle = np.arange(corners) * 2 * np.pi / corners
    ring = np.array(centre) + radius * np.stack([np.cos(angle), np.zeros(corners), np.sin(angle)], axis=1)
    return outwards(lid(ring), np.array(centre) - (0.0, 1.0 if left else -1.0, 0.0))


def wheel(x: float, y: float, radius: float, width: float, corners: int, rim: Colour) -> list[Part]:
    """A wheel whose outer side is at `y` (its sign tells the side); narrow ones have a rim on both."""
    inner = y - np.sign(y) * width if y else -width / 2
    outer = y if y else width / 2
    tread = tube([(x, inner, radius), (x, outer, radius)], (radius, radius), corners)
    parts = [Part(tread, (26, 26, 27))]
    for side in (outer,) if y else (outer, inner):
        parts.append(Part(disc((x, side, radius), 0.66 * radius, corners, bool(side > 0)), rim, 0.2, lift_m=0.08))
    return parts


def on_side(x: tuple[float, float], z: tuple[float, float], y: float) -> Array:
    """A rectangle on the body's left (y > 0) or right side."""
    corners = np.array([[(x[0], y, z[0]), (x[1], y, z[0]), (x[1], y, z[1]), (x[0], y, z[1])]])
    return outwards(corners, corners[0, 0] * (1.0, 0.0, 1.0))


def on_end(y: tuple[float, float], z: tuple[float, float], x: float, lean: float = 0.0) -> Array:
    """A rectangle on the body's front (x > 0) or rear; its upper edge lies `lean` metres further inwards."""
    top = x - np.sign(x) * lean
    corners = np.array([[(x, y[0], z[0]), (x, y[1], z[0]), (top, y[1], z[1]), (top, y[0], z[1])]])
    return outwards(corners, np.array([0.0, corners[0, :, 1].mean(), z[0]]))
