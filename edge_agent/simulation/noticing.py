"""What the check for static foreground would say of the pictures, without the pictures: of lost loads, and of all that stops.

Its numbers are measured on painted roads by scripts/measure_noticing.py. It notices what it has seen in its place for some
seconds, keeps it in mind for as long when it is gone, and knows nothing of what stood there from the start.
"""

from dataclasses import dataclass
from math import erf, exp, hypot, log, sqrt

import numpy as np

from edge_agent.core.types import Box, Thing
from edge_agent.simulation.truth.sight import Sight

EVERY_S = 0.6
KNOWN_S = 5.5  # what stands at so early a time is part of the road
STANDS_S, OLDEST_S = 8.0, 20.0
HIDDEN, EMPTY, LEAST_VISIBLE = 0.2, 1.5, 0.5
MOVED_M = 0.15


@dataclass(frozen=True, slots=True)
class Noticing:
    """A thing of `half_px` (root of its area, in a picture 640 wide) is noticed in half of the cases; `best` of large ones.
    Edges err by `bias` and `spread` in such pixels; `false_per_h` things are noticed where there is none, for `false_s`."""

    best: float
    half_px: float
    slope: float
    bias: tuple[float, float, float, float]
    spread: tuple[float, float, float, float]
    false_per_h: float
    false_s: float = 15.0


# Of 57 loads of 10 to 48 px: by day 15 of 16 noticed, at dusk 7 of 7, in rain 14 of 14, in fog 2 of 2, at night 10 of 18. The
# edges lie outside the true ones. How often something is noticed for long where there is nothing, is an estimate.
DAY = Noticing(0.96, 8.0, 5.0, (-2.7, -2.7, 5.0, 4.8), (1.2, 1.0, 3.0, 1.3), 0.5)
NIGHT = Noticing(0.6, 10.0, 5.0, (-2.7, -2.7, 2.5, 4.8), (1.2, 1.0, 1.5, 1.3), 0.5)
NOTICING = {"day": DAY, "dusk": DAY, "night": NIGHT, "rain": DAY, "fog": DAY}


@dataclass(slots=True)
class _Stay:
    """One body in one place, or what is kept in mind of it: `rank` is its share of luck, `edges` those of its box's errors."""

    box: Box
    place: tuple[float, float]
    rank: float
    edges: tuple[float, ...]
    age_s: float = 0.0
    is_road: bool = False


class NoticingEye:
    """`notice` picture by picture; None for those that are not looked at."""

    def __init__(self, numbers: Noticing, seed: int, size_px: tuple[int, int]) -> None:
        self._numbers, self._random = numbers, np.random.default_rng([seed, 13])
        self._px = 1 / 640, size_px[0] / size_px[1] / 640  # one pixel of a picture 640 wide
        self._stays: dict[int, _Stay] = {}
        self._gone: list[_Stay] = []
        self._false: list[tuple[Thing, float]] = []
        self._at_s = float("-inf")

    def notice(self, at_s: float, sight: Sight) -> tuple[Thing, ...] | None:
        if at_s < self._at_s + EVERY_S - 1e-6:
            return None
        step_s, self._at_s = min(EVERY_S, at_s - self._at_s), at_s
        seen = set()
        for body, sides, visible in zip(sight.bodies, sight.boxes.tolist(), sight.visible.tolist(), strict=True):
            seen.add(body.id)
            stay = self._stays.get(body.id)
            if stay is None or hypot(body.x_m - stay.place[0], body.y_m - stay.place[1]) > MOVED_M:
                self._leave(body.id)
                self._stays[body.id] = self._new(Box(*sides), (body.x_m, body.y_m))
                continue
            stay.is_road = stay.is_road or at_s < KNOWN_S
            stay.age_s += step_s if visible >= LEAST_VISIBLE else -HIDDEN * step_s
            stay.age_s = min(OLDEST_S, max(0.0, stay.age_s))
        for number in [number for number in self._stays if number not in seen]:
            self._leave(number)
        for one in self._gone:
            one.age_s -= EMPTY * step_s
        self._gone = [one for one in self._gone if one.age_s >= STANDS_S]
        stays = [*self._stays.values(), *self._gone]
        return (*(self._thing(stay) for stay in stays if self._is_noticed(stay)), *self._invented(at_s))

    def _leave(self, number: int) -> None:
        stay = self._stays.pop(number, None)
        if stay is not None and stay.age_s >= STANDS_S:
            self._gone.append(stay)

    def _new(self, box: Box, place: tuple[float, float]) -> _Stay:
        luck, *edges = self._random.normal(size=5).tolist()
        return _Stay(box, place, erf(luck / sqrt(2)) / 2 + 0.5, tuple(edges))

    def _is_noticed(self, stay: _Stay) -> bool:
        if stay.is_road or stay.age_s < STANDS_S:
            return False
        left, top, right, bottom = stay.box
        size_px = sqrt(max(1.0, (right - left) / self._px[0] * (bottom - top) / self._px[1]))
        numbers = self._numbers
        return stay.rank <= numbers.best / (1 + exp(-numbers.slope * (log(size_px) - log(numbers.half_px))))

    def _thing(self, stay: _Stay) -> Thing:
        numbers = self._numbers
        sides = zip(stay.box, numbers.bias, numbers.spread, stay.edges, self._px * 2, strict=True)
        box = Box(*(min(1.0, max(0.0, side + (bias + spread * luck) * px)) for side, bias, spread, luck, px in sides))
        return Thing(box, round(stay.age_s, 1), 0.6)

    def _invented(self, at_s: float) -> tuple[Thing, ...]:
        """Things that are none: light, wet patches, something beside the road."""
        random, numbers = self._random, self._numbers
        self._false = [(thing, until_s) for thing, until_s in self._false if until_s > at_s]
        if random.random() < numbers.false_per_h * EVERY_S / 3600:
            x, y, wide, tall = random.uniform((0.1, 0.25, 6, 6), (0.9, 0.9, 24, 24)).tolist()
            box = Box(x, y, min(1.0, x + wide * self._px[0]), min(1.0, y + tall * self._px[1]))
            self._false.append((Thing(box, STANDS_S, 0.5), at_s + random.exponential(numbers.false_s)))
        return tuple(thing for thing, _ in self._false)
