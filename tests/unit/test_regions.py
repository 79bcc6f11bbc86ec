"""A second look at the far end: boxes come back to where they are, each road user once; and where the crop lies."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edge_agent.app.detecting import build_detector, build_look
from edge_agent.app.reaching import reach_of
from edge_agent.config import CameraConfig, ClipSource, DetectorConfig
from edge_agent.core.reach import LEAST_PX, Region
from edge_agent.core.scene_building import build_scene
from edge_agent.core.types import NO_DETECTIONS, Detections
from edge_agent.detectors.regions import FarPass, merged
from tests.roads import image_of, scene

REGION = Region(0.25, 0.1, 0.75, 0.5)
PICTURE = np.zeros((720, 1280, 3), np.uint8)


class Recorded:
    """Says what it is told, in turn, and keeps the sizes of what it was shown."""

    def __init__(self, *said: Detections) -> None:
        self.said, self.shown = list(said), list[tuple[int, ...]]()

    def detect(self, pixels: NDArray[np.uint8]) -> Detections:
        self.shown.append(pixels.shape)
        return self.said.pop(0)


def cars(*boxes: tuple[float, float, float, float], score: float = 0.6) -> Detections:
    return Detections(np.array(boxes, np.float32), np.full(len(boxes), score, np.float32), np.full(len(boxes), 2, np.int32))


def test_a_box_of_the_crop_comes_back_to_where_it_is() -> None:
    eye = Recorded(NO_DETECTIONS, cars((0.5, 0.5, 0.6, 0.75)))
    found = FarPass(eye.detect, REGION).detect(PICTURE)
    assert eye.shown == [(720, 1280, 3), (288, 640, 3)]
    assert found.boxes.tolist() == [pytest.approx([0.5, 0.3, 0.55, 0.4], abs=1e-3)]


def test_who_is_seen_twice_is_one_and_who_is_cut_by_the_seam_is_left_to_the_whole() -> None:
    eye = Recorded(cars((0.5, 0.3, 0.55, 0.4), score=0.3), cars((0.5, 0.5, 0.6, 0.75), (0.0, 0.2, 0.1, 0.4)))
    found = FarPass(eye.detect, REGION).detect(PICTURE)
    assert len(found) == 1 and found.scores[0] == pytest.approx(0.6)


def test_every_other_picture_costs_one_look() -> None:
    eye = Recorded(*[NO_DETECTIONS] * 6)
    far = FarPass(eye.detect, REGION, every=2)
    for _ in range(4):
        far.detect(PICTURE)
    assert [shape[1] for shape in eye.shown] == [1280, 640, 1280, 1280, 640, 1280]


def test_merging_keeps_the_best_first() -> None:
    found = merged(cars((0.1, 0.1, 0.2, 0.2), score=0.4), cars((0.6, 0.6, 0.7, 0.7), score=0.9))
    assert found.scores.tolist() == pytest.approx([0.9, 0.4])


def test_the_crop_lies_where_cars_are_small_and_the_picture_has_more() -> None:
    road = build_scene(scene(2))
    found = reach_of(road, (1280, 720), (416, 416))
    assert found is not None
    region = found.far_region(road.lanes, 1280)
    assert region is not None
    _, bottom = image_of(0, 14.2)
    assert region.bottom < bottom and region.right - region.left < 0.6
    middle = np.array([[0.5, region.top + 0.02]])
    assert found.heights_px("car", middle)[0] < LEAST_PX["car"]
    assert found.far_region(road.lanes, 416) is None  # a picture that has no more than the detector saw


def test_a_camera_looks_twice_only_when_told_and_where_that_brings_anything() -> None:
    detector, road = build_detector(DetectorConfig(threads=1)), build_scene(scene(2))

    def looks_twice(**settings: Any) -> bool:
        look = build_look(detector, CameraConfig("north", "north.json", ClipSource("road.mp4"), **settings), road)
        return look != detector.detect

    assert looks_twice(far_pass=True, width=1280)
    assert not looks_twice(width=1280) and not looks_twice(far_pass=True, width=416)
