"""The script on the road: begins every act in time to be where it should be when it should be."""

from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count

from edge_agent.simulation import script
from edge_agent.simulation.bodies import Snapshot
from edge_agent.simulation.plan import Crossing, Simulation
from edge_agent.simulation.world.acts import BRAKING_S, PACE, Act, Block, Collide, Lie, Pass, Stop, strip_beside
from edge_agent.simulation.world.following import Barrier
from edge_agent.simulation.world.user import MANNERS
from edge_agent.simulation.world.walk import Walk
from edge_agent.simulation.world.world import WISH, World

_Stops = script.StoppedVehicle | script.Breakdown | script.IllegalParking | script.BusStop
KERB_M = 1.2  # people begin and end so far beside the lanes


@dataclass(order=True, slots=True)
class _Due:
    at_s: float
    number: int
    staged: script.Staged = field(compare=False)
    begins_s: float = field(compare=False)  # when it begins to be one


class Play:
    """The road with its script. `step` gives one snapshot after the other, from time 0 on."""

    def __init__(self, plan: Simulation) -> None:
        self.world = World(plan)
        self._plan, self._acts, self._due = plan, list[Act](), list[_Due]()
        self._numbers, self._crashes = count(), count(1)
        self._crossers = _Crossers(self.world)
        for staged in plan.script:
            self._plan_next(staged, staged.at_s)
        while self.world.t_s < -1.5 * self.world.dt_s:
            self._advance()

    def step(self) -> Snapshot:
        self._advance()
        return self.world.snapshot()

    def skip(self) -> None:
        """One picture's time that nobody looks at."""
        self._advance()

    def _advance(self) -> None:
        now_s = self.world.t_s + self.world.dt_s
        while self._due and self._due[0].at_s <= now_s:
            due = heappop(self._due)
            if due.staged.every_s is not None:
                self._plan_next(due.staged, due.begins_s + due.staged.every_s)
            act = self._act(due.staged, due.begins_s)
            act.begin(self.world)
            self._acts.append(act)
        self._acts += self._crossers.begin(now_s)
        self._acts = [act for act in self._acts if act.update(self.world)]
        self.world.advance()

    def _plan_next(self, staged: script.Staged, begins_s: float) -> None:
        if isinstance(staged, script.Cloud | script.CameraTrouble):
            return  # the camera's, not the road's
        heappush(self._due, _Due(begins_s - self._lead_s(staged), next(self._numbers), staged, begins_s))

    def _lead_s(self, staged: script.Staged) -> float:
        """How long before it begins to be one the act must begin."""
        match staged:
            case script.Pedestrian():
                return KERB_M / staged.speed_m_s
            case script.WrongWay():
                lane = self.world.lanes[staged.lane]
                clear_s = 0.0 if _filters(staged) else self.world.roads[lane.road].length_m / (lane.plan.speed_kmh / 3.6)
                return self._way_s(staged.lane, staged.at_m, staged.speed_kmh / 3.6, against=True) + clear_s
            case script.SlowVehicle() | script.Speeder():
                return self._way_s(staged.lane, staged.at_m, staged.speed_kmh / 3.6)
            case script.StoppedVehicle() | script.Breakdown() | script.IllegalParking():
                return self._way_s(staged.lane, staged.at_m, PACE * self._usual(staged.lane, staged.vehicle)) + BRAKING_S
            case script.BusStop():
                return self._way_s(staged.lane, staged.at_m, PACE * self._usual(staged.lane, "bus")) + BRAKING_S
            case script.Crash():
                return self._way_s(staged.lane, staged.at_m, self._usual(staged.lane, staged.vehicle)) + BRAKING_S
        return 0.0

    def _usual(self, lane: str, cls: script.VehicleClass) -> float:
        return self.world.lanes[lane].plan.speed_kmh / 3.6 * WISH[cls]

    def _way_s(self, lane_id: str, at_m: float, speed_m_s: float, against: bool = False) -> float:
        lane = self.world.lanes[lane_id]
        forwards = (lane.sign > 0) != against
        return (at_m if forwards else self.world.roads[lane.road].length_m - at_m) / speed_m_s

    def _act(self, staged: script.Staged, begins_s: float) -> Act:
        world = self.world
        match staged:
            case script.StoppedVehicle():
                return self._stop(staged, begins_s, staged.vehicle, aside=False)
            case script.Breakdown() | script.IllegalParking():
                return self._stop(staged, begins_s, staged.vehicle, aside=True)
            case script.BusStop():
                return self._stop(staged, begins_s, "bus", aside=True)
            case script.WrongWay():
                return self._wrong_way(staged, begins_s)
            case script.SlowVehicle() | script.Speeder():
                lane = world.lanes[staged.lane]
                user = world.new_vehicle(staged.vehicle, lane, staged.speed_kmh / 3.6)
                return Pass(lane, user, begins_s - self._way_s(staged.lane, staged.at_m, staged.speed_kmh / 3.6))
            case script.Pedestrian():
                number = next(index for index, road in enumerate(world.roads) if road.plan.id == staged.road)
                edge = world.roads[number].half_m + KERB_M
                ends = (-edge, edge) if staged.from_left else (edge, -edge)
                return Walk(number, staged.at_m, *ends, staged.speed_m_s, staged.pause_s)
            case script.Queue():
                lane = world.lanes[staged.lane]
                low, high = lane.edges_m
                barrier = Barrier(lane.road, lane.sign, staged.at_m, low, high)
                return Block(barrier, begins_s + staged.seconds)
            case script.Crash():
                lane = world.lanes[staged.lane]
                speed = self._usual(staged.lane, "car")
                first, second = (world.new_vehicle(cls, lane, speed) for cls in (staged.vehicle, staged.follower))
                return Collide(lane, first, second, staged.at_m, staged.seconds, next(self._crashes))
            case script.LostLoad():
                lane = world.lanes[staged.lane]
                return Lie(lane.road, staged.at_m, lane.middle_m, staged.size_m, begins_s + staged.seconds)
        raise TypeError(f"nothing is known of {type(staged).__name__}")

    def _stop(self, staged: _Stops, begins_s: float, cls: script.VehicleClass, aside: bool) -> Stop:
        lane = self.world.lanes[staged.lane]
        strip = strip_beside(self.world, lane) if aside else None
        user = self.world.new_vehicle(cls, lane)
        across = None if strip is None else strip.middle_m
        return Stop(lane, user, staged.at_m, begins_s, staged.seconds, across, hazard=cls != "bus")

    def _wrong_way(self, staged: script.WrongWay, begins_s: float) -> Pass:
        lane, speed = self.world.lanes[staged.lane], staged.speed_kmh / 3.6
        across_m = lane.sign * staged.beside_m
        user = self.world.new_vehicle(staged.vehicle, lane, speed, against=True, across_m=across_m)
        user.bold = user.fixed = True
        enters_s = begins_s - self._way_s(staged.lane, staged.at_m, speed, against=True)
        return Pass(lane, user, enters_s, closes=not _filters(staged))


def _filters(staged: script.WrongWay) -> bool:
    """A two-wheeler against the flow keeps to the edge, and the traffic goes on."""
    return MANNERS[staged.vehicle].filters


class _Crossers:
    """People who cross where they may: on zebras, with a signal while the traffic has red."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._roads = {road.plan.id: (number, road) for number, road in enumerate(world.roads)}

    def begin(self, now_s: float) -> list[Walk]:
        begun = []
        for crossing in self._world.plan.crossings:
            if crossing.people_per_h > 0 and self._may_walk(crossing, now_s):
                share = crossing.people_per_h / 3600 * self._world.dt_s
                if self._world.staging.random() < share:
                    begun.append(self._walk(crossing))
                    begun[-1].begin(self._world)
        return begun

    def _may_walk(self, crossing: Crossing, now_s: float) -> bool:
        return crossing.signal is None or self._world.signals[crossing.signal] == "red"

    def _walk(self, crossing: Crossing) -> Walk:
        number, road = self._roads[crossing.road]
        random, edge = self._world.staging, road.half_m + KERB_M
        right = random.random() < 0.5  # each way has its half of the zebra
        s = crossing.at_m + random.uniform(0.1, 0.35) * crossing.width_m * (1 if right else -1)
        ends = (-edge, edge) if right else (edge, -edge)
        return Walk(number, s, *ends, float(random.normal(1.35, 0.15)))
