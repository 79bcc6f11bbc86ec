"""Where roads cross: who is on the one stands in the way of the other, and nobody drives in who cannot leave again."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, inf, sin

import numpy as np

from edge_agent.simulation.plan import Approach
from edge_agent.simulation.world.following import Barrier
from edge_agent.simulation.world.road import Road
from edge_agent.simulation.world.user import RoadUser

FAR_M = 40.0  # whoever is slow further behind a junction is of no concern
SLOW_M_S = 4.0
GAP_M = 2.5  # between two who queue
ROOM_M = 7.0  # that one more needs
NEAR_M = 4.0  # around the other road's lanes


@dataclass(frozen=True, slots=True)
class Junction:
    """From `from_s` to `to_s` the road crosses the road `other`, which crosses it from `other_from_s` to `other_to_s`."""

    road: int
    from_s: float
    to_s: float
    other: int
    other_from_s: float
    other_to_s: float


def junctions(roads: Sequence[Road]) -> tuple[Junction, ...]:
    """Of every road with every other that it crosses."""
    found = []
    for number, road in enumerate(roads):
        for index, other in enumerate(roads):
            mine, its = _stretch(road, other), _stretch(other, road)
            if number != index and mine and its:
                found.append(Junction(number, *mine, index, *its))
    return tuple(found)


def _stretch(road: Road, other: Road) -> tuple[float, float] | None:
    """From where to where the road's lanes lie on the other's."""
    s = np.arange(0.0, road.length_m, 0.5)
    edges = [other.covers(road.at(s, np.full(len(s), d))[0]) for d in (-road.half_m, 0.0, road.half_m)]
    on = s[np.logical_or.reduce(edges)]
    return (float(on[0]), float(on[-1])) if len(on) else None


def in_the_way(junction: Junction, roads: Sequence[Road], others: Sequence[RoadUser]) -> list[RoadUser]:
    """Those of the other road who are in the junction, as things that stand on this one."""
    road, other = roads[junction.road], roads[junction.other]
    low, high = junction.other_from_s - NEAR_M, junction.other_to_s + NEAR_M
    there = []
    for user in others:
        if low < user.s < high:
            x, y, heading = other.place(user.s, user.d)
            s, d, along = road.beside(x, y)
            turned = abs(cos(heading - along)), abs(sin(heading - along))
            length = 2 * (turned[0] * user.half_s + turned[1] * user.half_d)
            width = 2 * (turned[0] * user.half_d + turned[1] * user.half_s)
            there.append(RoadUser(
                user.id, "object", junction.road, 0, s, d, 0.0, length, width, user.height, user.look, guided=True,
            ))  # fmt: skip
    return there


def kept_free(junction: Junction, road: Road, users: Sequence[RoadUser]) -> list[Barrier]:
    """For each lane that nobody can leave the junction by: nobody passes its stop line."""
    return [
        Barrier(lane.road, lane.sign, approach.stop_m, *lane.edges_m)
        for approach in road.approaches
        for lane in road.lanes
        if lane.plan.against == approach.against and _blocked(junction, approach, lane.edges_m, lane.sign, users)
    ]


def _blocked(
    junction: Junction, approach: Approach, edges_m: tuple[float, float], sign: int, users: Sequence[RoadUser]
) -> bool:
    """Whether the lane is full behind the junction, which lies behind this stop line: those who are in it already need the
    room before whoever is slow there."""
    begins, ends = (junction.from_s, junction.to_s) if sign > 0 else (junction.to_s, junction.from_s)
    if (begins - approach.stop_m) * sign < 0:
        return False
    mine = [user for user in users if user.sign == sign and edges_m[0] < user.d < edges_m[1]]
    slow_m = [
        (user.s - ends) * sign - user.half_s for user in mine if user.v < SLOW_M_S and (user.s - begins) * sign > 0
    ]
    tail_m = min(slow_m, default=inf)
    if tail_m > FAR_M:
        return False
    before = [
        user.length + GAP_M for user in mine
        if (user.s - approach.stop_m) * sign > 0 and (user.s - ends) * sign - user.half_s < tail_m
    ]  # fmt: skip
    return tail_m - sum(before) < ROOM_M
