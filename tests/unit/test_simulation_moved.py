"""A blow turns the camera: boxes are where the picture has them, and the truth stays that of the road."""

import csv
import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from msgspec.structs import replace
from numpy.typing import NDArray

from edge_agent.app.simulate import write_folder
from edge_agent.simulation.film import Film
from edge_agent.simulation.picture.painter import Painter
from edge_agent.simulation.plan import parse_plan
from edge_agent.simulation.world.road import build_roads

Array = NDArray[np.float64]
FRAMES = {"before": 10, "moved": 20, "again": 38}
ROAD = """
name = "road"
fps = 10
duration_s = 4
warm_up_s = 40
weather = "fog"
camera = { height_m = 7, focal_px = 520, tilt_deg = 18, noise = 0, jpeg_quality = 100 }
[[roads]]
id = "road"
points_m = [[0, -20], [0, 200]]
lanes = [{ id = "left" }, { id = "right" }]
"""
BLOW = '[[script]]\nkind = "camera"\ntrouble = "moved"\nat_s = 1.5\nseconds = 1.5\namount = 0.12\n'
TRUCK = '[[script]]\nkind = "slow_vehicle"\nlane = "left"\nat_s = 0\nat_m = 45\nspeed_kmh = 8\n'


@pytest.fixture(scope="module")
def boxes(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Array]:
    """The truck's box in each picture as tracks.csv has it: left, top, right, bottom."""
    folder = tmp_path_factory.mktemp("moved")
    write_folder(parse_plan(ROAD + BLOW + TRUCK), folder)
    with (folder / "tracks.csv").open() as file:
        rows = list(csv.DictReader(file))
    sides = [[float(row[key]) for key in ("left", "top", "width", "height")] for row in rows]
    return {int(row["frame"]): np.array([x, y, x + w, y + h]) for row, (x, y, w, h) in zip(rows, sides, strict=True)}


@pytest.fixture(scope="module")
def painted() -> dict[int, Array]:
    """Where the pictures with the truck differ from those without it; in fog it has no shadow."""
    films = Film(parse_plan(ROAD + BLOW + TRUCK)), Film(parse_plan(ROAD + BLOW))
    found = {}
    for frame in range(1, max(FRAMES.values()) + 1):
        if frame not in FRAMES.values():
            for film in films:
                film.skip()
            continue
        busy, empty = (film.picture().astype(int) for film in films)
        changed = (np.abs(busy - empty).max(axis=2) > 25).astype(np.uint8)
        left, top, width, height = cv2.boundingRect(changed)
        found[frame] = np.array([left, top, left + width, top + height], float)
    return found


@pytest.mark.parametrize("when", FRAMES)
def test_a_box_is_around_what_is_painted(boxes: dict[int, Array], painted: dict[int, Array], when: str) -> None:
    assert iou(boxes[FRAMES[when]], painted[FRAMES[when]]) > 0.6


def test_a_blow_moves_the_box_and_its_end_brings_it_back(boxes: dict[int, Array]) -> None:
    aside = {when: boxes[frame][[0, 2]].mean() for when, frame in FRAMES.items()}
    assert abs(aside["moved"] - aside["before"]) > 60
    assert abs(aside["again"] - aside["before"]) < 15


def test_trees_stand_where_they_stood() -> None:
    plan = parse_plan(ROAD + BLOW)
    straight, moved = Painter(plan, build_roads(plan.roads))._views.values()
    assert straight._backdrop.furniture.trees == moved._backdrop.furniture.trees != ()


def test_the_truth_stays_on_its_lane(tmp_path: Path) -> None:
    stands = '[[script]]\nkind = "stopped_vehicle"\nlane = "left"\nat_s = 3\nat_m = 50\nseconds = 60\n'
    blow = BLOW.replace("1.5", "8", 1).replace("seconds = 1.5\n", "")
    plan = replace(parse_plan(ROAD + blow + stands), duration_s=28.0, fps=4.0)
    write_folder(plan, tmp_path)
    incidents = json.loads((tmp_path / "truth.json").read_text())["incidents"]
    assert [(one["kind"], one.get("lane")) for one in incidents] == [("stopped_vehicle", "left"), ("camera_fault", None)]
    assert abs(incidents[0]["start_s"] - 3) < 3 and incidents[0]["end_s"] > 27


def iou(a: Array, b: Array) -> float:
    shared = float(np.prod(np.maximum(np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2]), 0)))
    return shared / (float(np.prod(a[2:] - a[:2])) + float(np.prod(b[2:] - b[:2])) - shared)
