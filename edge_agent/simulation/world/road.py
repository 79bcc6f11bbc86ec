"""The road's shape: every road is a line of points with lanes and strips across it.

`s` runs in metres along the line, `d` across it, to the right positive. A lane's own direction is along or against `s`.
"""

from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from math import inf

import numpy as np
from numpy.typing import NDArray

from edge_agent.simulation.plan import Approach, LanePlan, RoadPlan, Strip

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Lane:
    """`middle_m` is its middle's d; `sign` is +1 where traffic runs along s, -1 against it."""

    plan: LanePlan
    road: int
    index: int  # among all lanes of the simulation
    middle_m: float
    sign: int

    @property
    def id(self) -> str:
        return self.plan.id

    @property
    def edges_m(self) -> tuple[float, float]:
        return self.middle_m - self.plan.width_m / 2, self.middle_m + self.plan.width_m / 2


@dataclass(frozen=True, slots=True)
class Beside:
    """A strip with its place: from `from_m` to `to_m` across, from_m < to_m."""

    plan: Strip
    from_m: float
    to_m: float

    @property
    def middle_m(self) -> float:
        return (self.from_m + self.to_m) / 2


@dataclass(frozen=True)
class Road:
    plan: RoadPlan
    points_m: Array  # (k, 2)
    lanes: tuple[Lane, ...]
    strips: tuple[Beside, ...]

    @cached_property
    def marks_m(self) -> Array:
        """s of every point, (k,)."""
        steps = np.hypot(*np.diff(self.points_m, axis=0).T)
        return np.concatenate([[0.0], np.cumsum(steps)])

    @cached_property
    def length_m(self) -> float:
        return float(self.marks_m[-1])

    @cached_property
    def half_m(self) -> float:
        """Half the width of all lanes."""
        return sum(lane.plan.width_m for lane in self.lanes) / 2

    @property
    def approaches(self) -> tuple[Approach, ...]:
        return self.plan.approaches

    def at(self, s_m: Array, d_m: Array) -> tuple[Array, Array]:
        """(n,) s and d -> (n, 2) metres, (n,) heading of +s in radians. Beyond its ends the road goes straight on."""
        if len(self.points_m) == 2:  # most roads, in half the time
            piece = np.zeros(len(s_m), int)
        else:
            piece = np.clip(np.searchsorted(self.marks_m, s_m, side="right") - 1, 0, len(self.points_m) - 2)
        unit = self._units[piece]
        right = np.column_stack([unit[:, 1], -unit[:, 0]])
        return self.points_m[piece] + (s_m - self.marks_m[piece])[:, None] * unit + right * d_m[:, None], self._headings[piece]

    def place(self, s_m: float, d_m: float) -> tuple[float, float, float]:
        """The same of one: x, y in metres, heading."""
        piece = min(max(bisect_right(self._marks, s_m) - 1, 0), len(self._marks) - 2) if len(self._marks) > 2 else 0
        x, y, mark, unit_x, unit_y, heading = self._pieces[piece]
        along = s_m - mark
        return x + along * unit_x + d_m * unit_y, y + along * unit_y - d_m * unit_x, heading

    def beside(self, x_m: float, y_m: float) -> tuple[float, float, float]:
        """The way back: s, d and heading where the road is nearest."""
        found, nearest = (0.0, 0.0, 0.0), inf
        for (x, y, mark, unit_x, unit_y, heading), end in zip(self._pieces, self._marks[1:], strict=True):
            along, d = (x_m - x) * unit_x + (y_m - y) * unit_y, (x_m - x) * unit_y - (y_m - y) * unit_x
            away = abs(d) + max(0.0, -along, along - (end - mark))
            if away < nearest:
                found, nearest = (mark + along, d, heading), away
        return found

    def lane_at(self, d_m: float) -> Lane | None:
        """The lane that somebody so far across is on."""
        index = bisect_right(self._edges_m, d_m) - 1
        return self.lanes[index] if 0 <= index < len(self.lanes) else None

    def no_stop_at(self, d_m: float) -> bool:
        """Whether that is a strip where nobody may stop."""
        return any(strip.plan.no_stop and strip.from_m <= d_m < strip.to_m for strip in self.strips)

    def covers(self, points_m: Array, margin_m: float = 0.5) -> NDArray[np.bool_]:
        """(n, 2) metres -> which lie on its lanes."""
        on = np.zeros(len(points_m), bool)
        for start, unit, length in zip(self.points_m, self._units, np.diff(self.marks_m), strict=False):
            away = points_m - start
            along, across = away @ unit, np.abs(away @ np.array([unit[1], -unit[0]]))
            on |= (along >= 0) & (along <= length) & (across <= self.half_m + margin_m)
        return on

    @cached_property
    def _units(self) -> Array:
        steps = np.diff(self.points_m, axis=0)
        return np.asarray(steps / np.hypot(steps[:, 0], steps[:, 1])[:, None])

    @cached_property
    def _headings(self) -> Array:
        return np.arctan2(self._units[:, 1], self._units[:, 0])

    @cached_property
    def _marks(self) -> list[float]:
        return self.marks_m.tolist()  # type: ignore[no-any-return]

    @cached_property
    def _pieces(self) -> list[tuple[float, ...]]:
        """x, y and s of where each begins, its unit vector, its heading."""
        columns = self.points_m[:-1], self.marks_m[:-1], self._units, self._headings
        return [tuple(row) for row in np.column_stack(columns).tolist()]

    @cached_property
    def _edges_m(self) -> list[float]:
        """Of the lanes, from left to right."""
        return [*(lane.edges_m[0] for lane in self.lanes), self.half_m]

    def band(self, from_d_m: float, to_d_m: float, from_s_m: float, to_s_m: float, step_m: float = 5.0) -> Array:
        """The outline of a stretch of the road, (n, 2) metres: up one side and back the other."""
        inner = self.marks_m[(self.marks_m > from_s_m) & (self.marks_m < to_s_m)]
        even = np.arange(from_s_m, to_s_m, step_m) if len(self.marks_m) > 2 else np.array([from_s_m])
        s = np.unique(np.concatenate([even, inner, [from_s_m, to_s_m]]))
        there, _ = self.at(s, np.full(len(s), from_d_m))
        back, _ = self.at(s[::-1], np.full(len(s), to_d_m))
        return np.vstack([there, back])


def free_stretches(road: Road, d_m: float, roads: tuple[Road, ...]) -> list[tuple[float, float]]:
    """Where a line beside the road's lanes, at `d_m`, crosses no other road: (from, to) in s, at least 3 m long."""
    s = np.arange(0.0, road.length_m, 1.0)
    points, _ = road.at(s, np.full(len(s), d_m))
    free = np.ones(len(s), bool)
    for other in roads:
        if other is not road:
            free &= ~other.covers(points)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], free, [False]]).astype(int)))
    return [(float(s[a]), float(s[b - 1])) for a, b in edges.reshape(-1, 2) if b - a > 3]


def build_roads(plans: tuple[RoadPlan, ...]) -> tuple[Road, ...]:
    roads, index = [], 0
    for number, plan in enumerate(plans):
        half = sum(lane.width_m for lane in plan.lanes) / 2
        lanes, edge = [], -half
        for lane in plan.lanes:
            lanes.append(Lane(lane, number, index, edge + lane.width_m / 2, -1 if lane.against else 1))
            edge, index = edge + lane.width_m, index + 1
        strips, left, right = [], -half, half
        for strip in plan.left:
            strips.append(Beside(strip, left - strip.width_m, left))
            left -= strip.width_m
        for strip in plan.right:
            strips.append(Beside(strip, right, right + strip.width_m))
            right += strip.width_m
        roads.append(Road(plan, np.array(plan.points_m, float), tuple(lanes), tuple(strips)))
    return tuple(roads)
