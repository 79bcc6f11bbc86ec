"""Who is beside the carriageway and no concern of its traffic: parked cars, and people on the sidewalks."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from math import pi

import numpy as np

from edge_agent.simulation import script
from edge_agent.simulation.bodies import SIZE_M, Body
from edge_agent.simulation.plan import Simulation
from edge_agent.simulation.world.road import Road, free_stretches

PLACE_M = 6.5  # of a parked car
WALKS_M, STOPS_M = 1.5, 30.0  # kept free around somebody who crosses, and around a vehicle that stops aside
PEOPLE_PER_M = 0.03
FIRST_ID = 1_000_000
ROUNDS = 50  # somebody who walks round after round gets a new id so many times, then his first again


@dataclass(frozen=True, slots=True)
class _Walker:
    """Walks a stretch of a sidewalk from `from_m` on; a speed < 0 goes against the road's line."""

    road: Road
    from_m: float
    length_m: float
    start_m: float
    speed_m_s: float
    across_m: float
    look: int
    first_id: int

    def at(self, t_s: float) -> Body:
        """Straight along the strip; at its end somebody else begins at the other."""
        round_number, s = divmod(self.start_m + self.speed_m_s * t_s, self.length_m)
        x, y, heading = self.road.place(self.from_m + s, self.across_m)
        speed, rounds = self.speed_m_s, int(round_number)
        if speed < 0:
            speed, heading = -speed, heading + pi
        return Body(self.first_id + rounds % ROUNDS, "person", x, y, heading, speed, *SIZE_M["person"], self.look + rounds)


class Roadside:
    def __init__(self, plan: Simulation, roads: tuple[Road, ...], random: np.random.Generator) -> None:
        self._parked = tuple(_parked(roads, _kept_free(plan, roads), random))
        self._walkers = [walker for number in range(len(roads)) for walker in _walkers(roads, number, random)]

    def bodies(self, t_s: float) -> list[Body]:
        return [*self._parked, *[walker.at(t_s) for walker in self._walkers]]


def _kept_free(plan: Simulation, roads: tuple[Road, ...]) -> list[tuple[int, float, float]]:
    """Road, from and to in s: nobody parks where people cross, or where the script wants the strip."""
    number = {road.plan.id: index for index, road in enumerate(roads)}
    road_of = {lane.id: lane.road for road in roads for lane in road.lanes}
    spans = [(number[one.road], one.at_m, one.width_m / 2 + WALKS_M) for one in plan.crossings]
    for staged in plan.script:
        match staged:
            case script.Pedestrian():
                spans.append((number[staged.road], staged.at_m, WALKS_M))
            case script.Breakdown() | script.IllegalParking() | script.BusStop():
                spans.append((road_of[staged.lane], staged.at_m, STOPS_M))
    return [(road, at_m - half_m, at_m + half_m) for road, at_m, half_m in spans]


def _parked(
    roads: tuple[Road, ...], kept_free: list[tuple[int, float, float]], random: np.random.Generator
) -> list[Body]:
    bodies: list[Body] = []
    length, width, height = SIZE_M["car"]
    for number, road in enumerate(roads):
        for strip in road.strips:
            if strip.plan.kind != "parking":
                continue
            places = [s for a, b in free_stretches(road, strip.middle_m, roads) for s in np.arange(a, b - PLACE_M, PLACE_M)]
            for s in places:
                taken, jitter, look = random.random() < strip.plan.occupied, random.normal(0, 0.15, 2), random.integers(1 << 30)
                if not taken or any(on == number and s < to_m and from_m < s + PLACE_M for on, from_m, to_m in kept_free):
                    continue
                at = np.array([s + PLACE_M / 2 + jitter[0]]), np.array([strip.middle_m + jitter[1]])
                place, heading = road.at(*at)
                facing = float(heading[0]) if strip.middle_m > 0 else float(heading[0]) + np.pi
                x, y = place[0].tolist()
                bodies.append(Body(FIRST_ID + len(bodies), "car", x, y, facing, 0.0, length, width, height, int(look)))
    return bodies


def _walkers(roads: tuple[Road, ...], number: int, random: np.random.Generator) -> Iterator[_Walker]:
    road, ids = roads[number], count(FIRST_ID + 100_000 * (number + 1), ROUNDS)
    for strip in road.strips:
        if strip.plan.kind != "sidewalk":
            continue
        for low, high in free_stretches(road, strip.middle_m, roads):
            for _ in range(int(random.poisson(PEOPLE_PER_M * (high - low)))):
                speed = float(random.normal(1.25, 0.15) * random.choice([-1, 1]))
                across = random.uniform(strip.from_m + 0.5, max(strip.from_m + 0.6, strip.to_m - 0.5))
                start = random.uniform(0, high - low)
                yield _Walker(road, low, high - low, start, speed, across, int(random.integers(1 << 30)), next(ids))
