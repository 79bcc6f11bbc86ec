"""What stands in a no-stop zone for a minute is told once, however long it stands and whatever hides it."""

from typing import Any

import pytest

from edge_agent.core.scene_format import SceneFile
from edge_agent.core.types import IncidentReport
from tests.roads import Someone, clipped, driving, image_of, incidents, scene, standing

KERB_M = 4.0  # the middle of the zone, beside lane 1


def zoned(x_m: tuple[float, float] = (2.2, 6.0), lanes: list[dict[str, Any]] | None = None, **rule: Any) -> SceneFile:
    corners = [(x_m[0], 20.0), (x_m[1], 20.0), (x_m[1], 60.0), (x_m[0], 60.0)]
    zone = {"id": "kerb", "polygon": [clipped(image_of(*corner)) for corner in corners]}
    changes: dict[str, Any] = {} if lanes is None else {"lanes": lanes}
    return scene(no_stop_zones=[zone], rules={"illegal_parking": rule}, **changes)


def told(reports: list[IncidentReport], *phases: str) -> list[IncidentReport]:
    return [report for report in reports if report.kind == "illegal_parking" and report.phase in (phases or ("new",))]


@pytest.mark.parametrize("dwell_s", [20.0, 60.0])
def test_it_is_told_when_the_dwell_is_over_with_its_zone(dwell_s: float) -> None:
    (report,) = told(incidents(zoned(dwell_s=dwell_s), [standing("car", KERB_M, 35, from_s=5)], 70, seed=1))
    assert report.started_s == pytest.approx(5, abs=1)
    assert report.updated_s == pytest.approx(5 + dwell_s, abs=1)
    assert (report.lane, report.detail) == (None, {"zone": "kerb"})


def test_a_short_stop_is_none_nor_is_one_beside_the_zone() -> None:
    shortly, beside = standing("bus", KERB_M, 35, from_s=5, to_s=50), standing("car", 9, 40)
    assert told(incidents(zoned(), [shortly, beside], 100, seed=2)) == []


def test_a_parked_car_does_not_fire_again_while_it_stands() -> None:
    """With lorries that hide it and a detector that misses half of it, for twenty minutes."""
    hidden = [(90.5 + 100 * k, 93.5 + 100 * k) for k in range(11)]
    car = standing("car", KERB_M, 40)
    gaps = Someone("car", lambda t_s: None if any(a < t_s < b for a, b in hidden) else car.at(t_s))
    lorries = [driving("truck", KERB_M, 14, 25, start_s=a - 0.5) for a, _ in hidden]
    reports = incidents(zoned(), [gaps, *lorries], 1200, seed=3, seen=0.6, fps=4)
    assert [report.phase for report in told(reports, "new", "end")] == ["new"]


def test_hidden_behind_a_bus_for_minutes_it_is_the_same_and_seen_gone_it_ends() -> None:
    def at(t_s: float) -> tuple[float, float] | None:
        return None if 82 < t_s < 195 or t_s > 260 else (KERB_M, 40.0)

    def bus(t_s: float) -> tuple[float, float] | None:
        return (KERB_M, 31.0) if 80 < t_s < 200 else None

    reports = incidents(zoned(), [Someone("car", at), Someone("bus", bus)], 300, fps=5)
    cars = [report for report in told(reports, "new", "end") if report.road_users[0].track.cls == "car"]
    assert [report.phase for report in cars] == ["new", "end"]
    assert cars[1].updated_s == pytest.approx(263, abs=2)


def test_the_next_one_at_the_same_place_is_another() -> None:
    pair = [standing("car", KERB_M, 35, to_s=70), standing("car", KERB_M, 35, from_s=90)]
    assert [report.phase for report in told(incidents(zoned(), pair, 170), "new", "end")] == ["new", "end", "new"]


def lane_under(**more: Any) -> list[dict[str, Any]]:
    lane = scene(2).lanes[1]
    return [{"id": "2", "polygon": lane.polygon, "centreline": lane.centreline, **more}]


def test_at_a_signal_they_wait() -> None:
    parked = [standing("car", 3.5, 40)]
    assert told(incidents(zoned((1.8, 5.2), lane_under(signalised=True)), parked, 100, seed=4)) == []


def test_a_queue_is_none() -> None:
    row = [standing("car", 3.5, 25 + 7 * n) for n in range(4)]
    assert told(incidents(zoned((1.8, 5.2), lane_under()), row, 100, seed=4)) == []


def test_classes_limit_it() -> None:
    both = [standing("car", KERB_M, 30), standing("truck", KERB_M, 50)]
    (report,) = told(incidents(zoned(classes=["truck"]), both, 80, seed=5))
    assert report.road_users[0].track.cls == "truck"


def test_a_box_that_wanders_by_two_metres_has_not_driven_on() -> None:
    moved = Someone("car", lambda t_s: (KERB_M, 35.0 if t_s < 40 else 37.5))
    (report,) = told(incidents(zoned(), [moved], 75))
    assert report.updated_s == pytest.approx(60, abs=1)


def test_who_drives_on_within_the_zone_begins_anew() -> None:
    moved = Someone("car", lambda t_s: (KERB_M, 30.0 + min(max(t_s - 40, 0), 5) * 4))
    (report,) = told(incidents(zoned(), [moved], 115))
    assert report.started_s > 44
