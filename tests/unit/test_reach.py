"""From which distance on vehicles are too small: in the picture, in metres, and for each lane."""

import numpy as np
import pytest

from edge_agent.app.reaching import far_marks, reach_of
from edge_agent.core.reach import LEAST_PX, input_px
from edge_agent.core.scene_building import build_scene
from tests.roads import FOCAL_PX, HEIGHT_PX, WIDTH_PX, detections, driving, image_of, scene

PICTURE, INPUT = (WIDTH_PX, HEIGHT_PX), (416, 416)


def test_the_line_lies_where_a_car_is_as_high_as_the_detector_needs() -> None:
    found = reach_of(build_scene(scene()), PICTURE, INPUT)
    assert found is not None
    expected_m = FOCAL_PX * 416 / WIDTH_PX * 1.5 / LEAST_PX["car"]  # depth; the road is a little nearer
    assert found.distance_m("car") == pytest.approx(expected_m, rel=0.05)
    for x, y in found.line("car"):
        assert y == pytest.approx(image_of(0.0, found.distance_m("car") or 0)[1], abs=0.01), x


def test_motorcycles_are_lost_sooner_and_a_larger_input_sees_further() -> None:
    near, far = (reach_of(build_scene(scene()), PICTURE, size) for size in ((416, 416), (640, 640)))
    assert near is not None and far is not None
    assert (near.distance_m("motorcycle") or 0) < 0.8 * (near.distance_m("car") or 0)
    assert (far.distance_m("car") or 0) == pytest.approx((near.distance_m("car") or 0) * 640 / 416, rel=0.06)


def test_a_lane_says_how_much_of_it_is_blind() -> None:
    road = build_scene(scene(far_m=100))
    found = reach_of(road, PICTURE, (320, 320))
    assert found is not None
    of_lane = found.of_lane(road.lanes[0], "car")
    reached = found.distance_m("car")
    assert of_lane.near_m == pytest.approx(14.2, abs=0.5) and of_lane.far_m == pytest.approx(100, rel=0.02)
    assert of_lane.blind_m == pytest.approx(100 - (reached or 0), abs=1.5)
    assert 0 < of_lane.blind_share < 0.3


def test_without_a_calibration_the_boxes_seen_tell_the_line_but_no_metres() -> None:
    road = build_scene(scene(calibrated=False))
    assert reach_of(road, PICTURE, INPUT) is None
    places = range(16, 70, 4)
    seen = [detections([driving("car", 0, y, 0), driving("car", 3.5, y + 3, 0)], 0.0) for y in places]
    found, true = reach_of(road, PICTURE, INPUT, seen), reach_of(build_scene(scene()), PICTURE, INPUT)
    assert found is not None and true is not None and found.distance_m("car") is None
    assert np.mean(found.line("car"), axis=0)[1] == pytest.approx(np.mean(true.line("car"), axis=0)[1], abs=0.04)


def test_each_class_has_its_line_in_the_annotated_picture() -> None:
    found = reach_of(build_scene(scene()), PICTURE, (1280, 1280))
    assert [mark.label for mark in far_marks(found)] == ["cars too small above", "motorcycles too small above"]
    assert [*far_marks(None)] == []


def test_the_whole_picture_fits_into_the_input() -> None:
    assert input_px((1280, 720), (416, 416)) == 416
    assert input_px((600, 800), (416, 416)) == pytest.approx(312)
