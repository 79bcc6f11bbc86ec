"""What the rules look at in one frame: road users, where they stand, who queues. Computed once, read by all."""

from dataclasses import dataclass, replace
from itertools import pairwise
from math import hypot, sqrt

from edge_agent.core.attention import Presence
from edge_agent.core.crawling import Crawling
from edge_agent.core.riders import Riders
from edge_agent.core.scene import Scene, metres
from edge_agent.core.standing import Place, Standing
from edge_agent.core.types import RoadUser, Thing
from edge_agent.core.usual_pace import UsualPace

SLOW_KMH = 8.0
QUEUE_SPAN_M = 60.0
QUEUE_VEHICLES = 3
JOINS_KMH, JOINS_M = 25.0, 30.0  # who is so slow and so near comes up to their end
HIDDEN_S = 5.0  # for longer a hidden vehicle is not taken for part of a queue: it may have left behind another one
SAMPLES = 20
FOOTPRINT = 0.6


@dataclass(frozen=True, slots=True)
class LaneState:
    """One lane in one frame. `occupancy` is the share of its centreline under vehicles; `pace_kmh` their mean pace;
    `queue`: how many of them queue, and `queue_m` over what length."""

    vehicles: list[RoadUser]
    occupancy: float
    pace_kmh: float | None
    queue_m: float
    queue: int = 0


@dataclass(frozen=True, slots=True)
class Observation:
    """The sets hold track ids. `standing` and `queued`: of those that stand, and of vehicles that are part of a queue, that is
    >= 3 below 8 km/h within 60 m on their lane, or two and a third that comes up to them. `resumed`: the camera was away
    before this frame. `congested`: the lanes on which a congestion is open. `things`: what stands in the picture and did not
    stand there before, None where nobody looked for it. `on_foot`: of persons who ride nothing."""

    road_users: list[RoadUser]
    places: list[Place]
    lanes: dict[str, LaneState]
    standing: frozenset[int]
    queued: frozenset[int]
    resumed: bool = False
    congested: frozenset[str] = frozenset()
    things: tuple[Thing, ...] | None = None
    on_foot: frozenset[int] = frozenset()

    def presence(self, at_s: float, still: frozenset[int] = frozenset()) -> Presence:
        """Of whoever is seen: does all of it stand? Who stood and is not seen may have driven off. `still`: tracks that keep
        their place; of people beside the lanes, and of what is taken for them, no more is asked."""
        seen = [user for user in self.road_users if user.track.seen]
        bystanders = {user.track.id for user in seen if user.track.cls == "person" and user.lane is None} & still
        if not (self.standing | bystanders).issuperset(user.track.id for user in seen):
            return "moving"
        if any(place.last_seen_s < at_s for place in self.places):
            return "missed"
        return "standing" if seen else "nobody"


class Observer:
    """Road users -> Observation, frame by frame."""

    def __init__(
        self, scene: Scene, creep_share: float = 0.0, crawl_share: float = 0.0, rider_kmh: float = 13.0
    ) -> None:
        """Shares of a lane's usual pace. `creep_share`: a vehicle that stood, and goes no faster, has not driven off.
        `crawl_share`: who is slower is as good as standing on a fast lane. `rider_kmh`: nobody walks so fast."""
        self._riders = Riders(rider_kmh, scene)
        self._creep_share, self._usual = creep_share, UsualPace()
        self._crawling = Crawling(scene.height_px, crawl_share)
        self._standing = Standing(scene.width_px, scene.height_px)
        self._samples = {lane.id: sampled(lane.centreline) for lane in scene.lanes}

    def update(
        self,
        at_s: float,
        users: list[RoadUser],
        resumed: bool = False,
        congested: frozenset[str] = frozenset(),
        things: tuple[Thing, ...] | None = None,
    ) -> Observation:
        users = self._riders.update(at_s, users)
        usual_kmh = self._usual.update(at_s, users)
        creep_kmh = {lane: self._creep_share * pace for lane, pace in usual_kmh.items()}
        places = self._standing.update(at_s, users, creep_kmh, self._crawling.update(at_s, users, usual_kmh))
        standing = frozenset(place.user.track.id for place in places if place.stands(at_s))
        vehicles: dict[str, list[RoadUser]] = {lane: [] for lane in self._samples}
        for place in places:  # what stands and is hidden now is there, its track remembered or not; what was lost is not
            if place.lane is not None and place.stands(at_s) and at_s - place.last_seen_s <= HIDDEN_S:
                vehicles[place.lane].append(place.user if place.last_seen_s == at_s else _hidden(place.user))
        for user in users:
            if user.lane is not None and user.track.cls != "person" and user.track.seen and user.track.id not in standing:
                vehicles[user.lane].append(user)
        lanes: dict[str, LaneState] = {}
        company: dict[int, int] = {}
        on_foot = frozenset(user.track.id for user in users if user.track.cls == "person" and self._riders.is_on_foot(user))
        unknown = [user for user in users if user.track.cls == "person" and user.track.seen and user.track.id not in on_foot]
        for lane, present in vehicles.items():
            waiting = [user for user in unknown if user.lane == lane]
            slow = [user for user in [*present, *waiting] if user.track.id in standing or _crawls(user)]
            near = {user.track.id: sum(distance_m(user, other) <= QUEUE_SPAN_M for other in slow) for user in slow}
            company |= {user.track.id: near[user.track.id] + _joining(user, present, slow) for user in slow}
            queue = [user for user in slow if near[user.track.id] >= QUEUE_VEHICLES]
            lanes[lane] = self._state(lane, present, queue, standing)
        queued = frozenset(number for number, slow in company.items() if slow >= QUEUE_VEHICLES)
        return Observation(users, places, lanes, standing, queued, resumed, congested, things, on_foot)

    def _state(self, lane: str, present: list[RoadUser], queue: list[RoadUser], standing: frozenset[int]) -> LaneState:
        paces = [0.0 if user.track.id in standing else user.pace_kmh for user in present]
        known = [pace for pace in paces if pace is not None]
        length = max((distance_m(a, b) for a in queue for b in queue), default=0.0)
        under = sum(any(_covers(user, point) for user in present) for point in self._samples[lane]) if present else 0
        return LaneState(
            present, under / len(self._samples[lane]), sum(known) / len(known) if known else None, length, len(queue)
        )


def _joining(one: RoadUser, present: list[RoadUser], slow: list[RoadUser]) -> int:
    """How many slow down towards this one and another slow one near it: in a moment they are part of the queue."""
    ends = [other for other in slow if distance_m(one, other) <= QUEUE_SPAN_M]
    if len(ends) < QUEUE_VEHICLES - 1:
        return 0
    slowing = [user for user in present if user.pace_kmh is not None and SLOW_KMH <= user.pace_kmh <= JOINS_KMH]
    ids = {other.track.id for other in slow}
    return sum(any(distance_m(user, end) <= JOINS_M for end in ends) for user in slowing if user.track.id not in ids)


def distance_m(a: RoadUser, b: RoadUser) -> float:
    """On the road where both are calibrated; else the image step in the metres of both ends, whose geometric mean is exact
    along a flat road."""
    if a.road_m is not None and b.road_m is not None:
        return hypot(a.road_m[0] - b.road_m[0], a.road_m[1] - b.road_m[1])
    step = b.point[0] - a.point[0], b.point[1] - a.point[1]
    return sqrt(hypot(*metres(a.scale, *step)) * hypot(*metres(b.scale, *step)))


def sampled(centreline: tuple[tuple[float, float], ...], n: int = SAMPLES) -> list[tuple[float, float]]:
    """n points evenly spaced along the line, as seen in the image."""
    steps = [hypot(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(centreline)]
    points = []
    for k in range(n):
        left = (k + 0.5) / n * sum(steps)
        for (a, b), length in zip(pairwise(centreline), steps, strict=True):
            if left <= length and length > 0:
                share = left / length
                points.append((a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1])))
                break
            left -= length
    return points or [centreline[0]]


def _hidden(user: RoadUser) -> RoadUser:
    return replace(user, track=replace(user.track, seen=False))


def _crawls(user: RoadUser) -> bool:
    return user.pace_kmh is not None and user.pace_kmh < SLOW_KMH


def _covers(user: RoadUser, point: tuple[float, float]) -> bool:
    """The lower part of a box stands on the road; what is above it hides the road behind."""
    left, top, right, bottom = user.track.box
    return left <= point[0] <= right and bottom - FOOTPRINT * (bottom - top) <= point[1] <= bottom
