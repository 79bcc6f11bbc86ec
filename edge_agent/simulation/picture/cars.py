"""Cars: hatchback, sedan, van, SUV and pick-up, each lofted along its side view."""

from dataclasses import dataclass

import numpy as np

from edge_agent.simulation.picture.solids import Array, Colour, Glow, Part, loft, on_end, on_side, wheel

GLASS: Colour = (38, 33, 28)
TRIM: Colour = (32, 32, 33)
LAMP: Colour = (235, 240, 240)
TAIL: Colour = (30, 25, 165)
AMBER: Colour = (20, 120, 220)
PLATE: Colour = (225, 230, 230)
Line = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Shape:
    """The side view from the rear (-x) to the front: `top` and `belt` are lines of (x, z), `windows` spans of x.

    `screen` and `rear` are the spans of the glass before and behind the roof.
    """

    top: Line
    belt: float
    windows: Line
    screen: tuple[float, float]
    rear: tuple[float, float]
    wheels: tuple[float, float] = (-1.32, 1.38)
    radius: float = 0.32
    sill: float = 0.24


SHAPES = (
    Shape(  # sedan
        (
            (-2.2, 0.86), (-2.1, 1.0), (-1.62, 1.06), (-0.95, 1.42), (-0.3, 1.5),
            (0.3, 1.45), (1.05, 1.0), (1.95, 0.82), (2.2, 0.66),
        ),
        0.94,
        ((-1.25, -0.42), (-0.34, 0.72)),
        (0.3, 1.05),
        (-1.62, -0.95),
    ),
    Shape(  # hatchback
        (
            (-2.2, 0.82), (-2.12, 1.0), (-1.98, 1.08), (-1.55, 1.43), (-0.4, 1.5),
            (0.35, 1.45), (1.15, 1.0), (1.98, 0.84), (2.2, 0.68),
        ),
        0.95,
        ((-1.75, -1.2), (-1.1, -0.3), (-0.2, 0.8)),
        (0.35, 1.15),
        (-1.98, -1.55),
    ),
    Shape(  # SUV
        (
            (-2.2, 0.9), (-2.15, 1.02), (-2.08, 1.08), (-1.85, 1.44), (-0.4, 1.5),
            (0.35, 1.47), (0.98, 1.08), (2.0, 0.96), (2.2, 0.78),
        ),
        1.0,
        ((-1.85, -1.25), (-1.15, -0.35), (-0.25, 0.68)),
        (0.35, 0.98),
        (-2.08, -1.85),
        radius=0.36,
        sill=0.3,
    ),
    Shape(  # van
        (
            (-2.2, 0.85), (-2.17, 0.98), (-2.14, 1.0), (-2.02, 1.44), (-0.4, 1.5),
            (0.85, 1.46), (1.6, 0.98), (2.05, 0.86), (2.2, 0.66),
        ),
        0.93,
        ((-2.0, -1.15), (-1.05, -0.1), (0.0, 1.15)),
        (0.85, 1.6),
        (-2.14, -2.02),
        wheels=(-1.4, 1.42),
        radius=0.3,
    ),
    Shape(  # pick-up
        (
            (-2.2, 0.86), (-2.19, 0.92), (-0.85, 0.92), (-0.68, 1.4), (-0.3, 1.5),
            (0.3, 1.47), (0.88, 1.04), (2.0, 0.94), (2.2, 0.76),
        ),
        0.97,
        ((-0.66, -0.2), (-0.12, 0.6)),
        (0.3, 0.88),
        (-0.85, -0.68),
        radius=0.37,
        sill=0.34,
    ),
)
PAINTS: tuple[Colour, ...] = (
    (225, 228, 228),
    (232, 232, 230),
    (40, 38, 38),
    (182, 184, 186),
    (112, 112, 112),
    (210, 214, 214),
    (52, 50, 48),
    (168, 172, 172),
    (34, 34, 150),
    (128, 74, 36),
    (228, 230, 232),
    (66, 82, 96),
)


def car(look: int, detail: int) -> list[Part]:
    """Every part of a car of 4.4 x 1.8 x 1.5 m; `detail` 0..2."""
    shape = SHAPES[(0, 1, 2, 3, 1, 0, 2, 4)[look % 8]]
    paint = PAINTS[(look // 8) % len(PAINTS)]
    parts = _shell(shape, paint, detail)
    parts += _front(shape, paint) + _back(shape, paint)
    for x in shape.wheels:
        for side in (-1.0, 1.0):
            corners = (8, 10, 14)[detail]
            arch = on_side((x - 1.12 * shape.radius, x + 1.12 * shape.radius), (shape.sill, 2.1 * shape.radius), side * 0.893)
            parts.append(Part(arch, (20, 20, 20), lift_m=0.12))
            parts += [_lifted(part) for part in wheel(x, side * 0.9, shape.radius, 0.22, corners, (150, 152, 152))]
    if detail:
        for side in (-1.0, 1.0):
            at = shape.screen[1] - 0.28
            mirror = on_end((side * 0.88, side * 0.9), (0.98, 1.12), at)
            parts.append(Part(np.concatenate([mirror, mirror[:, ::-1]]), paint, 0.2, lift_m=0.2))
    return parts


def _lifted(part: Part) -> Part:
    return Part(part.quads, part.colour, part.gloss, part.glow, part.lift_m + 0.2)


def _shell(shape: Shape, paint: Colour, detail: int) -> list[Part]:
    """The body: outlines across it at every station, and between them paint or glass."""
    top = np.array(shape.top)
    stations = {float(x) for x in top[:, 0]} | {x for window in shape.windows for x in window}
    x = np.array(sorted(stations))
    rings = _rings(shape, x, np.interp(x, top[:, 0], top[:, 1]))
    skin = loft(rings, closed=False, caps=False).reshape(len(x) - 1, rings.shape[1] - 1, 4, 3)
    middle = (x[:-1] + x[1:]) / 2
    glazed = np.zeros(skin.shape[:2], bool)
    beside = np.any([(middle > a) & (middle < b) for a, b in shape.windows], axis=0)
    glazed[np.ix_(beside, [3, 7])] = True
    over = np.any([(middle > a) & (middle < b) for a, b in (shape.screen, shape.rear)], axis=0)
    glazed[over, 5] = True
    sills = np.zeros_like(glazed)
    sills[:, [0, 10]] = True
    ends = np.concatenate([loft(rings[:2], caps=True)[-10:-5], loft(rings[-2:], caps=True)[-5:]])
    return [
        Part(skin[~glazed & ~sills], paint, 0.35),
        Part(skin[sills], tuple(0.6 * c for c in paint), 0.1),  # type: ignore[arg-type]
        Part(skin[glazed], GLASS, 0.8),
        Part(ends, paint, 0.2),
    ]


def _rings(shape: Shape, x: Array, top: Array) -> Array:
    """(k, 12, 3): from the right sill over the roof to the left one."""
    ends = np.interp(x, [-2.2, -1.9, 1.6, 2.2], [0.86, 0.96, 0.98, 0.82])
    half = 0.9 * ends
    sill = np.interp(x, [-2.2, -2.0, 1.9, 2.2], [shape.sill + 0.12, shape.sill, shape.sill, shape.sill + 0.04])
    belt = np.minimum(shape.belt, top - 0.02)
    roof = half * (1 - 0.24 * np.clip((top - belt) / 0.55, 0, 1)) - 0.03
    right = [
        (half * 0.94, sill),
        (half, sill + 0.14),
        (half, belt - 0.06),
        (half - 0.03, belt),
        (roof, belt + 0.9 * (top - belt)),
        (roof * 0.84, top),
    ]
    outline = [(-y, z) for y, z in right] + [(y, z) for y, z in reversed(right)]
    return np.stack([np.column_stack([x, y, z]) for y, z in outline], axis=1)


def _front(shape: Shape, paint: Colour) -> list[Part]:
    low, high = shape.sill + 0.06, shape.top[-1][1]
    parts = [
        Part(on_end((-0.42, 0.42), (low + 0.12, low + 0.24), 2.2), TRIM, lift_m=0.1),
        Part(on_end((-0.38, 0.38), (high - 0.18, high - 0.06), 2.2), TRIM, 0.3, lift_m=0.1),
        Part(on_end((-0.26, 0.26), (low + 0.13, low + 0.24), 2.2), PLATE, lift_m=0.15),
    ]
    for side, blink in ((-1.0, Glow.RIGHT), (1.0, Glow.LEFT)):
        lamp = on_end((side * 0.42, side * 0.72), (high - 0.16, high - 0.03), 2.2)
        wrap = on_side((1.92, 2.14), (high - 0.12, high), side * 0.79)
        parts.append(Part(np.concatenate([lamp, wrap]), LAMP, 0.6, Glow.HEAD, 0.3))
        parts.append(Part(on_end((side * 0.6, side * 0.72), (high - 0.24, high - 0.18), 2.2), AMBER, 0.2, blink, 0.3))
    return parts


def _back(shape: Shape, paint: Colour) -> list[Part]:
    high = shape.top[0][1]
    parts = [
        Part(on_end((-0.7, 0.7), (shape.sill + 0.13, shape.sill + 0.26), -2.2), TRIM, lift_m=0.1),
        Part(on_end((-0.26, 0.26), (high - 0.22, high - 0.08), -2.2), PLATE, lift_m=0.15),
    ]
    for side, blink in ((-1.0, Glow.RIGHT), (1.0, Glow.LEFT)):
        lamp = on_end((side * 0.45, side * 0.75), (high - 0.2, high - 0.02), -2.2)
        wrap = on_side((-2.16, -1.98), (high - 0.18, high), side * 0.83)
        parts.append(Part(np.concatenate([lamp, wrap]), TAIL, 0.4, Glow.TAIL, 0.3))
        parts.append(Part(on_end((side * 0.55, side * 0.74), (high - 0.28, high - 0.21), -2.2), AMBER, 0.2, blink, 0.3))
    return parts
