"""Who crawls where one drives fast is told like who stands; who crawls where all do, or is no vehicle, is not."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from edge_agent.core.crawling import LEAST_WIDTH_M, WINDOW_S, Crawling
from edge_agent.core.scene_format import SceneFile
from edge_agent.core.types import Box, IncidentReport, RoadUser, Track
from tests.roads import Someone, clipped, driving, image_of, incidents, scene, standing

METRES_PER_IMAGE, TALL_M = 100.0, 2.0
SHARE = 0.17
FAST = {"1": 80.0}  # 0.17 of it are 13.6 km/h


def user(
    at_m: float, *, cls: str = "car", wide_m: float = 1.8, tall_m: float = TALL_M, lane: str | None = "1",
    calibrated: bool = True, seen: bool = True,
) -> RoadUser:  # fmt: skip
    left, bottom = 0.4, (50 + at_m) / METRES_PER_IMAGE
    box = Box(left, bottom - tall_m / METRES_PER_IMAGE, left + wide_m / METRES_PER_IMAGE, bottom)
    scale = (METRES_PER_IMAGE, 0.0, 0.0, METRES_PER_IMAGE)
    return RoadUser(Track(1, box, cls, 0.8, seen, 9), box.contact, lane, None, (0.0, at_m), scale, None, None, None, calibrated)


def told(
    at_m: Callable[[float], float], seconds: float = 10, usual: dict[str, float] = FAST, fps: float = 10, **changes: Any
) -> Iterator[tuple[float, float | None]]:
    """Frame by frame: the time, and since when it has crawled."""
    crawling = Crawling(1000, SHARE)
    for index in range(round(seconds * fps) + 1):
        at_s = index / fps
        yield at_s, crawling.update(at_s, [user(at_m(at_s), **changes)], usual).get(1)


def first(at_m: Callable[[float], float], **changes: Any) -> float | None:
    return next((at_s for at_s, since_s in told(at_m, **changes) if since_s is not None), None)


def kmh(pace: float) -> Callable[[float], float]:
    return lambda t_s: pace / 3.6 * t_s


@pytest.mark.parametrize("fps", [5, 10, 25])
def test_who_comes_at_a_crawl_is_told_after_the_window(fps: float) -> None:
    assert first(kmh(9), fps=fps) == pytest.approx(WINDOW_S, abs=1.01 / fps)


def test_it_dates_back_and_ends_when_it_speeds_up() -> None:
    spoken = list(told(lambda t_s: 2 * min(t_s, 8) + 10 * max(0, t_s - 8), 12))
    assert {since_s for at_s, since_s in spoken if WINDOW_S + 0.1 < at_s < 8} == {0.0}
    assert spoken[-1][1] is None


def test_who_brakes_to_a_crawl_is_told() -> None:
    at_s = first(lambda t_s: 20 * min(t_s, 3) + 2 * max(0, t_s - 3), seconds=14)
    assert at_s is not None and 3 + WINDOW_S - 0.5 <= at_s <= 3 + WINDOW_S + 1


def test_who_has_been_in_doubt_for_long_is_not_told() -> None:
    """Just at the limit, then slower: when it began nobody can say."""
    assert first(lambda t_s: 3.9 * min(t_s, 8) + 2 * max(0, t_s - 8), seconds=20, tall_m=8) is None


@pytest.mark.parametrize("pace", [15, 30, 80])
def test_who_is_faster_does_not_crawl(pace: float) -> None:
    assert first(kmh(pace)) is None


@pytest.mark.parametrize("usual", [{}, {"1": 39.0}, {"2": 80.0}])
def test_where_one_does_not_drive_fast_nobody_is_told(usual: dict[str, float]) -> None:
    assert first(kmh(4), usual=usual) is None


def test_nobody_crawls_above_15_kmh_however_fast_the_others_are() -> None:
    assert first(kmh(17), usual={"1": 160.0}) is None


@pytest.mark.parametrize("cls", sorted(LEAST_WIDTH_M))
def test_what_is_narrower_than_its_class_is_something_else(cls: str) -> None:
    assert first(kmh(4), cls=cls, wide_m=LEAST_WIDTH_M[cls] + 0.1) is not None
    assert first(kmh(4), cls=cls, wide_m=LEAST_WIDTH_M[cls] - 0.1) is None


@pytest.mark.parametrize(
    "changes", [{"cls": "person"}, {"cls": "motorcycle"}, {"calibrated": False}, {"lane": None}, {"seen": False}]
)
def test_only_vehicles_that_are_measured_on_a_lane(changes: dict[str, Any]) -> None:
    assert first(kmh(4), **changes) is None


def test_where_boxes_wander_by_more_than_makes_a_stand_nothing_is_sure() -> None:
    assert first(kmh(4), tall_m=12) is not None
    assert first(kmh(4), tall_m=13) is None


def road(**rule: Any) -> SceneFile:
    lane = {"polygon": [[0.0, 0.1], [1.0, 0.1], [1.0, 1.0], [0.0, 1.0]], "centreline": [[0.5, 1.0], [0.5, 0.1]]}
    rules = {"stopped_vehicle": {"dwell_s": 5.0, **rule}, "congestion": {"enabled": False}}
    return scene(lanes=[{"id": "1", **lane}], rules=rules)


def traffic() -> list[Someone]:
    return [driving("car", 2.5, 14, 80, start_s=4.0 * number) for number in range(10)]


def new(reports: list[IncidentReport]) -> list[IncidentReport]:
    return [report for report in reports if report.kind == "stopped_vehicle" and report.phase == "new"]


def test_on_the_road_it_is_one_incident_even_when_it_comes_to_stand() -> None:
    breaks_down = Someone("car", lambda t_s: None if t_s < 12 else (0.0, 14 + 1.5 * min(t_s - 12, 12)))
    (report,) = new(incidents(road(), [breaks_down, *traffic()], 45))
    assert report.updated_s == pytest.approx(17, abs=1)


@pytest.mark.parametrize("rule", [{"crawl_share": 0.0}, {"dwell_s": 30.0}])
def test_it_can_be_switched_off_and_waits_for_the_dwell(rule: dict[str, float]) -> None:
    assert new(incidents(road(**rule), [driving("car", 0, 14, 5, start_s=12), *traffic()], 35)) == []


def test_several_that_crawl_together_are_traffic() -> None:
    crawling = [driving("car", x_m, 14, 5, start_s=12) for x_m in (-2.5, 0.0)]
    assert len(new(incidents(road(), [*crawling, *traffic()], 35))) == 2
    assert new(incidents(road(), [driving("car", -5, 14, 5, start_s=12), *crawling, *traffic()], 35)) == []


def test_behind_a_standing_one_it_is_told() -> None:
    assert len(new(incidents(road(), [standing("car", -3, 30), driving("car", 0, 14, 5, start_s=12), *traffic()], 35))) == 2


def test_who_crawls_by_one_that_stands_on_another_lane_is_careful() -> None:
    """Alone he is told; beside somebody who stands, only that one is."""
    crawling = [driving("car", 0, 14, 5, start_s=12), *traffic()]
    assert [report.lane for report in new(incidents(beside_one_another(), crawling, 35))] == ["1"]
    both = [standing("car", -4, 25), *crawling]
    assert [report.lane for report in new(incidents(beside_one_another(), both, 35))] == ["left"]


def beside_one_another() -> SceneFile:
    def lane(name: str, from_m: float, to_m: float) -> dict[str, Any]:
        corners = [(from_m, 14.2), (to_m, 14.2), (to_m, 100), (from_m, 100)]
        middle = [clipped(image_of((from_m + to_m) / 2, y_m)) for y_m in (14.2, 100)]
        return {"id": name, "polygon": [clipped(image_of(*corner)) for corner in corners], "centreline": middle}

    rules = {"stopped_vehicle": {"dwell_s": 5.0}, "congestion": {"enabled": False}}
    return scene(lanes=[lane("left", -7.0, -2.0), lane("1", -2.0, 5.0)], rules=rules)
