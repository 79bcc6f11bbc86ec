"""What one staged thing does to the road, picture by picture. `update` is True for as long as it goes on.

Acts steer road users; the world moves them, but for those who are guided.
"""

from dataclasses import dataclass, field
from typing import Protocol

from edge_agent.simulation.world.following import Barrier, surprised
from edge_agent.simulation.world.road import Beside, Lane
from edge_agent.simulation.world.user import RoadUser
from edge_agent.simulation.world.world import World

PULL_OVER_M = 30.0  # before its place a vehicle begins to leave the lane
BRAKING_S = 3.0  # what coming to a stop costs, over driving on
PACE = 0.8  # who must be somewhere in time sets out as if he drove at this share of his usual speed ...
PACES = 0.6, 1.3  # ... and drives between these
HARD_M_S2 = 7.5
LATE_M_S2 = 2.0  # how the one behind brakes before he understands
ROLLS_M_S = 2.0
SKEW = (0.14, -0.22)  # radians: how two that have crashed stand
STOOD_M = 4.0
TOUCH_M = 0.05


class Act(Protocol):
    def begin(self, world: World) -> None: ...

    def update(self, world: World) -> bool: ...


def strip_beside(world: World, lane: Lane) -> Beside | None:
    """The nearest strip to the right of the lane, as its drivers see it."""
    road = world.roads[lane.road]
    outwards = [strip for strip in road.strips if (strip.middle_m - lane.middle_m) * lane.sign > 0]
    return min(outwards, key=lambda strip: abs(strip.middle_m - lane.middle_m), default=None)


def _enter(world: World, lane: Lane, *users: RoadUser) -> None:
    """As the next ones, before those who wait; they keep their place across."""
    for user in reversed(users):
        user.fixed = True
        world.entries[lane.id].waiting.appendleft(user)


@dataclass(slots=True)
class Stop:
    """A vehicle stops at `s`, on its lane or on the strip beside it, by `at_s` if it can, and goes on after `seconds`."""

    lane: Lane
    user: RoadUser
    s: float
    at_s: float
    seconds: float
    aside: float | None = None  # the strip's middle
    hazard: bool = False
    stood_s: float | None = None
    over: bool = False

    def begin(self, world: World) -> None:
        self.user.limit_s = self.s
        _enter(world, self.lane, self.user)

    def update(self, world: World) -> bool:
        user = self.user
        if user.state != "here" or self.over:
            return user.state == "coming"
        left_m = abs(self.s - user.s)
        if left_m > PULL_OVER_M:
            _arrive(user, left_m, self.at_s - BRAKING_S - world.t_s)
        elif self.aside is not None:
            user.d_target = self.aside
        if self.stood_s is None:
            if user.v < 0.05 and left_m < STOOD_M:
                self.stood_s, user.v, user.a, user.guided, user.hazard = world.t_s, 0.0, 0.0, True, self.hazard
        elif world.t_s - self.stood_s >= self.seconds:
            self.over, user.guided, user.hazard, user.limit_s = True, False, False, None
            user.fixed, user.d_target = self.aside is not None, self.lane.middle_m
        return True


@dataclass(slots=True)
class Pass:
    """Somebody drives the road as no other does: at his own speed, or against everybody. The lane may be closed for him."""

    lane: Lane
    user: RoadUser
    enters_s: float
    closes: bool = False

    def begin(self, world: World) -> None:
        if self.closes:
            world.close(self.lane)

    def update(self, world: World) -> bool:
        if self.user.state == "coming" and world.t_s >= self.enters_s and world.has_room(self.user):
            world.let_in(self.user)
        if self.user.state != "gone":
            return True
        if self.closes:
            world.close(self.lane, -1)
        return False


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
    """A thing lies on the road until `until_s`, once those who come can stop before it."""

    road: int
    s: float
    d: float
    size_m: float
    until_s: float
    user: RoadUser = field(init=False)

    def begin(self, world: World) -> None:
        self.user = world.new_thing("object", self.road, self.s, self.d, (self.size_m, self.size_m, 0.75 * self.size_m))

    def update(self, world: World) -> bool:
        user = self.user
        if world.t_s < self.until_s:
            if user.state == "coming" and not surprised(world.users[self.road], self.s, user.low, user.high):
                world.let_in(user)
        elif user.state == "here":
            world.take_away(user)
        return world.t_s < self.until_s


@dataclass(slots=True)
class Collide:
    """The first brakes hard to stand at `s`, the second understands too late and runs into it; both stand for `seconds`."""

    lane: Lane
    first: RoadUser
    second: RoadUser
    s: float
    seconds: float
    number: int
    crashed_s: float | None = None

    def begin(self, world: World) -> None:
        _enter(world, self.lane, self.first, self.second)

    def update(self, world: World) -> bool:
        a, b = self.first, self.second
        if a.state != "here" or b.state != "here":
            return "coming" in (a.state, b.state)
        if not a.guided:
            if (self.s - a.s) * a.sign > a.v**2 / (2 * HARD_M_S2):
                return True
            a.guided = b.guided = True
        crashed = self.crashed_s is not None
        _brake(a, HARD_M_S2, 0.0, world.dt_s)
        _brake(b, HARD_M_S2 if crashed else LATE_M_S2, 0.0 if crashed else ROLLS_M_S, world.dt_s)  # he does run into it
        if self.crashed_s is None:
            if (a.s - b.s) * a.sign - (a.length + b.length) / 2 > TOUCH_M:
                return True
            self.crashed_s, a.hazard = world.t_s, True
            a.v = b.v = (a.v + b.v) / 2
            a.crash = b.crash = self.number
        self._skew(world.dt_s)
        if world.t_s - self.crashed_s < self.seconds:
            return True
        for user in (a, b):
            user.guided = user.hazard = user.fixed = False
        return False

    def _skew(self, dt_s: float) -> None:
        a, b = self.first, self.second
        b.s = a.s - a.sign * ((a.length + b.length) / 2 + 0.02)
        for user, skew in zip((a, b), SKEW, strict=True):
            if user.v > 0.05:
                user.yaw += min(1.0, 4 * dt_s) * (skew - user.yaw)


def _arrive(user: RoadUser, left_m: float, left_s: float) -> None:
    """Hurries or dawdles so as to be there in time."""
    slowest, fastest = (share * user.usual for share in PACES)
    user.wish = min(fastest, max(slowest, left_m / left_s if left_s > 0 else fastest))


def _brake(user: RoadUser, by_m_s2: float, lowest_m_s: float, dt_s: float) -> None:
    before = user.v
    user.v = max(lowest_m_s, before - by_m_s2 * dt_s)
    user.s += user.sign * (before + user.v) / 2 * dt_s
    user.a = -by_m_s2
