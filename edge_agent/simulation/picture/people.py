"""People: walking, and the riders of motorcycles and bicycles; motorcycles and bicycles themselves."""

from math import pi, sin

import numpy as np

from edge_agent.simulation.picture.cars import AMBER, LAMP, PLATE, TAIL
from edge_agent.simulation.picture.solids import Array, Colour, Glow, Part, Point, ball, box, loft, on_end, tube, wheel

STEPS = 8  # pictures of one double step
CORNERS = (4, 6, 8)  # of a limb, by detail
SKIN: tuple[Colour, ...] = ((120, 150, 200), (105, 138, 190), (130, 165, 215), (88, 118, 165))
SHIRTS: tuple[Colour, ...] = (
    (225, 225, 225),
    (50, 50, 170),
    (150, 90, 40),
    (45, 45, 48),
    (80, 130, 70),
    (60, 160, 215),
    (170, 160, 150),
    (110, 60, 120),
)
TROUSERS: tuple[Colour, ...] = ((70, 48, 34), (38, 36, 36), (110, 90, 70), (52, 60, 72), (96, 104, 112))
HELMETS: tuple[Colour, ...] = ((40, 40, 160), (225, 228, 228), (45, 45, 45), (150, 90, 40), (70, 170, 220), (120, 120, 120))
HAIR: Colour = (24, 24, 28)
DARK: Colour = (34, 34, 36)
SHOE: Colour = (34, 34, 40)


def person(look: int, detail: int, step: int = 0) -> list[Part]:
    """0.45 x 0.6 x 1.68 m, walking; `step` of STEPS."""
    n = CORNERS[detail]
    skin, shirt, legs = SKIN[look % 4], SHIRTS[(look // 4) % 8], TROUSERS[(look // 3) % 5]
    swing = sin(2 * pi * step / STEPS)
    parts = []
    for side in (-1.0, 1.0):
        ahead = side * swing * 0.2
        knee = (0.5 * ahead + 0.05, side * 0.1, 0.47)
        ankle = (ahead - 0.02, side * 0.1, 0.07 + 0.04 * abs(swing))
        parts.append(Part(tube([(0, side * 0.09, 0.88), knee, ankle], (0.1, 0.075, 0.055), n), legs))
        parts.append(Part(ball((ankle[0] + 0.05, side * 0.1, 0.045), (0.12, 0.05, 0.045), n), SHOE))
        elbow, hand = (-ahead * 0.6 - 0.02, side * 0.265, 1.13), (-ahead * 1.0 + 0.05, side * 0.25, 0.9)
        sleeve, arm = [(0, side * 0.2, 1.38), elbow], [elbow, hand]
        long = (look // 5) % 2 == 0
        parts.append(Part(tube(sleeve, (0.06, 0.048), n), shirt))
        parts.append(Part(tube(arm, (0.045, 0.035), n), shirt if long else skin))
        parts.append(Part(ball(hand, (0.045, 0.035, 0.06), n), skin))
    parts.append(Part(_torso((0, 0, 0.86), (0, 0, 1.43), n), shirt))
    return parts + _head((0.01, 0, 1.56), n, skin, bare=True, cover=HAIR)


def _torso(hip: Point, neck: Point, n: int) -> Array:
    """A trunk of elliptic outlines from the hip to the neck."""
    a, b = np.array(hip), np.array(neck)
    angle = (np.arange(n + 2) + 0.5) * 2 * pi / (n + 2)
    rings = [
        a + share * (b - a) + np.column_stack([deep * np.cos(angle), half * np.sin(angle), np.zeros(n + 2)])
        for share, deep, half in ((0, 0.115, 0.165), (0.3, 0.105, 0.15), (0.7, 0.125, 0.19), (0.93, 0.1, 0.2), (1, 0.06, 0.08))
    ]
    return loft(np.array(rings))


def _head(at: Point, n: int, skin: Colour, *, bare: bool, cover: Colour) -> list[Part]:
    """Face and hair, or face and helmet; 0.12 m above and below `at`."""
    x, y, z = at
    parts = [Part(tube([(x - 0.01, y, z - 0.16), (x, y, z)], (0.055, 0.055), n), skin)]
    parts.append(Part(ball((x + 0.015, y, z - 0.01), (0.088, 0.075, 0.115), n), skin))
    if bare:
        parts.append(Part(ball((x - 0.022, y, z + 0.025), (0.09, 0.083, 0.1), n), cover, lift_m=0.02))
    else:
        parts.append(Part(ball((x - 0.02, y, z + 0.03), (0.13, 0.118, 0.1), n), cover, 0.4, lift_m=0.03))
        parts.append(Part(box((x + 0.06, x + 0.15), (y - 0.07, y + 0.07), (z + 0.01, z + 0.03)), cover))
    return parts


def _rider(hip: Point, hands: Point, feet: Point, look: int, n: int) -> list[Part]:
    """Somebody who sits at `hip`, his hands and feet there; their y is half the distance between them."""
    skin, shirt, legs = SKIN[look % 4], SHIRTS[(look // 4) % 8], TROUSERS[(look // 3) % 5]
    neck = (hip[0] + 0.16, 0.0, hip[2] + 0.46)
    parts = [Part(_torso(hip, neck, n), shirt)]
    for side in (-1.0, 1.0):
        knee = (hip[0] + 0.42, side * 0.19, (hip[2] + feet[2]) / 2 + 0.2)
        foot = (feet[0], side * feet[1], feet[2])
        parts.append(Part(tube([(hip[0], side * 0.1, hip[2] + 0.02), knee], (0.1, 0.078), n), legs))
        parts.append(Part(tube([knee, foot], (0.072, 0.05), n), legs))
        parts.append(Part(ball((foot[0] + 0.05, foot[1], foot[2] - 0.02), (0.13, 0.05, 0.05), n), SHOE))
        shoulder = (neck[0] - 0.01, side * 0.19, neck[2] - 0.05)
        hand = (hands[0], side * hands[1], hands[2])
        elbow = ((shoulder[0] + hand[0]) / 2 - 0.06, side * 0.29, (shoulder[2] + hand[2]) / 2 - 0.07)
        parts.append(Part(tube([shoulder, elbow], (0.062, 0.05), n), shirt))
        parts.append(Part(tube([elbow, hand], (0.048, 0.038), n), shirt if look % 3 else skin))
        if n > CORNERS[0]:
            parts.append(Part(ball(hand, (0.05, 0.045, 0.045), n), skin))
    return parts + _head((neck[0] + 0.03, 0, neck[2] + 0.13), n, skin, bare=False, cover=HELMETS[(look // 7) % 6])


BIKE_PAINTS: tuple[Colour, ...] = ((36, 34, 34), (34, 30, 128), (120, 60, 28), (215, 218, 218), (44, 44, 44), (120, 120, 122))


def motorcycle(look: int, detail: int) -> list[Part]:
    """An underbone or scooter with its rider, sometimes a passenger or a load: 1.95 x 0.75 x 1.65 m."""
    n = CORNERS[detail]
    paint = BIKE_PAINTS[look % 6]
    parts = [part for x in (-0.62, 0.66) for part in wheel(x, 0.0, 0.31, 0.13, n + 4, (140, 142, 142))]
    parts.append(Part(tube([(0.66, 0, 0.3), (0.5, 0, 0.72), (0.4, 0, 1.0)], (0.07, 0.06, 0.06), n), (90, 90, 92)))
    parts.append(Part(box((0.42, 0.86), (-0.07, 0.07), (0.56, 0.64), 0.02), paint, 0.4))  # mudguard
    shield = np.array([[(x, -w, z), (x + 0.1, 0, z + 0.02), (x, w, z), (x - 0.06, 0, z)] for x, w, z in _SHIELD])
    parts.append(Part(loft(shield), paint, 0.4))
    parts.append(Part(tube([(0.3, 0, 0.4), (-0.1, 0, 0.36), (-0.3, 0, 0.45)], (0.11, 0.15, 0.1), n), (70, 70, 72)))
    parts.append(Part(tube([(0.05, 0, 0.6), (-0.45, 0, 0.66), (-0.9, 0, 0.74)], (0.12, 0.15, 0.06), n), paint, 0.4))
    parts.append(Part(box((-0.78, 0.02), (-0.13, 0.13), (0.74, 0.82), 0.03), DARK))
    parts.append(Part(tube([(0.38, -0.34, 1.02), (0.42, 0, 0.98), (0.38, 0.34, 1.02)], (0.03, 0.05, 0.03), n), DARK))
    parts.append(Part(ball((0.46, 0, 0.96), (0.1, 0.13, 0.1), n), paint, 0.4))
    parts.append(Part(on_end((-0.11, 0.11), (0.86, 1.05), 0.57), LAMP, 0.6, Glow.HEAD, 0.1))
    parts.append(Part(on_end((-0.09, 0.09), (0.7, 0.79), -0.905), TAIL, 0.3, Glow.TAIL, 0.1))
    parts.append(Part(on_end((-0.09, 0.09), (0.5, 0.63), -0.915), PLATE, lift_m=0.05))
    parts += _trifles(n) if detail else []
    parts += _rider((-0.2, 0.0, 0.86), (0.36, 0.3, 1.03), (0.14, 0.17, 0.3), look, n)
    if look % 5 == 1:
        parts += _rider((-0.55, 0.0, 0.88), (-0.18, 0.12, 1.1), (-0.35, 0.18, 0.36), look // 5 + 11, n)
    elif look % 5 == 3:
        parts.append(Part(box((-0.92, -0.45), (-0.26, 0.26), (0.82, 1.22)), (96, 140, 178)))
    return parts


_SHIELD = ((0.3, 0.14, 0.36), (0.36, 0.19, 0.6), (0.42, 0.17, 0.8), (0.42, 0.1, 0.94))


def _trifles(n: int) -> list[Part]:
    """Indicators and mirrors, seen from near."""
    parts = []
    for side, blink in ((-1.0, Glow.RIGHT), (1.0, Glow.LEFT)):
        for x, z in ((0.48, 0.9), (-0.86, 0.72)):
            lamp = box((x - 0.03, x + 0.03), (side * 0.13, side * 0.19), (z - 0.03, z + 0.03))
            parts.append(Part(lamp, AMBER, 0.0, blink, 0.1))
        parts.append(Part(tube([(0.36, side * 0.27, 1.02), (0.34, side * 0.29, 1.2)], (0.012, 0.012), 4), DARK))
        parts.append(Part(ball((0.34, side * 0.29, 1.22), (0.02, 0.04, 0.035), n), DARK))
    return parts


def bicycle(look: int, detail: int, step: int = 0) -> list[Part]:
    """With its rider: 1.75 x 0.6 x 1.7 m."""
    n = CORNERS[detail]
    paint = (*BIKE_PAINTS[1:], (90, 160, 80))[look % 6]
    parts = [part for x in (-0.53, 0.53) for part in wheel(x, 0.0, 0.34, 0.045, n + 4, (150, 152, 152))]
    for line in (
        [(0.53, 0, 0.34), (0.4, 0, 0.95)],
        [(0.42, 0, 0.8), (-0.05, 0, 0.34), (-0.53, 0, 0.34)],
        [(0.42, 0, 0.84), (-0.2, 0, 0.8), (-0.05, 0, 0.34)],
        [(-0.53, 0, 0.34), (-0.2, 0, 0.8)],
    ):
        parts.append(Part(tube(line, [0.025] * len(line), 5), paint, 0.3))
    parts.append(Part(box((-0.36, -0.08), (-0.08, 0.08), (0.84, 0.91), 0.02), (30, 30, 30)))
    parts.append(Part(tube([(0.3, -0.28, 1.0), (0.4, 0, 0.98), (0.3, 0.28, 1.0)], (0.02, 0.02, 0.02), 5), (40, 40, 40)))
    parts.append(Part(on_end((-0.04, 0.04), (0.6, 0.68), -0.55), TAIL, 0.0, Glow.TAIL, 0.1))
    turn = 0.1 * sin(2 * pi * step / STEPS)
    rider = _rider((-0.2, 0.0, 0.94), (0.3, 0.26, 1.02), (0.02 + turn, 0.13, 0.26), look, n)
    return parts + rider
