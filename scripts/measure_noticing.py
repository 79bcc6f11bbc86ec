#!/usr/bin/env python3
"""How the check for static foreground sees lost loads on the simulated roads: what edge_agent/simulation/noticing.py holds.

    python scripts/measure_noticing.py --seed N --scenes N [--light night] [--out rows.csv]

Each scene is painted for a minute; two loads fall on its lanes.
"""

import argparse
import sys
from collections.abc import Iterator
from math import dist
from pathlib import Path

import numpy as np
from msgspec.structs import replace

from edge_agent.core import geometry
from edge_agent.core.scene_building import build_scene
from edge_agent.core.types import Thing
from edge_agent.image_checks.check import EVERY_S, PictureCheck
from edge_agent.simulation.casting.cast import cast
from edge_agent.simulation.casting.stages import lost_load, view_of
from edge_agent.simulation.film import Film
from edge_agent.simulation.plan import Simulation
from edge_agent.simulation.script import LostLoad
from edge_agent.simulation.truth.scenery import scene_of
from edge_agent.simulation.truth.sight import Sight
from edge_agent.simulation.truth.witness import Witness
from edge_agent.simulation.world.road import build_roads
from scripts.measure_seeing import LIGHTS

LOADS, FALLS_S, LASTS_S = 2, 12.0, 30.0
APART_PX = 80.0  # of 640; what is nearer to another load may be noticed as one with it
LEAST_IOU = 0.1
STEP_S = 2 * EVERY_S
Looks = list[tuple[float, tuple[float, ...], float, Thing | None]]  # time, true box, its visible share, what was noticed
HEADER = "light,scene,what,size_px,visible,first_s,share,left,top,right,bottom\n"


def main() -> int:
    options = _options()
    rows = [HEADER]
    for number in range(1, options.scenes + 1):
        light = options.light or list(LIGHTS)[number % len(LIGHTS)]
        for row in measure(_plan(options.seed, number, light), light):
            rows.append(f"{light},{number},{row}\n")
            print(rows[-1], end="", flush=True)
    if options.out is not None:
        options.out.write_text("".join(rows), encoding="ascii")
    return 0


def measure(plan: Simulation, light: str) -> Iterator[str]:
    """A row for every load, and one for everything else that was noticed on a lane where nobody stands."""
    film, check = Film(plan), PictureCheck()
    witness = Witness(plan, build_roads(plan.roads))
    lanes = geometry.Polygons([lane.polygon for lane in build_scene(scene_of(plan)).lanes])
    loads: dict[int, Looks] = {}
    others: dict[tuple[float, ...], float] = {}
    step = round(STEP_S * plan.fps)
    for index in range(round(plan.duration_s * plan.fps)):
        if index % step:
            film.skip()
            continue
        picture, snapshot = film.taken()
        at_s, sight = snapshot.t_s, witness.look(snapshot)
        reading = check.look(at_s, picture)
        if reading is None or reading.things is None:
            continue
        things = list(reading.things)
        for body, box, visible in zip(sight.bodies, sight.boxes.tolist(), sight.visible.tolist(), strict=True):
            if body.cls == "object":
                mine = max(things, key=lambda one, box=box: geometry.iou(one.box, box), default=None)  # type: ignore[misc]
                hit = mine if mine is not None and geometry.iou(mine.box, box) >= LEAST_IOU else None
                loads.setdefault(body.id, []).append((at_s, tuple(box), visible, hit))
        for thing in things:
            if lanes.hold(np.array([thing.box.contact])).any() and not _stands_on(thing, sight):
                place = tuple(round(side, 2) for side in thing.box)
                others[place] = others.get(place, 0.0) + STEP_S
    yield from (_load_row(looks, plan) for looks in _apart(list(loads.values())))
    for place, lasted_s in others.items():
        yield f"other,,,{lasted_s:.1f},," + ",".join(map(str, place))


def _apart(loads: list[Looks]) -> list[Looks]:
    """Those with no other one near."""
    middles = [((looks[0][1][0] + looks[0][1][2]) * 320, (looks[0][1][1] + looks[0][1][3]) * 180) for looks in loads]
    return [
        looks
        for looks, mine in zip(loads, middles, strict=True)
        if all(other is mine or dist(mine, other) > APART_PX for other in middles)
    ]


def _load_row(looks: Looks, plan: Simulation) -> str:
    """Size as the root of the area, in pixels of 640; after how long it was noticed; then in which share of the looks; the
    median errors of its edges in such pixels."""
    began_s, (left, top, right, bottom) = looks[0][0], looks[0][1]
    scale = np.array([640.0, 640.0 * plan.camera.size_px[1] / plan.camera.size_px[0]] * 2)
    size_px = float(np.sqrt((right - left) * scale[0] * (bottom - top) * scale[1]))
    visible = float(np.mean([look[2] for look in looks]))
    first = next((index for index, look in enumerate(looks) if look[3] is not None), None)
    if first is None:
        return f"load,{size_px:.1f},{visible:.2f},,0,,,,"
    after = [look[3] for look in looks[first:]]
    errors = [(np.array(look[3].box) - np.array(look[1])) * scale for look in looks[first:] if look[3] is not None]
    share = sum(one is not None for one in after) / len(after)
    edges = ",".join(f"{error:.1f}" for error in np.median(errors, axis=0))
    return f"load,{size_px:.1f},{visible:.2f},{looks[first][0] - began_s:.1f},{share:.2f},{edges}"


def _stands_on(thing: Thing, sight: Sight) -> bool:
    return any(
        geometry.iou(thing.box, tuple(box)) > 0.02 and (body.cls == "object" or body.speed_m_s < 1.0)
        for body, box in zip(sight.bodies, sight.boxes.tolist(), strict=True)
    )


def _plan(seed: int, number: int, light: str) -> Simulation:
    own, weather = LIGHTS[light]
    plan = replace(cast(seed, number, FALLS_S + LASTS_S, camera_faults=False), light=own, weather=weather)
    random, view = np.random.default_rng([seed, number, 3]), view_of(plan)
    loads = [one.staged for one in (lost_load(random, view) for _ in range(LOADS)) if one is not None]
    script = tuple(replace(one, at_s=FALLS_S, seconds=LASTS_S) for one in loads if isinstance(one, LostLoad))
    return replace(plan, script=script)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--scenes", type=int, required=True)
    parser.add_argument("--light", choices=list(LIGHTS), help="only this one; default: one after the other")
    parser.add_argument("--out", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
