"""Buses and trucks: city bus; box truck, tipper and tanker."""

import numpy as np

from edge_agent.simulation.picture.cars import AMBER, GLASS, LAMP, PLATE, TAIL, TRIM
from edge_agent.simulation.picture.solids import Array, Colour, Glow, Part, box, loft, on_end, on_side, tube, wheel

BUS_PAINTS: tuple[tuple[Colour, Colour], ...] = (  # body, stripe
    ((60, 150, 60), (60, 200, 220)),
    ((205, 210, 210), (150, 80, 30)),
    ((40, 150, 225), (230, 232, 232)),
    ((225, 228, 228), (40, 40, 170)),
)
CAB_PAINTS: tuple[Colour, ...] = ((225, 228, 228), (150, 70, 30), (40, 40, 160), (90, 130, 60), (190, 195, 195), (40, 150, 210))
LOAD_PAINTS: tuple[Colour, ...] = ((222, 226, 226), (196, 200, 202), (160, 100, 50), (225, 225, 218), (120, 140, 70))
RIM: Colour = (140, 142, 142)


def bus(look: int, detail: int) -> list[Part]:
    """11 x 2.5 x 3.1 m."""
    paint, stripe = BUS_PAINTS[look % len(BUS_PAINTS)]
    parts = [Part(_coach(), paint, 0.3)]
    parts.append(Part(box((-3.2, -0.6), (-0.8, 0.8), (2.9, 3.1), 0.08), (205, 206, 206)))
    parts.append(Part(on_end((-1.12, 1.12), (1.2, 2.35), 5.5, 0.06), GLASS, 0.8, lift_m=0.4))
    parts.append(Part(on_end((-0.75, 0.75), (2.45, 2.72), 5.42), (30, 40, 44), lift_m=0.4))
    parts.append(Part(on_end((-0.6, 0.6), (2.5, 2.66), 5.42), (60, 170, 235), lift_m=0.5))
    parts.append(Part(on_end((-0.95, 0.95), (1.55, 2.4), -5.5), GLASS, 0.8, lift_m=0.4))
    parts.append(Part(on_end((-0.9, 0.9), (0.7, 1.1), -5.5), TRIM, lift_m=0.4))
    for side in (-1.25, 1.25):
        for x in np.arange(-5.2, 4.2, 1.36):
            parts.append(Part(on_side((x, x + 1.26), (1.35, 2.35), side), GLASS, 0.8, lift_m=0.3))
        parts.append(Part(on_side((4.5, 5.3), (1.2, 2.35), side), GLASS, 0.8, lift_m=0.3))
        parts.append(Part(on_side((-5.3, 5.3), (0.95, 1.15), side), stripe, lift_m=0.3))
        for x in (-3.0, 3.0):
            parts += _wheel_in_arch(x, side, 0.48, detail)
    for x in (4.0, -0.7):  # the doors are on the right
        parts.append(Part(on_side((x, x + 1.1), (0.45, 2.3), -1.25), (46, 42, 38), 0.6, lift_m=0.5))
    if detail:
        for side in (-1.0, 1.0):
            parts.append(Part(box((5.3, 5.5), (side * 1.15, side * 1.25), (1.9, 2.3)), TRIM))
    return parts + _lamps(5.5, 1.1, 0.62, 0.9)


def _coach() -> Array:
    rings = []
    for x, small in ((-5.5, 0.0), (5.3, 0.0), (5.5, 0.06)):
        half, roof = 1.25 - small, 2.95 - small
        right = [(half, 0.35), (half, 2.6), (half - 0.16, roof - 0.08), (half - 0.5, roof)]
        outline = [(-y, z) for y, z in right] + [(y, z) for y, z in reversed(right)]
        rings.append([(x, y, z) for y, z in outline])
    return loft(np.array(rings))


def truck(look: int, detail: int) -> list[Part]:
    """8 x 2.45 x 3.2 m."""
    cab, load = CAB_PAINTS[look % len(CAB_PAINTS)], LOAD_PAINTS[(look // 6) % len(LOAD_PAINTS)]
    parts = [Part(box((-3.9, 2.2), (-0.95, 0.95), (0.55, 0.95)), (40, 40, 42))]
    parts += _cab(cab)
    parts += (_box_body, _box_body, _tipper, _tanker)[(look // 30) % 4](load, detail)
    for side in (-1.225, 1.225):
        for x in (2.75, -1.5, -2.75):
            parts += _wheel_in_arch(x, side, 0.5, detail, arch=x > 0)
        parts.append(Part(on_side((-0.7, 1.7), (0.55, 0.85), side * 0.98), (96, 98, 98), lift_m=0.2))
    parts.append(Part(on_end((-1.2, 1.2), (0.6, 0.95), -4.0), (34, 34, 36), lift_m=0.3))
    return parts + _lamps(4.0, 1.08, 0.62, 0.72)


def _cab(paint: Colour) -> list[Part]:
    side_view = [(2.3, 0.5), (4.0, 0.5), (4.0, 1.45), (3.72, 2.5), (3.5, 2.62), (2.3, 2.62)]
    rings = np.array([[(x, y, z) for x, z in side_view] for y in (-1.2, 1.2)])
    parts = [
        Part(loft(rings), paint, 0.3),
        Part(on_end((-1.08, 1.08), (1.5, 2.4), 3.99, 0.26), GLASS, 0.8, lift_m=0.3),
        Part(on_end((-0.85, 0.85), (0.95, 1.3), 4.0), TRIM, lift_m=0.3),
        Part(on_end((-1.2, 1.2), (0.5, 0.8), 4.0), (70, 70, 72), lift_m=0.2),
    ]
    for side in (-1.2, 1.2):
        parts.append(Part(on_side((2.7, 3.72), (1.55, 2.35), side), GLASS, 0.8, lift_m=0.3))
        parts.append(Part(box((3.6, 3.75), (side, side * 1.02), (1.7, 2.2)), TRIM))
    return parts


def _box_body(load: Colour, detail: int) -> list[Part]:
    dull: Colour = (0.82 * load[0], 0.82 * load[1], 0.82 * load[2])
    parts = [Part(box((-4.0, 2.1), (-1.225, 1.225), (0.95, 3.2)), load)]
    parts.append(Part(on_end((-0.02, 0.02), (1.0, 3.1), -4.0), (60, 60, 60), lift_m=0.3))
    if detail:
        for side in (-1.225, 1.225):
            for x in np.arange(-3.6, 2.0, 0.9):
                parts.append(Part(on_side((x, x + 0.06), (1.0, 3.15), side), dull, lift_m=0.2))
    return parts


def _tipper(load: Colour, detail: int) -> list[Part]:
    parts = [Part(box((-4.0, 2.1), (-1.225, 1.225), (1.0, 2.5)), load, 0.1)]
    parts.append(Part(box((-3.9, 2.0), (-1.15, 1.15), (2.5, 2.62)), (70, 92, 110)))
    parts.append(Part(box((-2.6, 0.8), (-0.7, 0.7), (2.6, 3.2), 0.5), (84, 108, 128), lift_m=0.1))
    for side in (-1.225, 1.225):
        for x in np.arange(-3.9, 2.0, 0.98 if detail else 1.96):
            dull: Colour = (0.7 * load[0], 0.7 * load[1], 0.7 * load[2])
            parts.append(Part(on_side((x, x + 0.14), (1.0, 2.5), side), dull, lift_m=0.2))
    return parts


def _tanker(load: Colour, detail: int) -> list[Part]:
    line = [(-4.0, 0.0, 2.1), (-3.8, 0.0, 2.1), (1.9, 0.0, 2.1), (2.1, 0.0, 2.1)]
    tank = tube(line, (0.8, 1.1, 1.1, 0.8), (8, 10, 14)[detail])
    parts = [Part(tank, (200, 204, 206), 0.5)]
    parts.append(Part(box((-2.6, -1.9), (-0.3, 0.3), (3.1, 3.2)), (150, 150, 150)))
    for x in (-3.0, 0.9):
        parts.append(Part(box((x, x + 0.3), (-1.0, 1.0), (0.9, 1.4)), (60, 60, 62)))
    return parts


def _wheel_in_arch(x: float, y: float, radius: float, detail: int, arch: bool = True) -> list[Part]:
    parts = wheel(x, y, radius, 0.3, (8, 10, 14)[detail], RIM)
    parts = [Part(part.quads, part.colour, part.gloss, part.glow, part.lift_m + 0.6) for part in parts]
    if arch:
        parts.append(Part(on_side((x - 1.15 * radius, x + 1.15 * radius), (0.4, 2.15 * radius), y), (22, 22, 22), lift_m=0.5))
    return parts


def _lamps(end: float, half: float, low: float, back: float) -> list[Part]:
    """Head, tail and indicator lamps and plates of a vehicle from -end to +end."""
    parts = [Part(on_end((-0.26, 0.26), (low - 0.1, low + 0.06), x), PLATE, lift_m=0.6) for x in (end, -end)]
    for side, blink in ((-1.0, Glow.RIGHT), (1.0, Glow.LEFT)):
        outer, inner = side * half, side * (half - 0.34)
        parts.append(Part(on_end((inner, outer), (low, low + 0.2), end), LAMP, 0.6, Glow.HEAD, 0.6))
        parts.append(Part(on_end((side * (half - 0.2), outer), (low + 0.22, low + 0.3), end), AMBER, 0.2, blink, 0.6))
        parts.append(Part(on_end((inner, outer), (back, back + 0.2), -end), TAIL, 0.4, Glow.TAIL, 0.6))
        parts.append(Part(on_end((side * (half - 0.2), outer), (back + 0.22, back + 0.34), -end), AMBER, 0.2, blink, 0.6))
    return parts
