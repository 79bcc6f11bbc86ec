"""Who drives against the lane, and who only seems to."""

from dataclasses import replace
from itertools import count

import numpy as np
import pytest

from edge_agent.core.incidents.wrong_way import WrongWay, WrongWayRule
from edge_agent.core.observation import LaneState, Observation
from edge_agent.core.pipeline import Pipeline
from edge_agent.core.scene_building import build_scene
from edge_agent.core.types import Box, Detections, IncidentReport, RoadUser, Track
from tests.roads import Someone, begun, driving, incidents, scene, standing


def test_a_car_against_the_lane_is_reported_when_it_has_gone_far_enough() -> None:
    reports = incidents(scene(), [driving("car", 0, 85, -60)], 9, seed=1)
    assert begun(reports) == ["wrong_way"]
    new = reports[0]
    assert (new.lane, new.severity) == ("1", "critical")
    assert new.updated_s - new.started_s >= 1.0
    assert 1.0 <= new.updated_s <= 2.5  # 6 m and one second, and a moment to become a track
    assert reports[-1].phase == "end" and reports[-1].number == new.number
    assert reports[-1].revision == len(reports)


@pytest.mark.parametrize("calibrated", [True, False])
@pytest.mark.parametrize("kmh", [30, 60, 110])
def test_traffic_in_the_legal_direction_never_is(kmh: float, calibrated: bool) -> None:
    stream = [driving(cls, 0, 12, kmh, start) for start, cls in ((0, "car"), (3, "truck"), (6, "motorcycle"), (9, "bus"))]
    assert begun(incidents(scene(calibrated=calibrated), stream, 20, seed=2, seen=0.8)) == []


def test_without_a_calibration_it_is_seen_all_the_same() -> None:
    assert begun(incidents(scene(calibrated=False), [driving("car", 0, 85, -60)], 6, seed=3)) == ["wrong_way"]


def test_a_two_way_lane_is_exempt() -> None:
    lanes = [{"id": "1", "polygon": [[0, 0], [1, 0], [1, 1], [0, 1]], "centreline": [[0.5, 1], [0.5, 0]], "two_way": True}]
    assert begun(incidents(scene(lanes=lanes), [driving("car", 0, 85, -60)], 6, seed=4)) == []


def test_reversing_a_few_metres_is_not_wrong_way() -> None:
    def at(t_s: float) -> tuple[float, float]:
        return 0.0, 30.0 - (min(t_s, 2.0) * 2.2)  # 4.4 m back at 8 km/h, then it stands

    assert begun(incidents(scene(), [Someone("car", at)], 8, seed=5)) == []


def test_a_slow_driver_whose_box_trembles_is_seen() -> None:
    assert begun(incidents(scene(), [driving("car", 0, 75, -13, reach_m=(40, 90))], 10, seed=21)) == ["wrong_way"]


def test_rolling_back_slowly_is_not_wrong_way() -> None:
    assert begun(incidents(scene(), [driving("car", 0, 60, -5, reach_m=(30, 90))], 20)) == []


def going_back(steps: list[float], picture_m: float = 100.0, *, queue: bool = False) -> list[IncidentReport]:
    """What the rule says of a car, 0.1 of the picture high, whose box makes these steps down the picture, 0.1 s each; the
    picture shows so many metres, and its pace says 30 km/h against the lane all the time. `queue`: another one stands there."""
    rule, bottom, reports = WrongWay(WrongWayRule(), build_scene(scene()), count(1)), 0.3, []
    for index, step in enumerate(steps):
        bottom += step
        box = Box(0.45, bottom - 0.1, 0.55, bottom)
        user = RoadUser(
            Track(1, box, "car", 0.9, True, 9), box.contact, "1", None, (0.0, 0.0),
            (picture_m, 0.0, 0.0, -picture_m), 30.0, 1.0, -30.0, calibrated=False,
        )  # fmt: skip
        other = replace(user, track=replace(user.track, id=2))
        lane = LaneState([user, other] if queue else [user], 0.0, None, 0.0)
        reports += rule.update(index / 10, Observation([user], [], {"1": lane}, frozenset({1, 2}), frozenset()))
    return reports


def test_a_box_that_hops_to_another_car_has_not_driven() -> None:
    assert going_back([0.0] * 15 + [0.09] + [0.0] * 15) == []
    assert begun(going_back([0.0] * 5 + [0.01] * 20)) == ["wrong_way"]


def test_an_id_that_hops_along_a_queue_has_not_driven() -> None:
    assert going_back([0.01] * 14, queue=True) == []  # 14 m: two cars
    assert begun(going_back([0.01] * 14)) == ["wrong_way"]
    assert begun(going_back([0.01] * 20, queue=True)) == ["wrong_way"]


def test_the_trembling_of_a_far_box_does_not_hide_a_drive() -> None:
    assert begun(going_back([0.02, -0.015] * 20, picture_m=400)) == ["wrong_way"]  # 8 m in 0.1 s: a few pixels can be that


def test_motorcycles_have_thresholds_of_their_own() -> None:
    short = driving("motorcycle", 0, 45, -25, reach_m=(28, 90))  # 17 m against the lane
    far = driving("motorcycle", 0, 60, -25, reach_m=(14, 90))  # 46 m
    assert begun(incidents(scene(), [short], 8, seed=6)) == []
    assert begun(incidents(scene(), [far], 8, seed=6)) == ["wrong_way"]


def test_a_driver_who_is_lost_and_found_is_one_incident() -> None:
    seen_gap = driving("car", 0, 85, -50)

    def at(t_s: float) -> tuple[float, float] | None:
        return None if 2.6 < t_s < 3.3 else seen_gap.at(t_s)  # hidden behind a sign

    reports = incidents(scene(), [Someone("car", at)], 8, seed=7)
    assert begun(reports) == ["wrong_way"]


@pytest.mark.parametrize("away_s", [0.8, 2.0])  # the tracker finds him again, or takes him for a new road user
def test_a_driver_whose_track_breaks_is_one_incident_all_the_same(away_s: float) -> None:
    whole = driving("car", 0, 85, -35)

    def at(t_s: float) -> tuple[float, float] | None:
        return None if 2.6 < t_s < 2.6 + away_s else whole.at(t_s)

    reports = incidents(scene(), [Someone("car", at)], 12, seed=17)
    assert begun(reports) == ["wrong_way"]
    assert reports[-1].phase == "end"
    assert reports[-1].updated_s > 8.0  # his second track kept it open


@pytest.mark.parametrize("apart_s", [1.0, 9.0])
@pytest.mark.parametrize("calibrated", [True, False])
def test_two_drivers_are_two_incidents(apart_s: float, calibrated: bool) -> None:
    pair = [driving("car", 0, 85, -60), driving("car", 0, 85, -60, start_s=apart_s)]
    reports = incidents(scene(calibrated=calibrated), pair, apart_s + 7, seed=8)
    assert begun(reports) == ["wrong_way", "wrong_way"]
    assert len({report.number for report in reports}) == 2


def test_every_driver_of_a_stream_is_one_incident() -> None:
    stream = [driving("car", x, 85, -70, start_s=start) for start in range(0, 10, 2) for x in (0.0, 3.5)]
    reports = incidents(scene(2), stream, 16, seed=18)
    assert begun(reports) == ["wrong_way"] * 10


def test_the_next_driver_is_not_the_one_who_was_lost_before_him() -> None:
    def lost(t_s: float) -> tuple[float, float] | None:
        return (0.0, 85 - 60 / 3.6 * t_s) if t_s < 2.5 else None  # gone for ever, 43 m away

    follower = driving("car", 0, 85, -60, start_s=2.2)
    assert begun(incidents(scene(), [Someone("car", lost), follower], 8, seed=19)) == ["wrong_way", "wrong_way"]


@pytest.mark.parametrize("end", ["top", "bottom"])
def test_a_box_that_grows_at_one_end_does_not_drive(end: str) -> None:
    """A lorry and the cars behind or before it become one box, step by step."""
    lane = [{"id": "1", "polygon": [[0, 0], [1, 0], [1, 1], [0, 1]], "centreline": [[0.5, 0.95], [0.5, 0.05]]}]
    pipeline = Pipeline(scene(lanes=lane))
    said = []
    for index in range(60):
        grown = min(0.2, 0.005 * index)
        top, bottom = (0.4 - grown, 0.5) if end == "top" else (0.4, 0.5 + grown)
        box = np.array([[0.45, top, 0.55, bottom]], np.float32)
        said += pipeline.update(index / 10, Detections(box, np.array([0.8], np.float32), np.array([7], np.int32)))
    assert [one for one in said if isinstance(one, IncidentReport)] == []


def test_a_person_or_a_standing_car_is_none() -> None:
    walker = driving("person", 0, 30, -5, reach_m=(15, 90))
    assert "wrong_way" not in begun(incidents(scene(), [walker, standing("car", 0, 50)], 20, seed=9))


def test_the_rule_can_be_switched_off_or_limited() -> None:
    wrong = [driving("car", 0, 85, -60)]
    assert begun(incidents(scene(rules={"wrong_way": {"enabled": False}}), wrong, 5)) == []
    assert begun(incidents(scene(2, rules={"wrong_way": {"lanes": ["2"]}}), wrong, 5)) == []
    assert begun(incidents(scene(rules={"wrong_way": {"classes": ["truck"]}}), wrong, 5)) == []
    low = incidents(scene(rules={"wrong_way": {"severity": "low"}}), wrong, 5)
    assert low[0].severity == "low"
