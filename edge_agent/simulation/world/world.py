"""The simulated road: its traffic enters, follows, steers and leaves. The same plan and seed give the same world."""

from collections import deque
from dataclasses import dataclass, field
from itertools import count
from math import nan

import numpy as np

from edge_agent.simulation.bodies import SIZE_M, Body, Shown, Snapshot
from edge_agent.simulation.plan import Simulation
from edge_agent.simulation.world import fleet as f
from edge_agent.simulation.world.fleet import CLASSES, Fleet
from edge_agent.simulation.world.road import Lane, Road, build_roads
from edge_agent.simulation.world.roadside import Roadside
from edge_agent.simulation.world.signals import shown
from edge_agent.simulation.world.steering import EACH_S, choose

WISH = {"bicycle": 0.35, "bus": 0.85, "car": 1.0, "motorcycle": 0.92, "truck": 0.85}  # of the lane's speed
WAITING = 6  # vehicles that wait to enter a lane; more turn away, and are counted
ENTRY_M = 8.0
LOOKS = 1 << 30


@dataclass(frozen=True, slots=True)
class Barrier:
    """Nobody who can still stop passes `s` on this road in the direction `sign`, between `low_d` and `high_d`."""

    road: int
    sign: int
    s: float
    low_d: float
    high_d: float


@dataclass(slots=True)
class Entrant:
    id: int
    row: dict[str, float]


@dataclass(slots=True)
class Entry:
    """Where a lane's traffic comes from: who waits to enter, when the next of each class arrives, how often it is closed."""

    lane: Lane
    waiting: deque[Entrant] = field(default_factory=deque)
    next_s: dict[str, float] = field(default_factory=dict)
    closed: int = 0
    turned_away: int = 0


class World:
    """`advance` moves everybody on by one picture's time, beginning `warm_up_s` before 0; `t_s` is the time now."""

    def __init__(self, plan: Simulation) -> None:
        self.plan, self.roads = plan, build_roads(plan.roads)
        self.lanes = {lane.id: lane for road in self.roads for lane in road.lanes}
        self.fleet, self.barriers = Fleet(), list[Barrier]()
        self.dt_s = 1 / plan.fps
        streams = np.random.SeedSequence(plan.seed).spawn(3)
        self._random, self.staging, beside = (np.random.default_rng(stream) for stream in streams)
        self._ids = count(1)
        self.entries = {lane.id: self._entry(lane) for lane in self.lanes.values()}
        self._roadside = Roadside(self.roads, beside)
        self._tick = -round(plan.warm_up_s * plan.fps) - 1

    @property
    def t_s(self) -> float:
        return self._tick * self.dt_s

    def advance(self) -> None:
        self._tick += 1
        for entry in self.entries.values():
            self._let_in(entry)
        if len(self.fleet):
            self._steer()
            self.fleet.accelerate(self._stops())
            self.fleet.move(self.dt_s)
            self._leave()

    def snapshot(self) -> Snapshot:
        return Snapshot(self.t_s, (*self._bodies(), *self._roadside.bodies(self.t_s)), self.signals())

    def signals(self) -> dict[str, Shown]:
        return {signal.id: shown(signal, self.t_s) for signal in self.plan.signals}

    def new_vehicle(self, cls: str, lane: Lane, speed_m_s: float | None = None, against: bool = False) -> Entrant:
        """A vehicle at the entry of its lane; `against` enters where the others leave."""
        number, road = next(self._ids), self.roads[lane.road]
        length, width, height = (side * self._random.normal(1.0, 0.04) for side in SIZE_M[cls])  # type: ignore[index]
        usual = lane.plan.speed_kmh / 3.6 * WISH[cls] * self._random.lognormal(0.0, 0.1)
        sign = -lane.sign if against else lane.sign
        return Entrant(number, {
            "id": number, "road": lane.road, "sign": sign, "cls": CLASSES.index(cls), "s": 0.0 if sign > 0 else road.length_m,
            "d": lane.middle_m, "d_target": lane.middle_m, "cruise_d": lane.middle_m, "v": speed_m_s or usual,
            "wish": speed_m_s or usual, "length": length, "width": width, "height": height, "limit_s": nan,
            "look": int(self._random.integers(LOOKS)),
        })  # fmt: skip

    def new_person(self, road: int, s: float, d: float, speed_m_s: float, yaw: float) -> int:
        """Somebody on foot, moved by whoever asked for him."""
        number = next(self._ids)
        length, width, height = SIZE_M["person"]
        self.fleet.add(
            id=number, road=road, cls=f.PERSON, s=s, d=d, d_target=d, v=speed_m_s, yaw=yaw, length=length, width=width,
            height=height * self.staging.normal(1.0, 0.05), guided=True, limit_s=nan, look=int(self.staging.integers(LOOKS)),
        )  # fmt: skip
        return number

    def new_object(self, road: int, s: float, d: float, size_m: float) -> int:
        number = next(self._ids)
        self.fleet.add(
            id=number, road=road, cls=f.OBJECT, s=s, d=d, d_target=d, length=size_m, width=size_m, height=0.75 * size_m,
            guided=True, limit_s=nan, look=int(self.staging.integers(LOOKS)),
        )  # fmt: skip
        return number

    def _entry(self, lane: Lane) -> Entry:
        flows = {cls: flow for cls, flow in lane.plan.flow_per_h.items() if flow > 0}
        first = -self.plan.warm_up_s
        return Entry(lane, next_s={cls: first + self._random.exponential(3600 / flow) for cls, flow in flows.items()})

    def _let_in(self, entry: Entry) -> None:
        for cls, at_s in entry.next_s.items():
            if at_s > self.t_s:
                continue
            entry.next_s[cls] = at_s + self._random.exponential(3600 / entry.lane.plan.flow_per_h[cls])  # type: ignore[index]
            if entry.closed:
                continue
            if len(entry.waiting) < WAITING:
                entry.waiting.append(self.new_vehicle(cls, entry.lane))
            else:
                entry.turned_away += 1
        if not entry.waiting:
            return
        row = entry.waiting[0].row
        across = row["d"] if row["cls"] not in f.TWO_WHEELERS else row["d"] + float(self._random.uniform(-1.0, 1.0))
        room, speed = self._room_at(row, across)
        if room < ENTRY_M:
            return
        row["d"] = row["d_target"] = row["cruise_d"] = across if row["cls"] in f.TWO_WHEELERS else row["d"]
        row["v"] = min(row["v"], speed + max(0.0, room - ENTRY_M) / 3)
        self.fleet.add(**entry.waiting.popleft().row)

    def _room_at(self, row: dict[str, float], across: float) -> tuple[float, float]:
        """Metres free before somebody who would enter now, and the speed of whoever is ahead."""
        fleet = self.fleet
        ahead = (fleet.s - row["s"]) * row["sign"] - (fleet.length + row["length"]) / 2
        near = np.minimum(np.abs(fleet.d - across), np.abs(fleet.d_target - across))
        in_way = (near < (fleet.width + row["width"]) / 2 + 0.2) & (fleet.road == row["road"]) & (ahead > -row["length"])
        if not in_way.any():
            return f.FREE_M, row["v"]
        first = int(np.argmin(np.where(in_way, ahead, f.FREE_M)))
        return float(ahead[first]), float(fleet.v[first] * max(0.0, fleet.sign[first] * row["sign"]))

    def _steer(self) -> None:
        """Everybody decides once in EACH_S, by turns."""
        fleet, every = self.fleet, max(1, round(EACH_S * self.plan.fps))
        due = ((fleet.id + self._tick) % every == 0) & ~fleet.guided & ~fleet.fixed
        barriers = [*self.barriers, *self._red()]
        for row in np.flatnonzero(due):
            if not self._held(int(row), barriers):
                fleet.d_target[row] = choose(fleet, int(row), self.roads[fleet.road[row]])

    def _held(self, row: int, barriers: list[Barrier]) -> bool:
        """Cars before a barrier or a red light keep their lane."""
        fleet = self.fleet
        return fleet.cls[row] not in f.TWO_WHEELERS and any(
            barrier.road == fleet.road[row] and barrier.sign == fleet.sign[row]
            and barrier.low_d <= fleet.d[row] <= barrier.high_d and 0 < (barrier.s - fleet.s[row]) * barrier.sign < 200
            for barrier in barriers
        )  # fmt: skip

    def _stops(self) -> f.Array:
        """(n,) metres to where each must stand: its own limit, a red light, a barrier."""
        fleet = self.fleet
        own = (fleet.limit_s - fleet.s) * fleet.sign
        stops = np.where(np.isnan(own) | (own < -3.0), f.FREE_M, np.maximum(own, 0.0) + 0.5)
        can_m = fleet.v**2 / (2 * 4.0)
        for barrier in (*self.barriers, *self._red()):
            left = (barrier.s - fleet.s) * barrier.sign - fleet.length / 2
            across = (fleet.d + fleet.width / 2 > barrier.low_d) & (fleet.d - fleet.width / 2 < barrier.high_d)
            there = (fleet.road == barrier.road) & (fleet.sign == barrier.sign) & across & (left > -0.5) & (left > can_m - 1.0)
            stops = np.where(there & ~fleet.blind, np.minimum(stops, np.maximum(left, 0.0)), stops)
        return np.asarray(stops)

    def _red(self) -> list[Barrier]:
        states = self.signals()
        return [
            Barrier(number, -1 if approach.against else 1, approach.stop_m, -50.0, 50.0)
            for number, road in enumerate(self.roads)
            for approach in road.approaches
            if states[approach.signal] != "green"
        ]

    def _leave(self) -> None:
        """Who has driven off the end of the road is gone."""
        fleet = self.fleet
        lengths = np.array([road.length_m for road in self.roads])[fleet.road]
        beyond = np.where(fleet.sign > 0, fleet.s - lengths, np.where(fleet.sign < 0, -fleet.s, -1.0))
        gone = beyond > fleet.length
        if gone.any():
            fleet.keep(~gone)

    def _bodies(self) -> list[Body]:
        fleet, bodies = self.fleet, list[Body]()
        for number, road in enumerate(self.roads):
            rows = np.flatnonzero(fleet.road == number)
            if not len(rows):
                continue
            places, along = road.at(fleet.s[rows], fleet.d[rows])
            headings = along + np.where(fleet.sign[rows] < 0, np.pi, 0.0) - fleet.yaw[rows]
            for row, place, heading in zip(rows.tolist(), places.tolist(), headings.tolist(), strict=True):
                bodies.append(self._body(road, row, place, heading))
        return bodies

    def _body(self, road: Road, row: int, place: list[float], heading: float) -> Body:
        fleet = self.fleet
        d, speed, sign = float(fleet.d[row]), float(fleet.v[row]), int(fleet.sign[row])
        lane = next((lane for lane in road.lanes if lane.edges_m[0] <= d < lane.edges_m[1]), None)
        forbidden = lane is None and any(
            strip.plan.no_stop and strip.from_m <= d < strip.to_m for strip in road.strips
        )
        return Body(
            id=int(fleet.id[row]), cls=CLASSES[fleet.cls[row]], x_m=place[0], y_m=place[1], heading=heading,
            speed_m_s=speed, length_m=float(fleet.length[row]), width_m=float(fleet.width[row]),
            height_m=float(fleet.height[row]), look=int(fleet.look[row]),
            braking=bool(sign != 0 and (fleet.a[row] < -0.7 or speed < 0.1)),
            hazard=bool(fleet.hazard[row]), lane=None if lane is None else lane.id,
            along_m_s=0.0 if lane is None else speed * sign * lane.sign, strip_no_stop=forbidden,
            crash=int(fleet.crash[row]),
        )  # fmt: skip
