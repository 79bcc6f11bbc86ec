"""What a road user looks like: faces that exactly fill its length x width x height.

Coordinates are fractions: x -0.5..0.5 of the length (front positive), y -0.5..0.5 of the width (left positive), z 0..1 of
the height.
"""

from dataclasses import dataclass
from functools import lru_cache
from math import cos, sin

import numpy as np
from numpy.typing import NDArray

from edge_agent.simulation.bodies import Body, BodyClass
from edge_agent.simulation.picture.cars import car
from edge_agent.simulation.picture.heavies import bus, truck
from edge_agent.simulation.picture.people import STEPS, bicycle, motorcycle, person
from edge_agent.simulation.picture.solids import Array, Part, ball, box, on_end, on_side, tube

VARIANTS = 240  # looks that differ, per class
STRIDE_M = {"person": 1.4, "bicycle": 5.0}  # a double step; what the legs do follows the way


@dataclass(frozen=True, slots=True)
class Mesh:
    """f faces: quads (f, 4, 3) fractions that look outwards; colours (f, 3) BGR 0..255; gloss, lift_m (f,); glow (f,) Glow."""

    quads: Array
    colours: Array
    gloss: Array
    glow: NDArray[np.int64]
    lift_m: Array


def step_of(body: Body) -> int:
    """Which picture of its walk a person or cyclist shows here."""
    stride = STRIDE_M.get(body.cls)
    if stride is None:
        return 0
    way = body.x_m * cos(body.heading) + body.y_m * sin(body.heading)
    return int(way / stride % 1 * STEPS)


def mesh_of(cls: BodyClass, look: int, detail: int = 2, step: int = 0) -> Mesh:
    """`detail` 0..2: how many faces; `step` as from step_of."""
    return _mesh(cls, look % VARIANTS, detail, step)


@lru_cache(maxsize=4096)
def _mesh(cls: BodyClass, look: int, detail: int, step: int) -> Mesh:
    parts = _parts(cls, look, detail, step)
    quads = np.concatenate([part.quads for part in parts])
    low, high = _extent(cls, look)
    fractions = (quads - low) / (high - low) - (0.5, 0.5, 0.0)
    counts = [len(part.quads) for part in parts]
    return Mesh(
        np.clip(fractions, (-0.5, -0.5, 0.0), (0.5, 0.5, 1.0)),
        np.repeat(np.array([part.colour for part in parts], float), counts, axis=0),
        np.repeat([part.gloss for part in parts], counts),
        np.repeat([int(part.glow) for part in parts], counts),
        np.repeat([part.lift_m for part in parts], counts),
    )


@lru_cache(maxsize=4096)
def _extent(cls: BodyClass, look: int) -> tuple[Array, Array]:
    """Lowest and highest corner over all steps, symmetric across."""
    steps = range(STEPS) if cls in STRIDE_M else (0,)
    points = np.concatenate([part.quads.reshape(-1, 3) for step in steps for part in _parts(cls, look, 2, step)])
    low, high = points.min(axis=0), points.max(axis=0)
    low[2] = 0.0
    return low, high


def _parts(cls: BodyClass, look: int, detail: int, step: int) -> list[Part]:
    match cls:
        case "car":
            return car(look, detail)
        case "bus":
            return bus(look, detail)
        case "truck":
            return truck(look, detail)
        case "motorcycle":
            return motorcycle(look, detail)
        case "bicycle":
            return bicycle(look, detail, step)
        case "person":
            return person(look, detail, step)
        case "object":
            return _thing(look)


def _thing(look: int) -> list[Part]:
    """A cardboard box, a tyre or a sack."""
    if look % 3 == 0:
        tape = [Part(on_side((-0.05, 0.05), (0, 0.7), side), (110, 150, 180), lift_m=0.05) for side in (-0.45, 0.45)]
        tape.append(Part(on_end((-0.45, 0.45), (0.3, 0.36), 0.45), (110, 150, 180), lift_m=0.05))
        return [Part(box((-0.45, 0.45), (-0.45, 0.45), (0, 0.7)), (88, 128, 168)), *tape]
    if look % 3 == 1:
        tread = tube([(0, 0, 0), (0, 0, 0.25)], (0.45, 0.45), 12)
        hole = tube([(0, 0, 0.2), (0, 0, 0.255)], (0.24, 0.24), 10)
        return [Part(tread, (30, 30, 32)), Part(hole, (66, 66, 66), lift_m=0.05)]
    sack, knot = ball((0, 0, 0.3), (0.45, 0.4, 0.3), 8), ball((0.3, 0, 0.5), (0.1, 0.1, 0.1), 6)
    return [Part(sack, (170, 190, 200)), Part(knot, (150, 170, 180))]
