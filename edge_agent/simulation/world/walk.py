"""Somebody on foot who crosses the road: he waits until drivers can stop, and walks into nobody."""

from dataclasses import dataclass, field
from math import pi

from edge_agent.simulation.bodies import SIZE_M
from edge_agent.simulation.world.following import surprised
from edge_agent.simulation.world.user import RoadUser
from edge_agent.simulation.world.world import World

STEP_M, ARM_M = 0.35, 0.1  # he keeps so far off before and beside him


@dataclass(slots=True)
class Walk:
    """Somebody on foot crosses the road from `from_d` to `to_d`, once those who come can stop, and pauses in the middle."""

    road: int
    s: float
    from_d: float
    to_d: float
    speed_m_s: float
    pause_s: float = 0.0
    user: RoadUser = field(init=False)

    def begin(self, world: World) -> None:
        length, width, height = SIZE_M["person"]
        size = length, width, height * float(world.staging.normal(1.0, 0.05))
        self.user = world.new_thing("person", self.road, self.s, self.from_d, size)
        self.user.yaw = pi / 2 * self._way  # bodies turn from the road's heading by -yaw; to the right is -90 degrees
        self.user.measure()

    @property
    def _way(self) -> float:
        return 1.0 if self.to_d > self.from_d else -1.0

    def update(self, world: World) -> bool:
        user, way, users = self.user, self._way, world.users[self.road]
        if user.state == "coming":
            if any(_touch(other, user) for other in users):
                return True
            world.let_in(user)
        pauses = self.pause_s > 0 and (user.d - (self.from_d + self.to_d) / 2) * way >= 0
        if pauses:
            self.pause_s -= world.dt_s
        waits = user.v == 0 and surprised(users, self.s, min(user.d, self.to_d), max(user.d, self.to_d))
        stands = pauses or waits or any(_blocks(other, user, way) for other in users)
        user.v = 0.0 if stands else self.speed_m_s
        user.d += way * user.v * world.dt_s
        user.d_target = user.d + way * 1.5 * user.v  # drivers see where he goes
        if (user.d - self.to_d) * way >= 0:
            world.take_away(user)
        return user.state == "here"


def _touch(a: RoadUser, b: RoadUser) -> bool:
    return abs(a.s - b.s) < a.half_s + b.half_s + ARM_M and abs(a.d - b.d) < a.half_d + b.half_d + ARM_M


def _blocks(other: RoadUser, walker: RoadUser, way: float) -> bool:
    """Whether a vehicle, or somebody who walks the same way, is right before somebody on foot."""
    if other is walker or other.cls == "object" or (not other.sign and other.yaw != walker.yaw):
        return False
    apart = (other.d - walker.d) * way - other.half_d - walker.half_d
    return -walker.half_d < apart < STEP_M and abs(other.s - walker.s) < other.half_s + walker.half_s + ARM_M
