"""Two of three: hard braking, two that touch, others who drive around. Not a stop, not a queue, not a red light."""

from math import sqrt
from typing import Any

import pytest
from msgspec.structs import replace

from edge_agent.core.scene_format import SceneFile
from edge_agent.core.types import IncidentReport
from tests.roads import Someone, driving, incidents, scene, standing

CAR_M = 4.4


def braking(cls: str, y_m: float, at_s: float, *, by_m_s2: float = 8.0, kmh: float = 60.0, x_m: float = 0.0) -> Someone:
    """Drives, brakes and stands at y_m from `at_s` on."""
    v = kmh / 3.6
    needs_s = v / by_m_s2

    def at(t_s: float) -> tuple[float, float] | None:
        left_s = max(0.0, at_s - t_s)
        back_m = by_m_s2 * left_s**2 / 2 if left_s <= needs_s else v * needs_s / 2 + v * (left_s - needs_s)
        return (x_m, y_m - back_m) if y_m - back_m > 13 else None

    return Someone(cls, at)


def crash(y_m: float = 40.0, at_s: float = 8.0, gap_m: float = 0.0) -> list[Someone]:
    """Two cars in contact, or so far from it."""
    return [braking("car", y_m, at_s), braking("car", y_m - CAR_M - gap_m, at_s + 0.5)]


def swerving(start_s: float, y_m: float = 40.0, kmh: float = 36.0) -> Someone:
    """Comes on lane 1 and gets past y_m on lane 2."""

    def at(t_s: float) -> tuple[float, float] | None:
        y = 14 + kmh / 3.6 * (t_s - start_s)
        return (0.0 if y < y_m - 15 else min(3.5, (y - y_m + 15) * 0.5), y) if t_s >= start_s and y < 90 else None

    return Someone("car", at)


def road(lane: dict[str, Any] | None = None, **rule: Any) -> SceneFile:
    both = scene(2).lanes
    shapes: list[dict[str, Any]] = [{"id": one.id, "polygon": one.polygon, "centreline": one.centreline} for one in both]
    shapes[0] |= lane or {}
    return scene(2, lanes=shapes, rules={"suspected_accident": rule, "congestion": {"enabled": False}})


def new(reports: list[IncidentReport], kind: str = "suspected_accident") -> list[IncidentReport]:
    return [report for report in reports if report.kind == kind and report.phase == "new"]


@pytest.mark.parametrize("seed", range(3))
def test_hard_braking_and_contact_are_one_told_within_seconds_and_nothing_else_is(seed: int) -> None:
    reports = incidents(road(), crash(), 60, seed=seed)
    (report,) = new(reports)
    assert report.detail["evidence"] == "braking_touching"
    assert 8 <= report.updated_s <= 18
    assert report.lane == "1"
    assert new(reports, "stopped_vehicle") == []


def test_it_lasts_until_they_have_left() -> None:
    cars = [Someone(car.cls, lambda t_s, car=car: car.at(t_s) if t_s < 40 else None) for car in crash()]  # type: ignore[misc]
    phases = [(report.phase, report.number) for report in incidents(road(), cars, 60) if report.kind == "suspected_accident"]
    assert phases == [("new", 1), ("end", 1)]


def test_contact_and_others_who_drive_around_are_one() -> None:
    pair = [standing("car", 0, 40, from_s=5), standing("car", 0, 40 - CAR_M, from_s=5)]
    (report,) = new(incidents(road(), [*pair, swerving(10), swerving(14)], 40, seed=1))
    assert report.detail["evidence"] == "touching_avoided"


def test_hard_braking_and_others_who_drive_around_are_one() -> None:
    reports = incidents(road(), [braking("car", 40, 8), swerving(12), swerving(16)], 40, seed=2)
    (report,) = new(reports)
    assert report.detail["evidence"] == "braking_avoided"


@pytest.mark.parametrize("users", [
    [braking("car", 40, 8)],
    [standing("car", 0, 40), standing("car", 0, 40 - CAR_M)],
    [standing("car", 0, 40), swerving(10), swerving(14)],
    crash(gap_m=2.5),
    [braking("car", 40, 9, by_m_s2=3.0), braking("car", 40 - CAR_M, 9.5, by_m_s2=3.0)],
], ids=["only braking", "only contact", "only avoided", "stopped in time", "stopped gently"])  # fmt: skip
def test_one_of_three_is_none(users: list[Someone]) -> None:
    assert new(incidents(road(), users, 45, seed=3)) == []


def test_a_wide_berth_is_asked_of_as_many_as_the_scene_says() -> None:
    users = [standing("car", 0, 40), standing("car", 0, 40 - CAR_M), swerving(10)]
    assert new(incidents(road(), users, 40, seed=4)) == []
    assert len(new(incidents(road(avoiding=1), users, 40, seed=4))) == 1


def test_behind_somebody_who_stands_they_queue() -> None:
    assert new(incidents(road(), [standing("car", 0, 62), standing("car", 0, 68), *crash()], 45, seed=5)) == []


def test_at_a_signal_it_takes_braking_and_contact() -> None:
    signal = {"signalised": True}
    pair = [standing("car", 0, 40), standing("car", 0, 40 - CAR_M)]
    assert new(incidents(road(signal), [*pair, swerving(10), swerving(14)], 40, seed=6)) == []
    assert len(new(incidents(road(signal), crash(), 40, seed=6))) == 1


def test_motorcycles_that_stand_together_are_none() -> None:
    pair = [standing("motorcycle", 0, 40), standing("motorcycle", 0, 38)]
    assert new(incidents(road(), [*pair, swerving(10), swerving(14), swerving(18)], 40, seed=7)) == []


def test_who_comes_up_later_only_stands_near() -> None:
    stopped_at_8, comes_up = braking("car", 40, 8), braking("car", 40 - CAR_M, 18.5, by_m_s2=2.0, kmh=36)
    assert new(incidents(road(), [stopped_at_8, comes_up], 45, seed=8)) == []


def test_in_a_congestion_a_contact_is_no_evidence() -> None:
    crowded = road()
    at_once = {"duration_s": 1.0, "occupancy": 0.01, "min_vehicles": 1, "slow_kmh": 60.0, "queuing_kmh": 30.0}
    congestion = type(crowded.rules.congestion)(**at_once)
    crowded = replace(crowded, rules=replace(crowded.rules, congestion=congestion))
    reports = incidents(crowded, crash(), 45, seed=9)
    assert new(reports, "congestion")
    assert new(reports) == []


def test_a_track_that_hops_along_a_queue_does_not_brake() -> None:
    """One box on a car, then on the next one, then on both: as if it had sped up and stopped within a second."""
    def hopping(t_s: float) -> tuple[float, float]:
        return 0.0, 36.0 + (0.0 if t_s < 10 else min(6.0, sqrt(t_s - 10) * 6))

    assert new(incidents(road(), [Someone("car", hopping), standing("car", 0, 42 + CAR_M)], 40)) == []


def test_flowing_traffic_is_none() -> None:
    flow = [driving("car", x_m, 12, kmh, start_s=2.5 * n) for n in range(16) for x_m, kmh in ((0, 50), (3.5, 60))]
    assert new(incidents(road(), flow, 45, seed=8, seen=0.8)) == []
