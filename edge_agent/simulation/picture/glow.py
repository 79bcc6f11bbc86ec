"""What lamps do around themselves: halos, light on the road, streaks on a wet one."""

from collections.abc import Sequence
from functools import lru_cache
from math import cos, sin

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.simulation.bodies import Body
from edge_agent.simulation.mast import Mast
from edge_agent.simulation.picture.easel import clip_near
from edge_agent.simulation.picture.light import Lighting
from edge_agent.simulation.picture.solids import Array, Colour

Pixels = NDArray[np.uint8]
WARM: Colour = (190, 225, 255)
STREET: Colour = (130, 200, 255)
RED: Colour = (40, 36, 230)
BEAM = ((3.0, 26.0, 1.2, 5.0, 26), (3.0, 19.0, 1.0, 3.2, 52), (3.0, 13.0, 0.8, 2.0, 84))  # from, to, half widths, light
SIDES = {"car": 0.62, "bus": 0.95, "truck": 0.95, "motorcycle": 0.0, "bicycle": None, "person": None, "object": None}


def beams(bodies: Sequence[Body], mast: Mast, lighting: Lighting) -> Pixels:
    """Light of the headlamps on the road, (h/2, w/2) 0..255."""
    width, height = mast.size_px
    light = np.zeros((height // 2, width // 2), np.uint8)
    dark = 1.0 - min(1.0, 0.9 * float(lighting.sky.mean() + lighting.sun.mean()))
    for start, end, near, wide, strength in BEAM:
        for body in bodies:
            if SIDES[body.cls] is None:
                continue
            nose, narrow = body.length_m / 2, 0.6 if body.cls == "motorcycle" else 1.0
            fan = np.array([(start, -near), (end, -wide), (end, wide), (start, near)]) * (1.0, narrow) + (nose, 0.0)
            corners = clip_near((_ground(body, fan) - mast.centre) @ mast.axes.T, 1.0)
            if len(corners) > 2:
                pixels = (corners[:, :2] / corners[:, 2:] * mast.focal_px + np.array(mast.size_px) / 2) / 2
                outline = np.round(np.clip(pixels, -2e4, 2e4) * 16).astype(np.int32)
                cv2.fillPoly(light, [outline], round(strength * dark), shift=4)
    return np.asarray(cv2.blur(light, (15, 9)), np.uint8)


def _ground(body: Body, local: Array) -> Array:
    c, s = cos(body.heading), sin(body.heading)
    x = body.x_m + c * local[:, 0] - s * local[:, 1]
    y = body.y_m + s * local[:, 0] + c * local[:, 1]
    return np.column_stack([x, y, np.zeros(len(local))])


def add_halos(picture: Pixels, bodies: Sequence[Body], mast: Mast, lighting: Lighting) -> None:
    """Around every lamp that looks at the mast; on a wet road also its streak."""
    if not lighting.lamps_on or not bodies:
        return
    places, ahead, red, brake = _lamps(bodies)
    to_eye = mast.centre - places
    far = np.linalg.norm(to_eye, axis=1)
    facing = (ahead * to_eye).sum(axis=1) / far
    pixels, depth = mast.project(places)
    mirrored, _ = mast.project(places * (1, 1, -1))
    night = min(1.0, 0.35 + lighting.lamps)
    for i in np.flatnonzero((facing > 0.05) & (depth > 2)):
        strength = (0.42 if brake[i] else 0.2) if red[i] else 0.8
        strength *= night * float(facing[i]) ** (0.5 if red[i] else 2) * np.exp(-lighting.haze_per_m * far[i] * 0.5)
        radius = mast.focal_px * (0.35 if red[i] else 0.6) / depth[i] + (2.0 if red[i] else 4.0)
        colour = RED if red[i] else WARM
        _add(picture, pixels[i], radius, radius, strength, colour)
        if lighting.wet:
            _add(picture, mirrored[i], radius * 0.6, radius * 3.5, 0.45 * strength, colour)


def add_street_lamps(picture: Pixels, lamps_m: Array, mast: Mast, lighting: Lighting) -> None:
    """Around the lamps (k, 3) that are on."""
    if lighting.lamps <= 0 or not len(lamps_m):
        return
    pixels, depth = mast.project(lamps_m)
    for i in np.flatnonzero(depth > 5):
        strength = lighting.lamps * np.exp(-lighting.haze_per_m * depth[i])
        radius = mast.focal_px * 0.5 / depth[i] + 3.0
        _add(picture, pixels[i], radius, radius, float(strength), STREET)


def _lamps(bodies: Sequence[Body]) -> tuple[Array, Array, NDArray[np.bool_], NDArray[np.bool_]]:
    """Places (k, 3), directions (k, 3), whether red, whether braking."""
    rows = []
    for body in bodies:
        side = SIDES[body.cls]
        if side is None:
            continue
        c, s = cos(body.heading), sin(body.heading)
        high = {"car": 0.45, "motorcycle": 0.58}.get(body.cls, 0.23) * body.height_m
        for end in (1.0, -1.0):
            for y in (-side, side) if side else (0.0,):
                x = end * body.length_m / 2
                rows.append((body.x_m + c * x - s * y, body.y_m + s * x + c * y, high, end * c, end * s, end < 0, body.braking))
    table = np.array(rows, float).reshape(-1, 7)
    ahead = np.column_stack([table[:, 3:5], np.zeros(len(table))])
    return table[:, :3], ahead, table[:, 5] > 0, table[:, 6] > 0


@lru_cache(maxsize=512)
def _sprite(wide: int, high: int, level: int, colour: Colour) -> Pixels:
    """A soft spot (2 high + 1, 2 wide + 1, 3), its middle `level`/32 bright."""
    y, x = np.mgrid[-high : high + 1, -wide : wide + 1]
    fall = np.exp(-3.5 * ((x / (wide + 0.5)) ** 2 + (y / (high + 0.5)) ** 2))
    core = np.exp(-24.0 * ((x / (wide + 0.5)) ** 2 + (y / (high + 0.5)) ** 2))
    fall = np.maximum(0.6 * fall + 0.6 * core - 0.02, 0)
    return np.asarray(np.clip(fall[..., None] * np.array(colour) * level / 32, 0, 255), np.uint8)


def _add(picture: Pixels, at: Array, wide: float, high: float, strength: float, colour: Colour) -> None:
    level = int(np.clip(strength * 32, 0, 40))
    if level == 0:
        return
    spot = _sprite(int(min(wide, 60)), int(min(high, 120)), level, colour)
    rows, columns = spot.shape[:2]
    left, top = round(at[0]) - columns // 2, round(at[1]) - rows // 2
    x0, y0 = max(left, 0), max(top, 0)
    x1, y1 = min(left + columns, picture.shape[1]), min(top + rows, picture.shape[0])
    if x1 > x0 and y1 > y0:
        part = picture[y0:y1, x0:x1]
        cv2.add(part, spot[y0 - top : y1 - top, x0 - left : x1 - left], dst=part)
