"""A road seen by a pinhole camera on a mast: what a perfect or a noisy detector would say of road users that are told to it."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from math import cos, radians, sin
from typing import Any

import msgspec
import numpy as np

from edge_agent.core.pipeline import Pipeline
from edge_agent.core.scene_format import SceneFile, parse_scene
from edge_agent.core.types import COCO_OF_CLASS, NO_DETECTIONS, Detections, IncidentReport, TrafficMinute

WIDTH_PX, HEIGHT_PX = 640, 360
FOCAL_PX, MAST_M, TILT_DEG = 700.0, 7.0, 12.0
SIZE_M = {"car": (1.8, 1.5), "truck": (2.5, 3.2), "bus": (2.5, 3.0), "motorcycle": (0.8, 1.7), "bicycle": (0.6, 1.7),
          "person": (0.6, 1.7)}  # fmt: skip
LANE_M = 3.5


def image_of(x_m: float, y_m: float, z_m: float = 0.0) -> tuple[float, float]:
    """Road metres (x to the right, y away from the mast, z up) -> normalised image point."""
    tilt = radians(TILT_DEG)
    depth = y_m * cos(tilt) + (MAST_M - z_m) * sin(tilt)
    down = (MAST_M - z_m) * cos(tilt) - y_m * sin(tilt)
    return 0.5 + FOCAL_PX * x_m / depth / WIDTH_PX, 0.5 + FOCAL_PX * down / depth / HEIGHT_PX


@dataclass(frozen=True)
class Someone:
    """A road user: where it is at a time, in metres; None while it is not there."""

    cls: str
    at: Callable[[float], tuple[float, float] | None]
    score: float = 0.8


def driving(
    cls: str, x_m: float, y_m: float, kmh: float, start_s: float = 0.0, reach_m: tuple[float, float] = (12, 90)
) -> Someone:
    """Along the road at constant speed; kmh < 0 comes towards the camera."""

    def at(t_s: float) -> tuple[float, float] | None:
        y = y_m + kmh / 3.6 * (t_s - start_s)
        return (x_m, y) if t_s >= start_s and reach_m[0] <= y <= reach_m[1] else None

    return Someone(cls, at)


def standing(cls: str, x_m: float, y_m: float, from_s: float = 0.0, to_s: float = 1e9) -> Someone:
    return Someone(cls, lambda t_s: (x_m, y_m) if from_s <= t_s <= to_s else None)


def scene(
    lane_count: int = 1, *, calibrated: bool = True, near_m: float = 14.2, far_m: float = 100, **changes: Any
) -> SceneFile:
    """Lanes "1".. beside one another, driving away from the camera; lane 1 is around x = 0."""

    def lane(number: int) -> dict[str, Any]:
        middle = LANE_M * (number - 1)
        corners = [(middle + side * LANE_M / 2, y) for side, y in ((-1, near_m), (1, near_m), (1, far_m), (-1, far_m))]
        return {
            "id": str(number), "polygon": [clipped(image_of(*corner)) for corner in corners],
            "centreline": [clipped(image_of(middle, near_m)), clipped(image_of(middle, far_m))],
        }  # fmt: skip

    document: dict[str, Any] = {
        "camera": "test", "ref_resolution": [WIDTH_PX, HEIGHT_PX], "lanes": [lane(number + 1) for number in range(lane_count)]
    }  # fmt: skip
    if calibrated:
        pairs = [(x, y) for x in (-4.0, 0.0, 4.0) for y in (14.0, 25.0, 45.0, 80.0)]
        document["calibration"] = {"pairs": [{"image": list(clipped(image_of(*pair))), "road_m": pair} for pair in pairs]}
    return parse_scene(msgspec.json.encode({**document, **changes}))


def clipped(point: tuple[float, float]) -> tuple[float, float]:
    return min(1.0, max(0.0, point[0])), min(1.0, max(0.0, point[1]))


def detections(
    users: Iterable[Someone], t_s: float, random: np.random.Generator | None = None, seen: float = 1.0
) -> Detections:
    """Boxes of one frame; with `random` they jitter by 3 % of their height and are missed with probability 1 - seen."""
    rows = []
    for user in users:
        place = user.at(t_s)
        if place is None or (random is not None and random.random() >= seen):
            continue
        wide_m, tall_m = SIZE_M[user.cls]
        left, bottom = image_of(place[0] - wide_m / 2, place[1])
        right, _ = image_of(place[0] + wide_m / 2, place[1])
        _, top = image_of(place[0], place[1], tall_m)
        box = np.array([left, top, right, bottom])
        if random is not None:
            box += random.normal(0.0, 0.03 * (bottom - top), 4) * [HEIGHT_PX / WIDTH_PX, 1, HEIGHT_PX / WIDTH_PX, 1]
        rows.append((box, user.score, COCO_OF_CLASS[user.cls]))
    if not rows:
        return NO_DETECTIONS
    return Detections(
        np.array([row[0] for row in rows], np.float32),
        np.array([row[1] for row in rows], np.float32),
        np.array([row[2] for row in rows], np.int32),
    )


Said = list[IncidentReport | TrafficMinute]


def play(
    file: SceneFile, users: list[Someone], seconds: float, *, fps: float = 10, seed: int | None = None, seen: float = 1.0
) -> Iterator[tuple[float, Pipeline, Said]]:
    """The pipeline over these road users, frame by frame; noisy with a seed."""
    pipeline = Pipeline(file)
    random = None if seed is None else np.random.default_rng(seed)
    for index in range(round(seconds * fps)):
        yield index / fps, pipeline, pipeline.update(index / fps, detections(users, index / fps, random, seen))


def incidents(file: SceneFile, users: list[Someone], seconds: float, **how: Any) -> list[IncidentReport]:
    """Every report of the incidents in that time."""
    return [one for _, _, said in play(file, users, seconds, **how) for one in said if isinstance(one, IncidentReport)]


def begun(reports: list[IncidentReport]) -> list[str]:
    return [report.kind for report in reports if report.phase == "new"]
