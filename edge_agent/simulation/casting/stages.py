"""What a script may be made of, each where a road and its mast have a place for it: incidents, and what only looks like one.

A stage answers with one staged thing at its earliest second, or None where there is no place for it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.random import Generator

from edge_agent.simulation import script
from edge_agent.simulation.casting.sites import between
from edge_agent.simulation.mast import Mast, mast_of
from edge_agent.simulation.plan import Simulation, StripKind, VehicleClass
from edge_agent.simulation.truth.scenery import scene_of, too_small_m
from edge_agent.simulation.world.road import Beside, Lane, Road, build_roads

MARGIN = 0.1  # of the picture: nothing is staged nearer to its edges
NEAR_ENOUGH = 0.85  # of how far lanes are drawn
ENDS_M = 4.0  # nothing is staged so near to the ends of what is seen
STEP_M = 1.0
ZEBRA_M = 8.0  # who crosses so far from the middle of a zebra does not cross on it
LEAVES_S = 10.0  # until who has stood is out of the picture
DISSOLVES_S = 30.0
CRASH_KMH = 55.0
FASTEST_KMH = 160.0
Trouble = Literal["moved", "covered", "blurred", "frozen", "black", "overexposed"]
TROUBLES: dict[Trouble, tuple[float, float]] = {  # how much of it
    "moved": (0.25, 0.6), "covered": (0.7, 1.0), "blurred": (0.7, 1.0), "frozen": (1.0, 1.0), "black": (0.95, 1.0),
    "overexposed": (0.8, 1.0),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Place:
    """A lane that the scene draws, and where on it something is plainly seen: (from, to) in its road's s."""

    lane: Lane
    road: Road
    seen_m: tuple[float, float]
    waits: bool  # for a signal
    strip: Beside | None  # to the right of the lane, as its drivers see it


@dataclass(frozen=True, slots=True)
class View:
    places: tuple[Place, ...]
    zebras_m: dict[str, tuple[float, ...]]  # of each road


@dataclass(frozen=True, slots=True)
class Scripted:
    """One staged thing, and how many seconds the road is busy with it."""

    staged: script.Staged
    lasts_s: float


Stage = Callable[[Generator, View], Scripted | None]


def view_of(plan: Simulation) -> View:
    drawn, mast = {lane.id: lane for lane in scene_of(plan).lanes}, mast_of(plan.camera)
    places = []
    for road in build_roads(plan.roads):
        for lane in road.lanes:
            seen_m = _plainly_seen(mast, road, lane) if lane.id in drawn else None
            if seen_m is not None:
                places.append(Place(lane, road, seen_m, drawn[lane.id].signalised, _strip_beside(road, lane)))
    zebras = {road.id: tuple(zebra.at_m for zebra in plan.crossings if zebra.road == road.id) for road in plan.roads}
    return View(tuple(places), zebras)


def stopped_vehicle(random: Generator, view: View) -> Scripted | None:
    place = _any(random, [place for place in view.places if not place.waits])
    if place is None:
        return None
    seconds = between(random, 25, 45)
    vehicle = _vehicle(random, car=6, truck=1, bus=1, motorcycle=2)
    staged = script.StoppedVehicle(at_s=0, lane=place.lane.id, at_m=_at(random, place), seconds=seconds, vehicle=vehicle)
    return Scripted(staged, seconds + LEAVES_S)


def wrong_way(random: Generator, view: View) -> Scripted | None:
    """A car in the middle of the lane, or a motorcycle at its edge."""
    place = _any(random, list(view.places))
    if place is None:
        return None
    vehicle, speed = _vehicle(random, car=6, motorcycle=4), min(60.0, place.lane.plan.speed_kmh) * between(random, 0.7, 1.0, 2)
    beside_m = round(place.lane.plan.width_m / 2 - 0.8, 2) if vehicle == "motorcycle" else 0.0
    staged = script.WrongWay(at_s=6, lane=place.lane.id, at_m=_at(random, place), speed_kmh=round(speed, 1), vehicle=vehicle,
                             beside_m=beside_m)  # fmt: skip
    return Scripted(staged, 6 + LEAVES_S)


def pedestrian(random: Generator, view: View) -> Scripted | None:
    place = _any(random, list(view.places))
    if place is None:
        return None
    road, at_m = place.road.plan.id, _at(random, place)
    if any(abs(at_m - zebra_m) < ZEBRA_M for zebra_m in view.zebras_m[road]):
        return None
    speed, pause_s = between(random, 1.0, 1.6, 2), between(random, 0, 6)
    staged = script.Pedestrian(at_s=0, road=road, at_m=at_m, speed_m_s=speed, pause_s=pause_s,
                               from_left=bool(random.random() < 0.5))  # fmt: skip
    return Scripted(staged, (2 * place.road.half_m + 2) / speed + pause_s)


def queue(random: Generator, view: View) -> Scripted | None:
    """Blocked where the lane leaves the picture's plain part, so that the queue is seen."""
    place = _any(random, [place for place in view.places if not place.waits and place.lane.plan.flow_per_h.get("car", 0) > 0])
    if place is None:
        return None
    low, high = place.seen_m
    share, seconds = between(random, 0.75, 0.95, 2), between(random, 75, 95)
    at_m = low + (high - low) * (share if place.lane.sign > 0 else 1 - share)
    return Scripted(script.Queue(at_s=0, lane=place.lane.id, at_m=round(at_m, 1), seconds=seconds), seconds + DISSOLVES_S / 2)


def crash(random: Generator, view: View) -> Scripted | None:
    """Where they drive fast: who is slow stops in time."""
    place = _any(random, [place for place in view.places if not place.waits and place.lane.plan.speed_kmh >= CRASH_KMH])
    if place is None:
        return None
    seconds = between(random, 30, 60)
    staged = script.Crash(at_s=0, lane=place.lane.id, at_m=_at(random, place), seconds=seconds)
    return Scripted(staged, seconds + LEAVES_S)


def lost_load(random: Generator, view: View) -> Scripted | None:
    place = _any(random, list(view.places))
    if place is None:
        return None
    seconds, size_m = between(random, 40, 70), between(random, 0.7, 1.4)
    staged = script.LostLoad(at_s=0, lane=place.lane.id, at_m=_at(random, place), seconds=seconds, size_m=size_m)
    return Scripted(staged, seconds)


def illegal_parking(random: Generator, view: View) -> Scripted | None:
    place = _any(random, [place for place in view.places if place.strip is not None and place.strip.plan.no_stop])
    if place is None:
        return None
    seconds = between(random, 72, 85)
    staged = script.IllegalParking(at_s=0, lane=place.lane.id, at_m=_at(random, place), seconds=seconds)
    return Scripted(staged, seconds + LEAVES_S)


def camera_trouble(random: Generator, view: View) -> Scripted | None:
    trouble = list(TROUBLES)[int(random.integers(len(TROUBLES)))]
    seconds, amount = between(random, 30, 50), between(random, *TROUBLES[trouble], 2)
    return Scripted(script.CameraTrouble(at_s=0, trouble=trouble, seconds=seconds, amount=amount), seconds)


def breakdown(random: Generator, view: View) -> Scripted | None:
    place = _beside(random, view, "shoulder")
    if place is None:
        return None
    seconds, vehicle = between(random, 25, 60), _vehicle(random, car=3, truck=1, motorcycle=1)
    staged = script.Breakdown(at_s=0, lane=place.lane.id, at_m=_at(random, place), seconds=seconds, vehicle=vehicle)
    return Scripted(staged, seconds + LEAVES_S)


def bus_stop(random: Generator, view: View) -> Scripted | None:
    place = _beside(random, view, "bus_bay")
    if place is None:
        return None
    seconds = between(random, 15, 30)
    staged = script.BusStop(at_s=0, lane=place.lane.id, at_m=_at(random, place), seconds=seconds)
    return Scripted(staged, seconds + LEAVES_S)


def cloud(random: Generator, view: View) -> Scripted | None:
    seconds, share = between(random, 12, 25), between(random, 0.25, 0.6, 2)
    return Scripted(script.Cloud(at_s=0, seconds=seconds, share=share), seconds)


def slow_vehicle(random: Generator, view: View) -> Scripted | None:
    place = _any(random, [place for place in view.places if not place.waits])
    if place is None:
        return None
    speed = round(place.lane.plan.speed_kmh * between(random, 0.25, 0.45, 2), 1)
    staged = script.SlowVehicle(at_s=8, lane=place.lane.id, at_m=_at(random, place), speed_kmh=speed)
    return Scripted(staged, 8 + LEAVES_S)


def speeder(random: Generator, view: View) -> Scripted | None:
    place = _any(random, [place for place in view.places if not place.waits and place.lane.plan.speed_limit_kmh])
    if place is None or place.lane.plan.speed_limit_kmh is None:
        return None
    speed = min(FASTEST_KMH, place.lane.plan.speed_limit_kmh["default"] * between(random, 1.2, 1.4, 2))
    vehicle = _vehicle(random, car=6, motorcycle=3)
    staged = script.Speeder(at_s=4, lane=place.lane.id, at_m=_at(random, place), speed_kmh=round(speed, 1), vehicle=vehicle)
    return Scripted(staged, 4 + LEAVES_S)


def shaken(random: Generator, view: View) -> Scripted | None:
    seconds, amount = between(random, 5, 15), between(random, 0.2, 0.6, 2)
    return Scripted(script.CameraTrouble(at_s=0, trouble="shaken", seconds=seconds, amount=amount), seconds)


INCIDENTS: tuple[Stage, ...] = (stopped_vehicle, wrong_way, pedestrian, queue, crash, lost_load, illegal_parking, speeder)
NEGATIVES: tuple[Stage, ...] = (breakdown, bus_stop, cloud, slow_vehicle, shaken)


def _plainly_seen(mast: Mast, road: Road, lane: Lane) -> tuple[float, float] | None:
    s = np.arange(0.0, road.length_m, STEP_M)
    metres, _ = road.at(s, np.full(len(s), lane.middle_m))
    pixels, depth = mast.project(np.column_stack([metres, np.zeros(len(s))]))
    image = pixels / mast.size_px
    inside = np.all((image > MARGIN) & (image < 1 - MARGIN), axis=1) & (depth > 1) & (depth < NEAR_ENOUGH * too_small_m(mast))
    found = s[inside]
    return (float(found[0]) + ENDS_M, float(found[-1]) - ENDS_M) if len(found) > 3 * ENDS_M else None


def _strip_beside(road: Road, lane: Lane) -> Beside | None:
    edge = road.half_m * lane.sign
    if abs(lane.middle_m + lane.sign * lane.plan.width_m / 2 - edge) > 1e-6:
        return None  # another lane lies between
    return next((strip for strip in road.strips if abs((strip.from_m if edge > 0 else strip.to_m) - edge) < 1e-6), None)


def _any(random: Generator, places: list[Place]) -> Place | None:
    return places[int(random.integers(len(places)))] if places else None


def _beside(random: Generator, view: View, kind: StripKind) -> Place | None:
    return _any(random, [place for place in view.places if place.strip is not None and place.strip.plan.kind == kind])


def _at(random: Generator, place: Place) -> float:
    return between(random, *place.seen_m)


def _vehicle(random: Generator, **weights: float) -> VehicleClass:
    shares = np.array(list(weights.values())) / sum(weights.values())
    chosen: VehicleClass = list(weights)[int(random.choice(len(shares), p=shares))]  # type: ignore[assignment]
    return chosen
