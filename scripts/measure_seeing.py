#!/usr/bin/env python3
"""What a detector says of the simulated roads, body by body: one file for each detector, for scripts/fit_seeing.py.

    python scripts/measure_seeing.py --model nanodet-g-416 [--model FILE.onnx] [--seed N] [--runs N] --out FOLDER
    python scripts/measure_seeing.py --seeing nanodet-g-416 [--seed N] [--runs N] --out FOLDER     its model, without pictures

The presets in five lights, over seeds, masts and focal lengths. A run is 15 pictures on end and 25 of every third.
"""

import argparse
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from edge_agent.app.detecting import build_detector
from edge_agent.config import DetectorConfig
from edge_agent.core.types import Detections
from edge_agent.simulation import presets
from edge_agent.simulation.eye import SeeingEye
from edge_agent.simulation.picture.lens import Lens
from edge_agent.simulation.picture.painter import Painter
from edge_agent.simulation.plan import Light, Simulation, Weather
from edge_agent.simulation.seeing import condition, fitted
from edge_agent.simulation.truth.sight import Sight
from edge_agent.simulation.truth.witness import Witness
from edge_agent.simulation.world.staging import Play

Array = NDArray[np.float64]
Paint = Callable[[], NDArray[np.uint8]]
Looker = Callable[[float, Sight, Paint], Detections]
LIGHTS: dict[str, tuple[Light, Weather]] = {
    "day": ("day", "clear"),
    "dusk": ("dusk", "clear"),
    "night": ("night", "clear"),
    "rain": ("day", "rain"),
    "fog": ("day", "fog"),
}
ON_END, APART, STEP = 15, 25, 3
LEAST_PX, LEAST_VISIBLE = 8.0, 0.2  # of pictures 640 wide; what is less is no matter whether it is found
SAME = 0.5  # IoU


class Seen(Struct, frozen=True, array_like=True):
    """A body in a picture, found or (score 0) not. `edges`: the found box's error in box heights, pixels over pixels."""

    light: str
    run: int
    frame: int
    body: int
    cls: str
    height_px: float
    visible: float
    score: float
    label: int
    edges: tuple[float, float, float, float]


class Extra(Struct, frozen=True, array_like=True):
    """A box that is no body's own. `body` is the one it lies on, 0 where there is none; `at` the box in that one's box."""

    light: str
    run: int
    frame: int
    box: tuple[float, float, float, float]
    score: float
    label: int
    body: int
    cls: str
    at: tuple[float, float, float, float]


class Measured(Struct, frozen=True):
    name: str
    pictures: dict[str, int]
    seen: list[Seen]
    extra: list[Extra]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", action="append", default=[], help="a known name or an .onnx file")
    parser.add_argument("--seeing", action="append", default=[], help="a detector in seeing.json")
    parser.add_argument("--seed", type=int, default=1000)
    parser.add_argument("--runs", type=int, default=4, help="of each preset in each light")
    parser.add_argument("--out", type=Path, required=True)
    asked = parser.parse_args()
    names = [Path(model).stem for model in asked.model] + [f"{name}.seeing" for name in asked.seeing]
    measured = {name: Measured(name, {}, [], []) for name in names}
    real = [detector_of(model) for model in asked.model]
    for run, (light, plan) in enumerate(plans(asked.seed, asked.runs)):
        lookers = real + [model_of(name, plan) for name in asked.seeing]
        for frame, t_s, sight, paint in pictures(plan):
            for looker, into in zip(lookers, measured.values(), strict=True):
                into.pictures[light] = into.pictures.get(light, 0) + 1
                match(looker(t_s, sight, paint), sight, plan.camera.size_px, (light, run, frame), into)
        print(f"run {run}: {light}, {plan.name}", flush=True)
    asked.out.mkdir(parents=True, exist_ok=True)
    for name, one in measured.items():
        (asked.out / f"{name}.json").write_bytes(msgspec.json.encode(one))
    return 0


def plans(seed: int, runs: int) -> Iterator[tuple[str, Simulation]]:
    random = np.random.default_rng(seed)
    for number in range(runs):
        for name in presets.names():
            for key, (light, weather) in LIGHTS.items():
                plan = presets.load(name)
                camera = replace(
                    plan.camera,
                    height_m=plan.camera.height_m * float(random.uniform(0.85, 1.25)),
                    focal_px=plan.camera.focal_px * float(random.uniform(0.85, 1.3)),
                )
                yield key, replace(
                    plan, seed=seed + 10 * number, camera=camera, light=light, weather=weather,
                    warm_up_s=float(random.uniform(45, 75)),
                )  # fmt: skip


def pictures(plan: Simulation) -> Iterator[tuple[int, float, Sight, Paint]]:
    play, lens = Play(plan), Lens(plan)
    painter, witness = Painter(plan, play.world.roads), Witness(plan, play.world.roads)
    wanted = {*range(ON_END), *range(ON_END, ON_END + APART * STEP, STEP)}
    for frame in range(max(wanted) + 1):
        if frame not in wanted:
            play.skip()
            continue
        snapshot = play.step()
        painted: list[NDArray[np.uint8]] = []

        def paint() -> NDArray[np.uint8]:
            if not painted:  # noqa: B023 (called before the next picture)
                painted.append(lens.apply(painter.paint(snapshot), snapshot.t_s))  # noqa: B023
            return painted[0]  # noqa: B023

        yield frame, snapshot.t_s, witness.look(snapshot), paint


def detector_of(model: str) -> Looker:
    detector = build_detector(DetectorConfig(model=model, threads=2))
    return lambda t_s, sight, paint: detector.detect(paint())


def model_of(name: str, plan: Simulation) -> Looker:
    eye = SeeingEye(fitted().detectors[name][condition(plan.light, plan.weather)], plan.seed, plan.camera.size_px)
    return lambda t_s, sight, paint: eye.see(t_s, sight)


def match(found: Detections, sight: Sight, size_px: tuple[int, int], where: tuple[str, int, int], into: Measured) -> None:
    """Greedy by score, class-agnostic; of the bodies, those that are seen best come first in doubt."""
    size = np.array([*size_px, *size_px], float)
    boxes, truths = found.boxes.astype(float) * size, sight.boxes * size
    overlap = intersections(boxes, truths)
    union = areas(boxes)[:, None] + areas(truths)[None, :] - overlap
    iou = overlap / np.maximum(union, 1e-9)
    tall = truths[:, 3] - truths[:, 1]
    own = dict[int, int]()
    for index in range(len(boxes)):
        free = [number for number in np.flatnonzero(iou[index] >= SAME).tolist() if number not in own]
        if free:
            own[max(free, key=lambda number: iou[index, number])] = index
    for number, body in enumerate(sight.bodies):
        height, visible = tall[number] * 640 / size_px[0], float(sight.visible[number])
        if height < LEAST_PX or visible < LEAST_VISIBLE:
            continue
        index = own.get(number, -1)
        edges = (boxes[index] - truths[number]) / tall[number] if index >= 0 else np.zeros(4)
        score, label = (float(found.scores[index]), int(found.classes[index])) if index >= 0 else (0.0, -1)
        into.seen.append(Seen(*where, body.id, body.cls, float(height), visible, score, label, tuple(edges.round(4).tolist())))
    for index in set(range(len(boxes))) - set(own.values()):
        on = int(iou[index].argmax()) if len(truths) else -1
        lies = on >= 0 and overlap[index, on] >= 0.3 * areas(boxes)[index]
        body = sight.bodies[on] if lies else None
        at = (boxes[index] - truths[on][[0, 1, 0, 1]]) / np.tile(truths[on, 2:] - truths[on, :2], 2) if lies else np.zeros(4)
        into.extra.append(
            Extra(
                *where, tuple((boxes[index] / size).round(4).tolist()), float(found.scores[index]), int(found.classes[index]),
                body.id if body else 0, body.cls if body else "", tuple(at.round(3).tolist()),
            )
        )


def areas(boxes: Array) -> Array:
    return np.asarray((boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1]))


def intersections(boxes: Array, others: Array) -> Array:
    low = np.maximum(boxes[:, None, :2], others[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], others[None, :, 2:])
    return np.asarray(np.prod(np.maximum(high - low, 0.0), axis=2))


if __name__ == "__main__":
    sys.exit(main())
