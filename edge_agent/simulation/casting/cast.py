"""Plans by chance: a site, its weather and camera, and a script with an incident or two among what only looks like one.

One seed and number give the same plan everywhere.
"""

from typing import Literal

import numpy as np
from msgspec.structs import replace
from numpy.random import Generator

from edge_agent.simulation.casting.sites import approach, between, motorway, rural, street
from edge_agent.simulation.casting.stages import INCIDENTS, NEGATIVES, Scripted, Stage, View, camera_trouble, view_of
from edge_agent.simulation.plan import CameraPlan, LanePlan, Light, Simulation, Weather
from edge_agent.simulation.script import Queue, Staged

SITES = (motorway, rural, street, approach)
OTHER_SKIES: tuple[tuple[Light, Weather], ...] = (("dusk", "clear"), ("night", "clear"), ("day", "rain"), ("day", "fog"))
BY_DAY = 0.7
ONLY_NEGATIVES = 0.25
TWO_INCIDENTS = 0.5
CAMERA_FAILS = 0.2
WINDY = 0.4
FIRST_S, GAP_S, LAST_S = 6.0, 12.0, 4.0  # before the first staged thing, between two, after the last
QUEUE_PER_H = 800.0  # a lane that is blocked fills only when so many come


def cast(
    seed: int, number: int, seconds: float, light: Literal["any", "day"] = "any", camera_faults: bool = True
) -> Simulation:
    """Scene `number` of the suite `seed`. Without `camera_faults` the camera itself never fails."""
    random = np.random.default_rng([seed, number])
    site = SITES[int(random.integers(len(SITES)))](random)
    own, weather = _sky(random)
    if light == "day":
        own, weather = "day", "clear"
    plan = Simulation(
        name=f"{site.kind}-{number:04d}", roads=site.roads, camera=_taken(random, site.camera, own),
        seed=int(random.integers(2**31)), duration_s=seconds, light=own, weather=weather,
        signals=site.signals, crossings=site.crossings, buildings=site.buildings,
    )  # fmt: skip
    chosen = _chosen(random, view_of(plan), seconds, camera_faults)
    return _fed(replace(plan, script=_spread(random, chosen, seconds)))


def _sky(random: Generator) -> tuple[Light, Weather]:
    chance, other = random.random(), int(random.integers(len(OTHER_SKIES)))
    return ("day", "clear") if chance < BY_DAY else OTHER_SKIES[other]


def _taken(random: Generator, camera: CameraPlan, light: Light) -> CameraPlan:
    """With wind, noise and compression; sensors are noisier in the dark."""
    shake_px = between(random, 0.2, 1.2, 2) if random.random() < WINDY else 0.0
    noise = between(random, 1.5, 4.0) * (1.0 if light == "day" else 1.6)
    return replace(camera, shake_px=shake_px, noise=round(noise, 2), jpeg_quality=int(random.integers(60, 91)))


def _chosen(random: Generator, view: View, seconds: float, camera_faults: bool) -> list[Scripted]:
    """What fits into the time: the incidents first, then one or two of what only looks like one."""
    wanted = 0 if random.random() < ONLY_NEGATIVES else 2 if random.random() < TWO_INCIDENTS else 1
    fails = camera_faults and wanted > 0 and random.random() < CAMERA_FAILS
    left_s = seconds - FIRST_S - LAST_S
    stages: list[Stage] = [camera_trouble] if fails else []
    incidents = _fitting(random, view, [*stages, *_shuffled(random, INCIDENTS)], wanted, left_s)
    left_s -= sum(one.lasts_s + GAP_S for one in incidents)
    negatives = _fitting(random, view, _shuffled(random, NEGATIVES), int(random.integers(1, 3)), left_s)
    return incidents + negatives


def _fitting(random: Generator, view: View, stages: list[Stage], wanted: int, left_s: float) -> list[Scripted]:
    """The first `wanted` of the stages that the road has a place for and the time room for."""
    found: list[Scripted] = []
    for stage in stages:
        one = stage(random, view) if len(found) < wanted else None
        if one is not None and one.lasts_s <= left_s:
            found.append(one)
            left_s -= one.lasts_s + GAP_S
    return found


def _shuffled(random: Generator, stages: tuple[Stage, ...]) -> list[Stage]:
    return [stages[index] for index in random.permutation(len(stages))]


def _spread(random: Generator, chosen: list[Scripted], seconds: float) -> tuple[Staged, ...]:
    """One after the other in any order, the time that is left shared out between them by chance."""
    ordered = [chosen[index] for index in random.permutation(len(chosen))]
    busy_s = sum(one.lasts_s + GAP_S for one in ordered)
    pauses = np.sort(random.uniform(0, max(0.0, seconds - FIRST_S - LAST_S + GAP_S - busy_s), len(ordered)))
    placed, begins_s = [], FIRST_S
    for one, pause_s in zip(ordered, pauses.tolist(), strict=True):
        placed.append(replace(one.staged, at_s=round(begins_s + pause_s + one.staged.at_s, 1)))
        begins_s += one.lasts_s + GAP_S
    return tuple(placed)


def _fed(plan: Simulation) -> Simulation:
    """Lanes that are to be blocked carry enough traffic for a queue."""
    blocked = {staged.lane for staged in plan.script if isinstance(staged, Queue)}
    roads = (
        replace(road, lanes=tuple(_busy(lane) if lane.id in blocked else lane for lane in road.lanes)) for road in plan.roads
    )
    return replace(plan, roads=tuple(roads))


def _busy(lane: LanePlan) -> LanePlan:
    share = max(1.0, QUEUE_PER_H / sum(lane.flow_per_h.values()))
    return replace(lane, flow_per_h={cls: round(flow * share, 1) for cls, flow in lane.flow_per_h.items()})
