"""The simulated road: its traffic enters, follows, steers and leaves. The same plan and seed give the same world."""

from collections.abc import Sequence
from itertools import chain, count
from math import pi
from operator import attrgetter

import numpy as np

from edge_agent.simulation.bodies import SIZE_M, Body, BodyClass, Shown, Snapshot
from edge_agent.simulation.plan import Simulation, VehicleClass
from edge_agent.simulation.world.entry import ENTRY_M, ROOM_S, Entry, room_at
from edge_agent.simulation.world.following import Barrier, accelerate
from edge_agent.simulation.world.junction import in_the_way, junctions, kept_free
from edge_agent.simulation.world.moving import move
from edge_agent.simulation.world.road import Lane, Road, build_roads
from edge_agent.simulation.world.roadside import Roadside
from edge_agent.simulation.world.signals import shown
from edge_agent.simulation.world.steering import EACH_S, choose, places
from edge_agent.simulation.world.user import RoadUser

# of the lane's speed
WISH: dict[VehicleClass, float] = {"bicycle": 0.35, "bus": 0.85, "car": 1.0, "motorcycle": 0.92, "truck": 0.85}
HELD_M = 200.0  # so far before a barrier nobody changes his lane
LOOKS = 1 << 30
STUCK = 0.6  # of the speed that one would like
KERB_M = 0.7  # a bicycle keeps so far from the lane's right edge
BRAKE_LIGHT_M_S2 = 0.7


class World:
    """`advance` moves everybody on by one picture's time, beginning `warm_up_s` before 0. `t_s` is the time now, `signals` what
    they show, `users` who is on each road, sorted by s, `barriers` what blocks a lane besides red lights."""

    def __init__(self, plan: Simulation) -> None:
        self.plan, self.roads = plan, build_roads(plan.roads)
        self.lanes = {lane.id: lane for road in self.roads for lane in road.lanes}
        self.users = tuple(list[RoadUser]() for _ in self.roads)
        self.barriers, self.dt_s = list[Barrier](), 1 / plan.fps
        streams = np.random.SeedSequence(plan.seed).spawn(3)
        self._random, self.staging, beside = (np.random.default_rng(stream) for stream in streams)
        self._ids = count(1)
        self.entries = {lane.id: Entry(lane) for lane in self.lanes.values()}
        for entry in self.entries.values():
            entry.begin(self._random, -plan.warm_up_s)
        self._roadside = Roadside(plan, self.roads, beside)
        self._junctions = junctions(self.roads)
        self._places = dict[tuple[int, int, bool], tuple[float, ...]]()
        self._decides = max(1, round(EACH_S * plan.fps))
        self._tick = -round(plan.warm_up_s * plan.fps) - 1
        self._tell_time()

    def advance(self) -> None:
        self._tick += 1
        self._tell_time()
        for entry in self.entries.values():
            self._let_in(entry)
        barriers = [*self.barriers, *self._red()]
        for junction in self._junctions:
            barriers += kept_free(junction, self.roads[junction.road], self.users[junction.road])
        for number, users in enumerate(self.users):
            if users:
                self._drive(number, [barrier for barrier in barriers if barrier.road == number])

    def snapshot(self) -> Snapshot:
        driving = (_bodies(road, users) for road, users in zip(self.roads, self.users, strict=True))
        return Snapshot(self.t_s, (*chain.from_iterable(driving), *self._roadside.bodies(self.t_s)), self.signals)

    def new_vehicle(
        self, cls: VehicleClass, lane: Lane, speed_m_s: float | None = None, against: bool = False, across_m: float = 0.0
    ) -> RoadUser:
        """A vehicle that is to come at the entry of its lane; `against` enters where the others leave."""
        length, width, height = (side * self._random.normal(1.0, 0.04) for side in SIZE_M[cls])
        usual = lane.plan.speed_kmh / 3.6 * WISH[cls] * self._random.lognormal(0.0, 0.1)
        speed, sign = speed_m_s or usual, -lane.sign if against else lane.sign
        if cls == "bicycle" and not across_m:
            across_m = lane.sign * (lane.plan.width_m / 2 - KERB_M)
        return RoadUser(
            next(self._ids), cls, lane.road, sign, 0.0 if sign > 0 else self.roads[lane.road].length_m,
            lane.middle_m + across_m, speed, length, width, height, int(self._random.integers(LOOKS)), speed,
        )  # fmt: skip

    def new_thing(self, cls: BodyClass, road: int, s: float, d: float, size_m: tuple[float, float, float]) -> RoadUser:
        """Somebody on foot or a lost load, moved by whoever asked for it."""
        look = int(self.staging.integers(LOOKS))
        return RoadUser(next(self._ids), cls, road, 0, s, d, 0.0, *size_m, look, guided=True)

    def let_in(self, user: RoadUser) -> None:
        user.state = "here"
        self.users[user.road].append(user)

    def take_away(self, user: RoadUser) -> None:
        user.state = "gone"
        self.users[user.road].remove(user)

    def has_room(self, user: RoadUser) -> bool:
        """For somebody who would enter now, at his speed."""
        return room_at(self.users[user.road], user, user.d)[0] > ENTRY_M + user.v

    def close(self, lane: Lane, times: int = 1) -> None:
        """Nobody enters the lane or changes to it until it has been closed -1 times as often."""
        self.entries[lane.id].closed += times
        self._places.clear()

    def _tell_time(self) -> None:
        self.t_s = self._tick * self.dt_s
        self.signals: dict[str, Shown] = {signal.id: shown(signal, self.t_s) for signal in self.plan.signals}

    def _let_in(self, entry: Entry) -> None:
        for cls in entry.arrived(self._random, self.t_s):
            entry.waiting.append(self.new_vehicle(cls, entry.lane))
        if not entry.waiting or entry.closed:
            return
        new, across = entry.waiting[0], 0.0
        if new.cls == "motorcycle" and not new.fixed:
            across = float(self._random.uniform(-1.0, 1.0))
        room, speed = room_at(self.users[new.road], new, new.d + across)
        if room < ENTRY_M:
            return
        new.keep_to(new.d + across)
        new.v = min(new.v, speed + (room - ENTRY_M) / ROOM_S)
        self.let_in(entry.waiting.popleft())

    def _drive(self, number: int, barriers: Sequence[Barrier]) -> None:
        """Everybody on one road decides where to drive and how fast, moves, and leaves at its end."""
        users = self.users[number]
        users.sort(key=attrgetter("s"))
        met = self._met(number)
        for index, user in enumerate(met):
            if (user.id + self._tick) % self._decides == 0 and not user.guided and _decides(user, barriers):
                user.d_target = choose(met, index, self._offered(user))
            user.measure()
        accelerate(met, barriers)
        move(met, self.dt_s)
        length_m = self.roads[number].length_m
        for user in [one for one in users if one.sign and (one.s - length_m if one.sign > 0 else -one.s) > one.length]:
            self.take_away(user)

    def _met(self, number: int) -> list[RoadUser]:
        """Who is on a road, and those who cross it; sorted by s."""
        crossing = [
            user for junction in self._junctions if junction.road == number
            for user in in_the_way(junction, self.roads, self.users[junction.other])
        ]  # fmt: skip
        return sorted([*self.users[number], *crossing], key=attrgetter("s")) if crossing else self.users[number]

    def _offered(self, user: RoadUser) -> tuple[float, ...]:
        key = user.road, 0 if user.bold else user.sign, user.manner.filters
        if key not in self._places:
            lanes = self.roads[user.road].lanes
            mine = [lane for lane in lanes if user.bold or (lane.sign == user.sign and not self.entries[lane.id].closed)]
            self._places[key] = places(mine, user.manner.filters)
        return self._places[key]

    def _red(self) -> list[Barrier]:
        return [
            Barrier(number, -1 if approach.against else 1, approach.stop_m, -50.0, 50.0)
            for number, road in enumerate(self.roads)
            for approach in road.approaches
            if self.signals[approach.signal] != "green"
        ]


def _decides(user: RoadUser, barriers: Sequence[Barrier]) -> bool:
    """Where to drive: not cars before a barrier or a red light, and not who drives against everybody unless he had to brake."""
    if user.fixed or user.bold:
        return user.bold and user.v < STUCK * user.wish
    return user.manner.filters or not any(
        barrier.sign == user.sign and barrier.low_d <= user.d <= barrier.high_d
        and 0 < (barrier.s - user.s) * barrier.sign < HELD_M
        for barrier in barriers
    )  # fmt: skip


def _bodies(road: Road, users: Sequence[RoadUser]) -> list[Body]:
    bodies = list[Body]()
    for user in users:
        x, y, along = road.place(user.s, user.d)
        lane, speed, sign = road.lane_at(user.d), user.v, user.sign
        bodies.append(Body(
            user.id, user.cls, x, y, (along if sign >= 0 else along + pi) - user.yaw, speed, user.length, user.width,
            user.height, user.look, sign != 0 and (user.a < -BRAKE_LIGHT_M_S2 or speed < 0.1), user.hazard,
            None if lane is None else lane.id, 0.0 if lane is None else speed * sign * lane.sign,
            lane is None and road.no_stop_at(user.d), user.crash,
        ))  # fmt: skip
    return bodies
