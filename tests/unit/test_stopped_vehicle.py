"""One incident for each vehicle that stands where it should not: not less, not more, not for a queue."""

from typing import Any

import msgspec
import pytest

from edge_agent.core.scene_format import SceneFile
from edge_agent.core.types import IncidentReport
from tests.roads import Someone, driving, incidents, scene, standing

WIDE = {"polygon": [[0.0, 0.1], [1.0, 0.1], [1.0, 1.0], [0.0, 1.0]], "centreline": [[0.5, 1.0], [0.5, 0.1]]}


def one_lane(*, dwell_s: float = 10.0, calibrated: bool = True, **lane: Any) -> SceneFile:
    """A lane as wide as the image, so that vehicles can pass within it; of the rules only the one that is tested."""
    rules = {"stopped_vehicle": {"dwell_s": dwell_s}, "congestion": {"enabled": False}}
    return scene(calibrated=calibrated, lanes=[{"id": "1", **WIDE, **lane}], rules=rules)


def new(reports: list[IncidentReport]) -> list[IncidentReport]:
    return [report for report in reports if report.kind == "stopped_vehicle" and report.phase == "new"]


def queue(n: int = 5, to_s: float = 1e9) -> list[Someone]:
    return [standing("car", -1, 20 + 7 * number, to_s=to_s) for number in range(n)]


def passing(cls: str = "car", every_s: float = 6.0, n: int = 20, from_s: float = 5.0, kmh: float = 40) -> list[Someone]:
    return [driving(cls, 2.5, 14, kmh, start_s=from_s + every_s * number) for number in range(n)]


def stopping(y_m: float, from_s: float, x_m: float = 0.0) -> Someone:
    """Drives at 10 m/s, brakes at 3 m/s2 and stands at y_m from `from_s` on."""
    def at(t_s: float) -> tuple[float, float] | None:
        left = from_s - t_s
        behind_m = 0.0 if left <= 0 else 1.5 * left * left if left < 10 / 3 else 10 * left - 50 / 3
        return (x_m, y_m - behind_m) if y_m - behind_m > 13 else None

    return Someone("car", at)


def with_gaps(someone: Someone, *gaps: tuple[float, float]) -> Someone:
    return Someone(someone.cls, lambda t_s: None if any(a < t_s < b for a, b in gaps) else someone.at(t_s), someone.score)


@pytest.mark.parametrize("dwell_s", [5.0, 10.0, 25.0])
def test_it_is_raised_when_the_dwell_is_over_and_dates_back(dwell_s: float) -> None:
    (report,) = new(incidents(one_lane(dwell_s=dwell_s), [stopping(40, 8)], 60, seed=1))
    assert report.updated_s - report.started_s == pytest.approx(dwell_s, abs=0.15)
    assert report.started_s == pytest.approx(8, abs=1.0)


def test_a_vehicle_that_stood_before_the_recording_counts_from_its_start() -> None:
    (report,) = new(incidents(one_lane(), [standing("car", 0, 30)], 30))
    assert (report.started_s, report.updated_s) == (0.0, 10.0)


def test_a_dwell_of_two_seconds_waits_until_creeping_is_ruled_out() -> None:
    (report,) = new(incidents(one_lane(dwell_s=2.0), [standing("car", 0, 60)], 30, seed=3))
    assert 2.0 <= report.updated_s <= 5.0


@pytest.mark.parametrize("calibrated", [True, False])
@pytest.mark.parametrize("fps", [5, 10, 25])
@pytest.mark.parametrize(("cls", "y_m"), [("truck", 16), ("car", 30), ("motorcycle", 30), ("car", 90)])
def test_near_and_far_at_any_frame_rate_it_is_one(cls: str, y_m: float, fps: float, calibrated: bool) -> None:
    reports = incidents(one_lane(calibrated=calibrated), [standing(cls, 0, y_m)], 40, seed=4, fps=fps, seen=0.9)
    (report,) = new(reports)
    assert report.updated_s < 14
    assert not any(report.phase == "end" for report in reports)


@pytest.mark.parametrize("seen", [0.3, 0.45, 0.6])
@pytest.mark.parametrize("seed", range(4))
def test_a_detector_that_misses_most_frames_makes_one_of_it(seen: float, seed: int) -> None:
    assert len(new(incidents(one_lane(), [standing("car", 0, 30)], 90, seed=seed, seen=seen))) == 1


def test_behind_passing_lorries_with_id_switches_it_is_one() -> None:
    lorries = [driving("truck", 2.0, 13, 36, start_s=6 + 7 * number) for number in range(8)]
    gone = [(8 + 7 * number, 8 + 7 * number + (2.5 if number % 2 else 1.2)) for number in range(8)]
    reports = incidents(one_lane(), [with_gaps(standing("car", 0, 35), *gone), *lorries], 60, seed=5, seen=0.8)
    (report,) = new(reports)
    assert report.started_s < 1
    assert not any(report.phase == "end" for report in reports)


@pytest.mark.parametrize("calibrated", [True, False])
@pytest.mark.parametrize("y_m", [16, 30])
@pytest.mark.parametrize("seed", range(3))
def test_creeping_at_half_a_metre_a_second_is_none(y_m: float, calibrated: bool, seed: int) -> None:
    creeping = driving("car", 0, y_m, 1.8)
    assert new(incidents(one_lane(calibrated=calibrated), [creeping], 60, seed=seed, seen=0.9)) == []


def test_a_queue_is_none() -> None:
    assert new(incidents(one_lane(), queue(), 100, seed=6)) == []


def test_two_vehicles_are_no_queue_but_the_second_one_waits_for_the_first() -> None:
    (report,) = new(incidents(one_lane(), queue(2), 30, seed=6))
    assert report.box is not None and report.box.bottom < 0.6  # the one in front, farther away


def test_when_the_first_one_leaves_the_second_one_is_told() -> None:
    first, second = standing("car", -1, 27, to_s=20), standing("car", -1, 20)
    assert len(new(incidents(one_lane(), [first, second], 40, seed=6))) == 2


def test_while_a_third_one_comes_up_the_queue_is_known() -> None:
    """The first one's dwell is over while the third still rolls towards the two that stand."""
    pair = [stopping(40, 4), stopping(33, 8)]
    assert len(new(incidents(one_lane(), pair, 15, seed=6))) == 1
    assert new(incidents(one_lane(), [*pair, stopping(26, 15.5)], 15, seed=6)) == []


def test_who_stands_is_told_though_others_come_up_that_stop_far_behind() -> None:
    assert len(new(incidents(one_lane(), [stopping(70, 4), stopping(20, 14.5)], 30, seed=6))) >= 1


def test_three_that_are_far_apart_are_no_queue() -> None:
    apart = [standing("car", x_m, y_m) for x_m, y_m in ((0, 15), (-3, 80), (3, 86))]
    assert len(new(incidents(one_lane(), apart, 60, seed=6))) == 2


def test_a_row_that_others_pass_is_no_queue() -> None:
    assert len(new(incidents(one_lane(), [*queue(3), *passing()], 60, seed=7))) == 3


@pytest.mark.parametrize(("kmh", "told"), [(16, 0), (40, 3)])
def test_in_a_queue_one_slow_passer_may_be_an_id_that_was_switched(kmh: float, told: int) -> None:
    once = passing(n=1, from_s=12.0, kmh=kmh)
    assert len(new(incidents(one_lane(), [*queue(3), *once], 40, seed=7))) == told


@pytest.mark.parametrize("filtering", ["motorcycle", "bicycle"])
def test_two_wheelers_filter_through_queues(filtering: str) -> None:
    assert new(incidents(one_lane(), [*queue(3), *passing(filtering)], 60, seed=7)) == []


def test_oncoming_traffic_passes_only_on_a_two_way_lane() -> None:
    oncoming = [driving("car", 2.5, 85, -40, start_s=5 + 6 * number) for number in range(10)]
    assert new(incidents(one_lane(), [*queue(3), *oncoming], 60, seed=7)) == []
    assert len(new(incidents(one_lane(two_way=True), [*queue(3), *oncoming], 60, seed=7))) == 3


def test_those_that_crawl_by_prove_nothing() -> None:
    assert new(incidents(one_lane(), [*queue(3), *passing(every_s=12, kmh=5)], 60, seed=7)) == []


def test_a_red_light_is_none_and_two_minutes_are_one() -> None:
    lone = [standing("car", 0, 30)]
    assert new(incidents(one_lane(signalised=True), [standing("car", 0, 30, to_s=60)], 80, seed=8)) == []
    (report,) = new(incidents(one_lane(signalised=True), lone, 130, seed=8))
    assert report.updated_s == pytest.approx(120, abs=1)


def test_at_a_signal_cars_that_pass_give_it_away_and_motorcycles_do_not() -> None:
    lone = standing("car", 0, 30)
    (report,) = new(incidents(one_lane(signalised=True), [lone, *passing()], 60, seed=9))
    assert report.updated_s < 25
    assert new(incidents(one_lane(signalised=True), [lone, *passing("motorcycle")], 60, seed=9)) == []


def test_it_ends_when_it_drives_off_and_its_next_stop_is_another() -> None:
    def at(t_s: float) -> tuple[float, float]:
        return 0.0, 20 + min(max(t_s - 30, 0), 5) * 5

    reports = [report for report in incidents(one_lane(), [Someone("car", at)], 70, seed=10) if report.phase != "update"]
    assert [(report.phase, report.number) for report in reports] == [("new", 1), ("end", 1), ("new", 2)]
    assert 30 < reports[1].updated_s < 37
    assert reports[2].started_s == pytest.approx(35, abs=1)


def rolls_on(kmh: float, by_m: float = 15) -> Someone:
    """Stands at 20 m, rolls on from 40 s on, stands."""
    return Someone("car", lambda t_s: (0.0, 20 + min(max(t_s - 40, 0) * kmh / 3.6, by_m)))


@pytest.mark.parametrize(
    ("kmh", "share", "stops"), [(8, None, 1), (8, 0.0, 2), (8, 0.1, 2), (18, None, 2), (18, 0.5, 1)]
)
def test_among_fast_traffic_who_rolls_on_has_not_driven_off(kmh: float, share: float | None, stops: int) -> None:
    road = one_lane()
    if share is not None:
        road = msgspec.structs.replace(
            road, rules=msgspec.structs.replace(
                road.rules, stopped_vehicle=msgspec.structs.replace(road.rules.stopped_vehicle, creep_share=share)
            )
        )  # fmt: skip
    assert len(new(incidents(road, [rolls_on(kmh), *passing(kmh=60, every_s=4)], 80, seed=14))) == stops


def test_who_only_would_be_ahead_has_not_passed() -> None:
    last = standing("car", -1, 48, from_s=6)  # the queue's end, that a lorry drives up to and stops behind, hidden from then on
    lorry = Someone("truck", lambda t_s: (-1, 12 + 9 * (t_s - 20)) if 20 <= t_s < 22 else None)
    row = [standing("car", -1, 34 + 7 * number) for number in range(4)]
    assert new(incidents(one_lane(two_way=True), [last, lorry, *row], 60, seed=15)) == []


def test_it_ends_when_its_place_has_been_empty_and_the_next_there_is_another() -> None:
    pair = [standing("car", 0, 30, to_s=30), standing("car", 0, 30, from_s=40)]
    reports = [report for report in incidents(one_lane(), pair, 70) if report.phase != "update"]
    assert [(report.phase, report.number) for report in reports] == [("new", 1), ("end", 1), ("new", 2)]
    assert reports[1].updated_s == pytest.approx(33, abs=0.3)
    assert reports[1].ended_s == reports[1].updated_s


def test_a_person_is_none() -> None:
    assert new(incidents(one_lane(), [standing("person", 0, 25)], 60, seed=11)) == []


def test_who_stands_on_no_lane_is_none() -> None:
    assert new(incidents(scene(), [standing("car", 9, 40)], 60, seed=12)) == []


def test_lanes_and_classes_limit_it() -> None:
    rule = {"stopped_vehicle": {"classes": ["truck"], "lanes": ["2"]}}
    both = [standing(cls, x_m, y_m) for x_m in (0, 3.5) for cls, y_m in (("car", 25), ("truck", 45))]
    (report,) = new(incidents(scene(2, rules=rule), both, 60, seed=13))
    assert (report.lane, report.road_users[0].track.cls) == ("2", "truck")


def test_flowing_traffic_is_none() -> None:
    flow = [driving("car", x_m, 12, kmh, start_s=start_s) for x_m, kmh, start_s in
            [(-2, 50, 2.0 * n) for n in range(40)] + [(2, 30, 3.1 * n) for n in range(25)]]  # fmt: skip
    assert new(incidents(one_lane(dwell_s=2.0), flow, 80, seed=14, seen=0.8)) == []
