"""What lies on a lane and no road user explains: told once, after its dwell, and over when its place is empty."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest
from msgspec.structs import replace

from edge_agent.core.pipeline import Pipeline
from edge_agent.core.scene_format import SceneFile
from edge_agent.core.types import Box, IncidentReport, Thing
from edge_agent.sources.recorded_things import reading_of
from tests.roads import Someone, detections, driving, image_of, scene, standing

Lies = Callable[[float], Thing | None]
EVERY = 2  # frames


def box_m(x_m: float, y_m: float, wide_m: float, tall_m: float) -> Box:
    left, bottom = image_of(x_m - wide_m / 2, y_m)
    return Box(left, image_of(x_m, y_m, tall_m)[1], image_of(x_m + wide_m / 2, y_m)[0], bottom)


def crate(x_m: float = 0.0, y_m: float = 35.0, size_m: float = 0.9, from_s: float = 10.0, to_s: float = 1e9) -> Lies:
    return lying(box_m(x_m, y_m, size_m, 0.75 * size_m), from_s, to_s)


def lying(box: Box, from_s: float, to_s: float = 1e9) -> Lies:
    """Noticed eight seconds after it came, and for eight after it went."""

    def at(t_s: float) -> Thing | None:
        stands_s = min(20.0, t_s - from_s) - max(0.0, t_s - to_s)
        return Thing(box, stands_s, 0.6) if from_s + 8 <= t_s <= to_s + 8 else None

    return at


def told(
    things: Iterable[Lies], users: list[Someone], seconds: float, file: SceneFile | None = None, fps: int = 4,
    known_s: float = 5.0,
) -> list[IncidentReport]:  # fmt: skip
    """What is said of obstacles."""
    file = file or scene(2)
    file = replace(file, rules=replace(file.rules, obstacle=replace(file.rules.obstacle, known_s=known_s)))
    pipeline, reports = Pipeline(file), list[IncidentReport]()
    for index in range(round(seconds * fps)):
        at_s = index / fps
        there = [thing for thing in (lies(at_s) for lies in things) if thing is not None]
        reading = reading_of(tuple(there)) if index % EVERY == 0 else None
        said = pipeline.update(at_s, detections(users, at_s), reading)
        reports += [one for one in said if isinstance(one, IncidentReport)]
    return [report for report in reports if report.kind == "obstacle"]


def ruled(**rule: Any) -> SceneFile:
    return scene(2, rules={"obstacle": rule})


def signalised() -> SceneFile:
    file = scene(1)
    return replace(file, lanes=tuple(replace(lane, signalised=True) for lane in file.lanes))


@pytest.mark.parametrize("dwell_s", [20.0, 35.0])
def test_it_is_told_once_when_its_dwell_is_over_and_ends_when_its_place_is_empty(dwell_s: float) -> None:
    new, end = told([crate(to_s=60)], [], 90, ruled(dwell_s=dwell_s))
    assert (new.phase, new.lane, new.severity) == ("new", "1", "high")
    assert new.started_s == pytest.approx(10, abs=1)
    assert new.updated_s == pytest.approx(10 + dwell_s, abs=1)
    assert new.road_m == pytest.approx((0, 35), abs=0.5)
    assert new.box == crate()(30).box  # type: ignore[union-attr]
    assert end.phase == "end"
    assert end.ended_s == pytest.approx(60 + 8 + 4, abs=1)


def test_what_came_before_the_road_was_known_is_none() -> None:
    assert told([crate(from_s=25)], [], 90, known_s=30) == []
    assert len(told([crate(from_s=31)], [], 90, known_s=30)) == 1


def test_beside_the_lanes_too_small_or_as_large_as_a_lorry_it_is_none() -> None:
    assert told([crate(x_m=9)], [], 60) == []
    assert told([crate(size_m=0.2)], [], 60) == []
    assert told([crate(size_m=3.5)], [], 60) == []
    assert told([crate(size_m=3.5)], [], 60, ruled(largest_m=4.0)) != []
    assert told([crate()], [], 60, ruled(lanes=["2"])) == []


def test_a_vehicle_that_stands_is_none_though_the_detector_loses_it_for_good() -> None:
    car = lying(box_m(0, 35, 1.8, 1.5), 10)
    assert told([car], [standing("car", 0, 35, from_s=4, to_s=22)], 120) == []


def test_a_vehicle_that_the_detector_loses_before_it_stands_is_none() -> None:
    car = lying(box_m(0, 35, 1.8, 1.5), 10)
    arrives = Someone("car", lambda t_s: (0.0, 14 + 7.0 * (t_s - 6)) if 6 <= t_s <= 9 else None)
    assert told([car], [arrives], 120) == []
    elsewhere = Someone("car", lambda t_s: (3.5, 14 + 7.0 * (t_s - 6)) if 6 <= t_s <= 9 else None)
    assert len(told([crate()], [elsewhere], 60)) == 1


def test_what_shows_where_a_car_was_parked_is_none_but_what_shows_later_is() -> None:
    parked = standing("car", 0, 35, to_s=40)
    mark = lying(box_m(0, 35, 1.0, 0.8), 50)
    assert told([mark], [parked], 120) == []
    assert len(told([lying(box_m(0, 35, 1.0, 0.8), 700)], [parked], 760, fps=2)) == 1


def test_who_stops_at_an_obstacle_does_not_explain_it() -> None:
    waits = standing("truck", 0, 34, from_s=23)
    assert [report.phase for report in told([crate()], [waits], 60)][:1] == ["new"]


def test_hidden_by_traffic_now_and_then_it_is_still_the_same() -> None:
    box = crate()(30).box  # type: ignore[union-attr]
    gone = Thing(Box(box.left, box.top, (box.left + box.right) / 2, box.bottom), 20.0, 0.6)
    passing = [driving("truck", 0, 14, 20, start_s=s) for s in range(20, 90, 15)]

    def flickers(t_s: float) -> Thing | None:
        hidden = any(2.2 < t_s - s < 5 for s in range(20, 90, 15))
        return None if hidden else gone if t_s % 10 < 5 and t_s > 60 else crate()(t_s)

    assert [report.phase for report in told([flickers], passing, 100)] == ["new", "update"]


def test_where_vehicles_queue_nothing_is_judged() -> None:
    queue = [standing("car", 0, y, from_s=2) for y in (22, 45, 52, 59)]
    unseen = lying(box_m(0, 35, 1.7, 1.4), 10)
    assert told([unseen], queue, 100) == []


def test_what_is_as_large_as_a_car_at_a_signal_is_none_unless_somebody_drives_past_or_it_lies_there_for_long() -> None:
    file, large = signalised(), crate(size_m=1.9)
    assert told([large], [], 100, file) == []
    assert [round(report.started_s) for report in told([large], [], 160, file)] == [10]
    passing = driving("car", 0.9, 14, 40, start_s=35)
    report, *_ = told([large], [passing], 60, file)
    assert 35 <= report.updated_s <= 42
    report, *_ = told([crate(size_m=1.2)], [], 60, file)
    assert report.updated_s == pytest.approx(30, abs=1)


@pytest.mark.parametrize("beside_m", [-3.4, 2.6])
def test_who_stops_before_it_at_once_is_no_explanation(beside_m: float) -> None:
    """Whether he comes towards the camera and stops behind it, or drives away from it and hides it in part."""
    stops = standing("truck" if beside_m > 0 else "car", 0.6, 35 + beside_m, from_s=12)
    assert [report.phase for report in told([crate(x_m=-0.5)], [stops], 60)][:1] == ["new"]


def test_what_is_gone_when_a_lorry_no_longer_hides_it_is_none() -> None:
    """The check remembers it for some seconds."""
    lorry = standing("truck", 0, 33, from_s=12, to_s=58)
    assert told([crate(to_s=57)], [lorry], 90) == []


def test_two_that_stand_close_together_are_explained_though_they_look_like_one() -> None:
    two = [standing("motorcycle", -0.5, 35, from_s=2), standing("motorcycle", 0.5, 35, from_s=2)]
    assert told([lying(box_m(0, 35, 1.8, 1.6), 10)], two, 60) == []


def test_many_at_once_are_light() -> None:
    patches = [crate(y_m=y, size_m=1.2) for y in (20, 28, 36, 46, 58)]
    assert told(patches, [], 60) == []
    assert len(told(patches[:3], [], 60)) == 3


def test_without_a_calibration_the_road_users_give_the_scale() -> None:
    file = scene(1, calibrated=False, rules={"obstacle": {}})
    past = [driving("car", 0, 14, 50, start_s=s) for s in (0, 3)]
    assert len(told([crate()], past, 60, file)) == 1
    assert told([crate(size_m=5.0)], past, 60, file) == []


def test_what_turns_out_to_be_a_stopped_vehicle_is_one() -> None:
    reports = told([crate(size_m=2.0)], [standing("car", 0, 35, from_s=32)], 60)
    assert [report.phase for report in reports] == ["new", "end"]
    assert reports[-1].detail["ended_by"] == "stopped_vehicle"


def test_whoever_stops_before_it_does_not_replace_it() -> None:
    assert [report.phase for report in told([crate()], [standing("truck", 0, 34.5, from_s=32)], 60)] == ["new"]
