"""The staged situations among the golden folders: `python -m tests.golden.staging` writes their scenes and detections."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np

from edge_agent.core.scene_format import SceneFile
from edge_agent.sources.recorded import write_detections
from tests.golden.replaying import FOLDER, FPS
from tests.roads import HEIGHT_PX, WIDTH_PX, Someone, clipped, detections, driving, image_of, scene, standing

CARRIAGEWAY = [{"id": "w1", "polygon": [clipped(image_of(x, y)) for x, y in ((-2, 15), (5.5, 15), (5.5, 80), (-2, 80))]}]
LINE = [{"id": "c1", "line": [clipped(image_of(-3, 30)), clipped(image_of(6, 30))], "lane": "1"}]


@dataclass(frozen=True)
class Staged:
    scene: SceneFile
    users: list[Someone]
    seconds: float
    seen: float = 0.85


def _passing(n: int, every_s: float, kmh: float = 60, x_m: float = 3.5) -> list[Someone]:
    classes = ("car", "truck", "car", "motorcycle", "bus")
    return [driving(classes[k % 5], x_m, 15, kmh + 7 * (k % 3), start_s=every_s * k) for k in range(n)]


def _crossing(start_s: float) -> Someone:
    return Someone("person", lambda t_s: (-6 + 1.3 * (t_s - start_s), 24.0) if 0 <= t_s - start_s <= 11 else None)


def _queue(to_s: float) -> list[Someone]:
    def car(number: int) -> Someone:
        return Someone("car", lambda t_s: (0.0, 16 + 6.5 * number) if t_s <= to_s else None)

    return [car(number) for number in range(8)]


STAGED: dict[str, Callable[[], Staged]] = {
    "stopped_behind_passing_traffic": lambda: Staged(
        scene(2, count_lines=LINE), [standing("car", 0, 35, 5, 45), *_passing(12, 4)], 55
    ),
    "wrong_way_between_others": lambda: Staged(
        scene(2), [driving("car", 0, 85, -65, start_s=10), *_passing(8, 3)], 25
    ),
    "pedestrian_crosses_twice": lambda: Staged(
        scene(2, carriageway=CARRIAGEWAY), [_crossing(2.0), _crossing(22.0), *_passing(4, 9)], 40
    ),
    "queue_forms_and_dissolves": lambda: Staged(scene(1), [*_queue(70), *_passing(6, 3, x_m=0)[:1]], 110),
    "quiet_traffic_for_two_minutes": lambda: Staged(
        scene(2, count_lines=LINE), [*_passing(24, 5), *_passing(20, 6, 45, 0.0)], 130
    ),
    "uncalibrated_wrong_way_and_stop": lambda: Staged(
        scene(2, calibrated=False), [driving("truck", 3.5, 80, -50, start_s=3), standing("motorcycle", 0, 25, 1, 40)], 45
    ),
}  # fmt: skip


def main() -> int:
    for name, stage in STAGED.items():
        folder, staged = FOLDER / name, stage()
        folder.mkdir(exist_ok=True)
        document: dict[str, Any] = msgspec.to_builtins(staged.scene)
        (folder / "scene.json").write_bytes(msgspec.json.format(msgspec.json.encode(document), indent=1))
        random = np.random.default_rng(len(name))
        frames = (detections(staged.users, index / FPS, random, staged.seen) for index in range(round(staged.seconds * FPS)))
        write_detections(folder / "detections.txt", frames, (WIDTH_PX, HEIGHT_PX))
    return 0


if __name__ == "__main__":
    sys.exit(main())
