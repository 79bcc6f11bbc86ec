"""What years leave on a road: patches of other asphalt, cracks, manholes, and the joints of a sidewalk's slabs."""

import numpy as np

from edge_agent.simulation.picture.easel import Easel
from edge_agent.simulation.picture.solids import Colour
from edge_agent.simulation.world.road import Road

PATCHES: tuple[Colour, ...] = ((86, 87, 88), (92, 93, 94), (120, 120, 119))
CRACK: Colour = (74, 74, 74)
IRON: Colour = (66, 68, 70)
JOINT: Colour = (124, 137, 152)
EVERY_M = {True: 8.0, False: 16.0}  # something is worn out; in towns more often
SLAB_M = 1.5
NEAR_M = 45.0  # joints farther away are finer than the picture
ROUGH = 70.0


def wear(easel: Easel, road: Road, rng: np.random.Generator) -> None:
    """Paint it on the asphalt and the sidewalks, under the marks."""
    town = any(strip.plan.kind == "sidewalk" for strip in road.strips)
    for s in np.arange(0.0, road.length_m, EVERY_M[town]):
        place, d = s + float(rng.uniform(0, EVERY_M[town])), float(rng.uniform(-0.85, 0.85)) * road.half_m
        match int(rng.integers(4)):
            case 0 | 1:
                _patch(easel, road, place, d, rng)
            case 2:
                _crack(easel, road, place, rng)
            case _ if town:
                turn = np.arange(14) * 2 * np.pi / 14
                easel.ground(road.at(place + 0.33 * np.cos(turn), d + 0.33 * np.sin(turn))[0], IRON, 30)
    _joints(easel, road)


def _patch(easel: Easel, road: Road, s: float, d: float, rng: np.random.Generator) -> None:
    long, wide = float(rng.uniform(1.0, 7.0)), float(rng.uniform(0.7, 1.8))
    low, high = max(d - wide / 2, -road.half_m), min(d + wide / 2, road.half_m)
    easel.ground(road.band(low, high, s, s + long), PATCHES[rng.integers(len(PATCHES))], ROUGH)


def _crack(easel: Easel, road: Road, s: float, rng: np.random.Generator) -> None:
    """Across one or more lanes, on a crooked way."""
    d = np.arange(-road.half_m, float(rng.uniform(-0.2, 1.0)) * road.half_m, 0.45)
    along = s + np.cumsum(rng.normal(0, 0.13, len(d)))
    there, back = road.at(along, d)[0], road.at(along + 0.06, d)[0]
    if len(d) > 2:
        easel.ground(np.vstack([there, back[::-1]]), CRACK, ROUGH)


def _joints(easel: Easel, road: Road) -> None:
    for strip in (strip for strip in road.strips if strip.plan.kind == "sidewalk"):
        for s in np.arange(0.0, road.length_m, SLAB_M):
            joint = road.band(strip.from_m, strip.to_m, s, s + 0.05)
            if np.hypot(*(joint.mean(axis=0) - easel.mast.centre[:2])) < NEAR_M:
                easel.ground(joint, JOINT, 60)
