"""Too fast and too slow: by the lane's limit for the class, surely, for long enough, and nobody for what is ahead of him."""

from typing import Any

import pytest

from edge_agent.core.scene_format import SceneFile
from edge_agent.core.types import IncidentReport
from tests.roads import Someone, driving, incidents, scene, standing


def road(*, calibrated: bool = True, rules: dict[str, Any] | None = None, **lane: Any) -> SceneFile:
    file = scene(calibrated=calibrated)
    shape = {"id": "1", "polygon": file.lanes[0].polygon, "centreline": file.lanes[0].centreline, **lane}
    return scene(calibrated=calibrated, lanes=[shape], rules=rules or {})


def limited(limits: dict[str, float] | None = None, **more: Any) -> SceneFile:
    return road(speed_limit_kmh=limits or {"default": 50}, **more)


def lower_limited(limits: dict[str, float] | None = None, **more: Any) -> SceneFile:
    return road(min_speed_kmh=limits or {"default": 40}, **more)


def new(kind: str, reports: list[IncidentReport]) -> list[IncidentReport]:
    return [report for report in reports if report.kind == kind and report.phase == "new"]


def test_who_is_too_fast_is_told_once_with_speed_and_limit() -> None:
    reports = incidents(limited(), [driving("car", 0, 14, 80)], 10, seed=1)
    (report,) = new("speeding", reports)
    assert report.updated_s - report.started_s >= 0.49
    assert report.detail["limit_kmh"] == 50
    assert report.detail["speed_kmh"] == pytest.approx(80, abs=6)
    assert report.lane == "1"
    assert [report.phase for report in reports if report.kind == "speeding"] == ["new", "end"]


@pytest.mark.parametrize("kmh", [30, 49, 53])
@pytest.mark.parametrize("seed", range(4))
def test_who_keeps_to_the_limit_or_is_hardly_past_it_is_none(kmh: float, seed: int) -> None:
    assert new("speeding", incidents(limited(), [driving("car", 0, 14, kmh)], 10, seed=seed)) == []


def test_the_tolerance_is_the_scenes() -> None:
    strict = {"speeding": {"tolerance_kmh": 0}}
    assert len(new("speeding", incidents(limited(rules=strict), [driving("car", 0, 14, 62)], 10))) == 1


def test_each_class_has_its_limit() -> None:
    limits = {"default": 90.0, "motorcycle": 50.0}
    reports = incidents(limited(limits), [driving("car", 0, 14, 80), driving("motorcycle", 0, 14, 80, start_s=5)], 15, seed=2)
    (report,) = new("speeding", reports)
    assert report.road_users[0].track.cls == "motorcycle"
    assert new("speeding", incidents(limited({"bus": 50}), [driving("car", 0, 14, 80)], 10, seed=2)) == []


@pytest.mark.parametrize("file", [limited(calibrated=False), road(), limited(rules={"speeding": {"enabled": False}})])
def test_without_calibration_limit_or_rule_nobody_is_too_fast(file: SceneFile) -> None:
    assert new("speeding", incidents(file, [driving("car", 0, 14, 120)], 10)) == []


def test_beyond_the_calibrated_stretch_nobody_is_judged() -> None:
    assert new("speeding", incidents(limited(), [driving("car", 0, 81, 80, reach_m=(81, 99))], 10)) == []


def test_a_driver_who_was_lost_for_a_moment_is_the_same() -> None:
    """Too long for the tracker, which gives him another id."""

    def at(t_s: float) -> tuple[float, float] | None:
        y = 14 + 12 * t_s
        return (0.0, y) if y < 36 or 56 < y < 80 else None

    (report,) = new("speeding", incidents(limited({"default": 25.0}), [Someone("car", at)], 10))
    assert report.updated_s < 2


def test_who_crawls_along_is_too_slow() -> None:
    (report,) = new("slow_vehicle", incidents(lower_limited(), [driving("truck", 0, 14, 20)], 15, seed=3))
    assert report.updated_s - report.started_s >= 5.0
    assert report.detail == {"speed_kmh": pytest.approx(20, abs=3), "limit_kmh": 40}


@pytest.mark.parametrize("file", [
    lower_limited(signalised=True), lower_limited(calibrated=False), road(),
    lower_limited(rules={"slow_vehicle": {"enabled": False}}),
])  # fmt: skip
def test_not_at_signals_nor_without_calibration_limit_or_rule(file: SceneFile) -> None:
    assert new("slow_vehicle", incidents(file, [driving("truck", 0, 14, 20)], 15, seed=3)) == []


@pytest.mark.parametrize(("cls", "kmh"), [("bicycle", 15), ("car", 45), ("car", 38.5)])
def test_bicycles_and_those_who_are_fast_enough_are_none(cls: str, kmh: float) -> None:
    assert new("slow_vehicle", incidents(lower_limited(), [driving(cls, 0, 14, kmh)], 15, seed=4)) == []


def test_who_is_held_up_by_a_slow_one_is_none() -> None:
    reports = incidents(lower_limited(), [driving("truck", 0, 30, 20), driving("car", 0, 14, 20)], 10, seed=5)
    (report,) = new("slow_vehicle", reports)
    assert report.road_users[0].track.cls == "truck"


def test_who_creeps_towards_one_that_stands_is_none() -> None:
    pair = [standing("truck", 0, 70), driving("car", 0, 14, 18, reach_m=(12, 55))]
    assert new("slow_vehicle", incidents(lower_limited(), pair, 9, seed=6)) == []


def test_who_speeds_up_is_none() -> None:
    def at(t_s: float) -> tuple[float, float]:
        return 0.0, 16 + 0.75 * t_s**2  # 1.5 m/s2 from standing

    assert new("slow_vehicle", incidents(lower_limited(), [Someone("car", at)], 9)) == []


@pytest.mark.parametrize("m_s2", [0.5, 0.8])
def test_who_gets_up_to_speed_slowly_is_none(m_s2: float) -> None:
    """A lorry that has been let into the lane: below 40 km/h for many seconds, and faster in each."""

    def at(t_s: float) -> tuple[float, float]:
        return 0.0, 16 + 3 * t_s + m_s2 / 2 * t_s**2

    assert new("slow_vehicle", incidents(lower_limited(), [Someone("truck", at)], 10, seed=7)) == []
