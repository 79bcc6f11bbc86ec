"""Which of those the detector calls a person rides? It says so of most motorcycles and bicycles that are far or come head-on.

Who has moved like a vehicle rides as long as he is followed, at the red light as well; so does whom the detector now and then
calls a two-wheeler. For all rules he is a motorcycle from then on. Of the rest nobody can tell by his looks; so among riders,
where a vehicle of his size was lost a moment ago, and within a vehicle's box, only he is on foot who walks across the lane;
and beside whoever waits, who walks across most of it.
"""

from dataclasses import dataclass, replace
from math import hypot

from edge_agent.core import geometry
from edge_agent.core.scene import Scene, metres
from edge_agent.core.types import TWO_WHEELERS, RoadUser

RIDDEN = 0.15  # such a share of the detector's votes for a two-wheeler is no chance
ALONG = 0.55  # who moves with the lane rides from such a share of `rider_kmh` on: people run across a road, not down it
MOUNTED = 0.3  # so much of the person's box lies in a two-wheeler's box, a rider's height added
COMPANY_HEIGHTS = 3.0  # a rider within so many body heights is company
ACROSS_M = 1.5
WAITING_KMH, WAITING_HEIGHTS = 8.0, 5.0  # beside somebody who is so slow and so near, riders wait, or steer around him:
ACROSS_QUEUE_M = 2.0  # ... there one must have walked so far across the lane
WALKED = 0.25  # who has not come so many body heights in the picture is as likely a post: he is seen, but was he ever walking?
FORGET_S = 30.0  # a track that is not there
LOST_S, SAME_HEIGHTS = 5.0, 1.0  # a new track within so many body heights of what was lost so lately may be the same
PART = 0.7  # so much of a person's box in a vehicle's is as likely a part of the vehicle
VEHICLES = ("car", "bus", "truck")
RIDDEN_CLASS = "motorcycle"  # what a rider is taken for whose machine nobody has recognised


@dataclass(slots=True)
class _Known:
    from_m: tuple[float, float]  # where he was seen first
    first: tuple[float, float]  # ... in the picture
    user: RoadUser
    last_s: float
    lane: str | None = None  # which he was on last
    across_m: float = 0.0
    rides: bool = False
    doubtful: bool = False  # he came up where a vehicle was lost


class Riders:
    """`update` frame by frame, then ask about the persons that are left."""

    def __init__(self, rider_kmh: float, scene: Scene) -> None:
        self._rider_kmh, self._scene = rider_kmh, scene
        self._known: dict[int, _Known] = {}
        self._riding: list[RoadUser] = []
        self._vehicles: list[RoadUser] = []

    def update(self, at_s: float, users: list[RoadUser]) -> list[RoadUser]:
        """The same road users; whoever rides is a two-wheeler."""
        self._riding, self._vehicles = [], [user for user in users if user.track.cls in VEHICLES]
        for user in users:
            known = self._known.get(user.track.id) or self._begun(at_s, user)
            if user.track.seen:
                known.user, known.last_s = user, at_s
            if user.track.cls in VEHICLES:
                continue
            known.rides = known.rides or user.track.cls in TWO_WHEELERS or user.track.ridden >= RIDDEN or self._is_fast(user)
            known.across_m = max(known.across_m, self._across_m(known, user))
            if known.rides:
                self._riding.append(user)
        for number in [number for number, known in self._known.items() if at_s - known.last_s > FORGET_S]:
            del self._known[number]
        return [_mounted_on(user) if self._rides(user) else user for user in users]

    def is_on_foot(self, person: RoadUser) -> bool:
        """As far as can be told now."""
        known = self._known[person.track.id]
        if known.rides or not self._scene.has_moved(person, known.first, WALKED):
            return False
        if any(_mounted(person, rider) for rider in self._riding if rider.track.cls in TWO_WHEELERS):
            return False
        if known.across_m >= (ACROSS_QUEUE_M if self._is_beside_who_waits(person) else ACROSS_M):
            return True
        if known.doubtful or any(geometry.covered(person.track.box, vehicle.track.box) >= PART for vehicle in self._vehicles):
            return False
        return not self._is_beside_who_waits(person) and not any(
            self._scene.near(person, rider, COMPANY_HEIGHTS) for rider in self._riding
        )

    def _is_beside_who_waits(self, person: RoadUser) -> bool:
        return any(
            user.pace_kmh is not None and user.pace_kmh < WAITING_KMH and self._scene.near(person, user, WAITING_HEIGHTS)
            for user in (*self._vehicles, *self._riding)
        )

    def _rides(self, user: RoadUser) -> bool:
        return user.track.cls == "person" and self._known[user.track.id].rides

    def _begun(self, at_s: float, user: RoadUser) -> _Known:
        doubtful = any(
            0 < at_s - lost.last_s <= LOST_S and self._scene.near(lost.user, user, SAME_HEIGHTS) and _of_a_size(lost.user, user)
            for lost in self._known.values()
            if lost.rides or lost.user.track.cls in VEHICLES
        )
        known = self._known[user.track.id] = _Known(user.plane_m, user.point, user, at_s, doubtful=doubtful)
        return known

    def _is_fast(self, user: RoadUser) -> bool:
        if user.pace_kmh is None:
            return False
        with_lane = user.along_kmh is not None and abs(user.along_kmh) > 0.8 * user.pace_kmh
        return user.pace_kmh - (user.pace_se_kmh or 0.0) > self._rider_kmh * (ALONG if with_lane else 1.0)

    def _across_m(self, known: _Known, user: RoadUser) -> float:
        """How far he has gone across the lane, if that is more than he has gone along it."""
        x, y = user.plane_m[0] - known.from_m[0], user.plane_m[1] - known.from_m[1]
        known.lane = user.lane or known.lane
        lane = self._scene.lane_of_id.get(known.lane or "")
        if lane is None:
            return 0.0
        lane_x, lane_y = metres(user.scale, *lane.direction_at(user.point))
        length = hypot(lane_x, lane_y) or 1.0
        along, across = abs(x * lane_x + y * lane_y) / length, abs(x * lane_y - y * lane_x) / length
        return across if across > along else 0.0


def _mounted_on(rider: RoadUser) -> RoadUser:
    return replace(rider, track=replace(rider.track, cls=RIDDEN_CLASS))


def _mounted(person: RoadUser, machine: RoadUser) -> bool:
    left, top, right, bottom = machine.track.box
    return geometry.covered(person.track.box, (left, top - 0.6 * (bottom - top), right, bottom)) >= MOUNTED


def _of_a_size(one: RoadUser, other: RoadUser) -> bool:
    first, second = (user.track.box.bottom - user.track.box.top for user in (one, other))
    return 0.5 < first / second < 2.0
