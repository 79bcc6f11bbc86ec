"""What one staged thing does to the road, picture by picture. `update` is True for as long as it goes on.

Acts steer rows of the fleet; the world moves them.
"""

from dataclasses import dataclass
from math import nan, pi
from typing import Protocol

from edge_agent.simulation.world.road import Beside, Lane
from edge_agent.simulation.world.world import Barrier, Entrant, World

PULL_OVER_M = 30.0  # before its place a vehicle begins to leave the lane
HARD_M_S2 = 7.5
LATE_M_S2 = 2.0  # how the one behind brakes before he understands
ROLLS_M_S = 2.0
SKEW = (0.14, -0.22)  # radians: how two that have crashed stand
STOOD_M = 4.0


class Act(Protocol):
    def begin(self, world: World) -> None: ...

    def update(self, world: World) -> bool: ...


def strip_beside(world: World, lane: Lane) -> Beside | None:
    """The nearest strip to the right of the lane, as its drivers see it."""
    road = world.roads[lane.road]
    outwards = [strip for strip in road.strips if (strip.middle_m - lane.middle_m) * lane.sign > 0]
    return min(outwards, key=lambda strip: abs(strip.middle_m - lane.middle_m), default=None)


def _enter(world: World, lane: Lane, *entrants: Entrant) -> None:
    """As the next ones, before those who wait; they keep their place across."""
    for entrant in reversed(entrants):
        entrant.row["fixed"] = True
        world.entries[lane.id].waiting.appendleft(entrant)


def _waits(world: World, lane: Lane, number: int) -> bool:
    return any(entrant.id == number for entrant in world.entries[lane.id].waiting)


@dataclass(slots=True)
class Stop:
    """A vehicle stops at `s`, on its lane or on the strip beside it, and goes on after `seconds`."""

    lane: Lane
    entrant: Entrant
    s: float
    seconds: float
    aside: float | None = None  # the strip's middle
    hazard: bool = False
    stood_s: float | None = None
    over: bool = False

    def begin(self, world: World) -> None:
        self.entrant.row["limit_s"] = self.s
        _enter(world, self.lane, self.entrant)

    def update(self, world: World) -> bool:
        fleet, row = world.fleet, world.fleet.row(self.entrant.id)
        if row is None:
            return _waits(world, self.lane, self.entrant.id)
        left_m = abs(self.s - fleet.s[row])
        if self.over:
            return True
        if self.aside is not None and left_m < PULL_OVER_M:
            fleet.d_target[row] = self.aside
        if self.stood_s is None:
            if fleet.v[row] < 0.05 and left_m < STOOD_M:
                self.stood_s, fleet.v[row], fleet.guided[row], fleet.hazard[row] = world.t_s, 0.0, True, self.hazard
        elif world.t_s - self.stood_s >= self.seconds:
            self.over = True
            fleet.guided[row], fleet.hazard[row], fleet.limit_s[row] = False, False, nan
            fleet.fixed[row], fleet.d_target[row] = self.aside is not None, self.lane.middle_m
        return True


@dataclass(slots=True)
class Pass:
    """Somebody drives the road as no other does: at his own speed, or against everybody. The lane may be closed for him."""

    lane: Lane
    entrant: Entrant
    enters_s: float
    closes: bool = False
    entered: bool = False

    def begin(self, world: World) -> None:
        world.entries[self.lane.id].closed += self.closes

    def update(self, world: World) -> bool:
        if not self.entered:
            if world.t_s >= self.enters_s:
                world.fleet.add(**self.entrant.row)
                self.entered = True
            return True
        if world.fleet.row(self.entrant.id) is not None:
            return True
        world.entries[self.lane.id].closed -= self.closes
        return False


@dataclass(slots=True)
class Walk:
    """Somebody on foot crosses the road from `from_d` to `to_d`, and pauses in the middle."""

    road: int
    s: float
    from_d: float
    to_d: float
    speed_m_s: float
    pause_s: float = 0.0
    id: int = 0

    def begin(self, world: World) -> None:
        self.id = world.new_person(self.road, self.s, self.from_d, self.speed_m_s, self._yaw)

    @property
    def _yaw(self) -> float:
        """Bodies turn from the road's heading by -yaw; to the right is -90 degrees."""
        return pi / 2 if self.to_d > self.from_d else -pi / 2

    def update(self, world: World) -> bool:
        fleet, row = world.fleet, world.fleet.row(self.id)
        if row is None:
            return False
        way = 1.0 if self.to_d > self.from_d else -1.0
        d = float(fleet.d[row])
        middle = (self.from_d + self.to_d) / 2
        pauses = self.pause_s > 0 and (d - middle) * way >= 0
        fleet.v[row] = 0.0 if pauses else self.speed_m_s
        if pauses:
            self.pause_s -= world.dt_s
        else:
            fleet.d[row] = d + way * self.speed_m_s * world.dt_s
        fleet.d_target[row] = fleet.d[row] + way * 1.5 * fleet.v[row]  # drivers see where he goes
        if (fleet.d[row] - self.to_d) * way >= 0:
            fleet.keep(fleet.id != self.id)
            return False
        return True


@dataclass(slots=True)
class Block:
    """Nobody gets past a place of the lane for `seconds`."""

    barrier: Barrier
    until_s: float

    def begin(self, world: World) -> None:
        world.barriers.append(self.barrier)

    def update(self, world: World) -> bool:
        if world.t_s < self.until_s:
            return True
        world.barriers.remove(self.barrier)
        return False


@dataclass(slots=True)
class Lie:
    """A thing lies on the road until `until_s`."""

    road: int
    s: float
    d: float
    size_m: float
    until_s: float
    id: int = 0

    def begin(self, world: World) -> None:
        self.id = world.new_object(self.road, self.s, self.d, self.size_m)

    def update(self, world: World) -> bool:
        if world.t_s < self.until_s:
            return True
        world.fleet.keep(world.fleet.id != self.id)
        return False


@dataclass(slots=True)
class Collide:
    """The first brakes hard to stand at `s`, the second understands too late and runs into it; both stand for `seconds`."""

    lane: Lane
    first: Entrant
    second: Entrant
    s: float
    seconds: float
    number: int
    brakes: bool = False
    crashed_s: float | None = None

    def begin(self, world: World) -> None:
        _enter(world, self.lane, self.first, self.second)

    def update(self, world: World) -> bool:
        fleet = world.fleet
        a, b = fleet.row(self.first.id), fleet.row(self.second.id)
        if a is None or b is None:
            return any(_waits(world, self.lane, entrant.id) for entrant in (self.first, self.second))
        sign = self.lane.sign
        if not self.brakes:
            stopping_m = float(fleet.v[a]) ** 2 / (2 * HARD_M_S2)
            if (self.s - fleet.s[a]) * sign > stopping_m:
                return True
            self.brakes = True
            fleet.guided[a] = fleet.guided[b] = True
        gap_m = (fleet.s[a] - fleet.s[b]) * sign - (fleet.length[a] + fleet.length[b]) / 2
        if self.crashed_s is None and gap_m <= 0.05:
            self.crashed_s = world.t_s
            fleet.v[a] = fleet.v[b] = (fleet.v[a] + fleet.v[b]) / 2
            fleet.crash[a] = fleet.crash[b] = self.number
            fleet.hazard[a] = True
        for row, brake in ((a, HARD_M_S2), (b, LATE_M_S2 if self.crashed_s is None else HARD_M_S2)):
            before = float(fleet.v[row])
            lowest = ROLLS_M_S if row == b and self.crashed_s is None else 0.0  # he does run into it
            fleet.v[row] = max(lowest, before - brake * world.dt_s)
            fleet.s[row] += sign * (before + fleet.v[row]) / 2 * world.dt_s
            fleet.a[row] = -brake
        if self.crashed_s is not None:
            self._skew(world, a, b)
            if world.t_s - self.crashed_s >= self.seconds:
                for row in (a, b):
                    fleet.guided[row] = fleet.hazard[row] = fleet.fixed[row] = False
                return False
        return True

    def _skew(self, world: World, a: int, b: int) -> None:
        fleet = world.fleet
        touching = fleet.s[a] - self.lane.sign * ((fleet.length[a] + fleet.length[b]) / 2 + 0.02)
        fleet.s[b] = touching
        for row, skew in zip((a, b), SKEW, strict=True):
            share = min(1.0, 4 * world.dt_s) if fleet.v[row] > 0.05 else 0.0
            fleet.yaw[row] += share * (skew - fleet.yaw[row])
