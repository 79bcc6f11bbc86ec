"""Who is beside the carriageway and no concern of its traffic: parked cars, and people on the sidewalks."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge_agent.simulation.bodies import SIZE_M, Body
from edge_agent.simulation.world.road import Road, free_stretches

Array = NDArray[np.float64]
PLACE_M = 6.5  # of a parked car
PEOPLE_PER_M = 0.03
FIRST_ID = 1_000_000
ROUNDS = 50  # somebody who walks round after round gets a new id so many times, then his first again


@dataclass(frozen=True, slots=True)
class _Walkers:
    """The people on the sidewalks of one road, as arrays. A speed < 0 goes against the road's line."""

    road: Road
    from_m: Array
    length_m: Array  # each walks a stretch from from_m on, so long
    start_m: Array
    speed_m_s: Array
    across_m: Array
    look: NDArray[np.int64]
    first_id: int


class Roadside:
    def __init__(self, roads: tuple[Road, ...], random: np.random.Generator) -> None:
        self._parked = tuple(_parked(roads, random))
        self._walkers = [_walkers(roads, number, random) for number in range(len(roads))]

    def bodies(self, t_s: float) -> list[Body]:
        return [*self._parked, *(body for walkers in self._walkers for body in _walking(walkers, t_s))]


def _parked(roads: tuple[Road, ...], random: np.random.Generator) -> list[Body]:
    bodies: list[Body] = []
    length, width, height = SIZE_M["car"]
    for road in roads:
        for strip in road.strips:
            if strip.plan.kind != "parking":
                continue
            places = [s for a, b in free_stretches(road, strip.middle_m, roads) for s in np.arange(a, b - PLACE_M, PLACE_M)]
            for s in places:
                taken, jitter, look = random.random() < strip.plan.occupied, random.normal(0, 0.15, 2), random.integers(1 << 30)
                if not taken:
                    continue
                at = np.array([s + PLACE_M / 2 + jitter[0]]), np.array([strip.middle_m + jitter[1]])
                place, heading = road.at(*at)
                facing = float(heading[0]) if strip.middle_m > 0 else float(heading[0]) + np.pi
                x, y = place[0].tolist()
                bodies.append(Body(FIRST_ID + len(bodies), "car", x, y, facing, 0.0, length, width, height, int(look)))
    return bodies


def _walkers(roads: tuple[Road, ...], number: int, random: np.random.Generator) -> _Walkers:
    road, people, looks = roads[number], list[tuple[float, ...]](), list[int]()
    for strip in road.strips:
        if strip.plan.kind != "sidewalk":
            continue
        for low, high in free_stretches(road, strip.middle_m, roads):
            for _ in range(int(random.poisson(PEOPLE_PER_M * (high - low)))):
                speed = random.normal(1.25, 0.15) * random.choice([-1, 1])
                across = random.uniform(strip.from_m + 0.5, max(strip.from_m + 0.6, strip.to_m - 0.5))
                people.append((low, high - low, random.uniform(0, high - low), speed, across))
                looks.append(int(random.integers(1 << 30)))
    from_m, length_m, start_m, speed, across_m = np.array(people, float).reshape(-1, 5).T
    first_id = FIRST_ID + 100_000 * (number + 1)
    return _Walkers(road, from_m, length_m, start_m, speed, across_m, np.array(looks, np.int64), first_id)


def _walking(walkers: _Walkers, t_s: float) -> list[Body]:
    """Straight along the strip; at its end somebody else begins at the other."""
    rounds, s = np.divmod(walkers.start_m + walkers.speed_m_s * t_s, walkers.length_m)
    places, headings = walkers.road.at(walkers.from_m + s, walkers.across_m)
    headings = headings + np.where(walkers.speed_m_s < 0, np.pi, 0.0)
    ids = walkers.first_id + np.arange(len(s)) * ROUNDS + rounds.astype(np.int64) % ROUNDS
    looks = walkers.look + rounds.astype(np.int64)
    length, width, height = SIZE_M["person"]
    return [
        Body(number, "person", x, y, heading, abs(speed), length, width, height, look)
        for number, (x, y), heading, speed, look in zip(
            ids.tolist(), places.tolist(), headings.tolist(), walkers.speed_m_s.tolist(), looks.tolist(), strict=True
        )
    ]
