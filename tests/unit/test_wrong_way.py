"""Who drives against the lane, and who only seems to."""

import pytest

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


def test_two_drivers_are_two_incidents() -> None:
    pair = [driving("car", 0, 85, -60), driving("car", 0, 85, -60, start_s=9)]
    reports = incidents(scene(), pair, 16, seed=8)
    assert begun(reports) == ["wrong_way", "wrong_way"]
    assert len({report.number for report in reports}) == 2


def test_a_person_or_a_standing_car_is_none() -> None:
    walker = driving("person", 0, 30, -5, reach_m=(15, 90))
    assert "wrong_way" not in begun(incidents(scene(), [walker, standing("car", 0, 50)], 20, seed=9))


def test_the_rule_can_be_switched_off_or_limited() -> None:
    wrong = [driving("car", 0, 85, -60)]
    assert begun(incidents(scene(rules={"wrong_way": {"enabled": False}}), wrong, 5)) == []
    assert begun(incidents(scene(rules={"wrong_way": {"lanes": ["2"]}}), wrong, 5)) == []
    assert begun(incidents(scene(rules={"wrong_way": {"classes": ["truck"]}}), wrong, 5)) == []
    low = incidents(scene(rules={"wrong_way": {"severity": "low"}}), wrong, 5)
    assert low[0].severity == "low"
