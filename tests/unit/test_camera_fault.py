"""A camera that does not see its road: told once, for the right reason, and meanwhile no rule judges."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from edge_agent.core.pipeline import Pipeline
from edge_agent.core.types import NO_DETECTIONS, IncidentReport, PictureReading, StandingView
from tests.roads import Someone, detections, scene, standing

EVERY_S = 0.3
IN_PLACE = StandingView(flat=0.0, detail=1.0, shift=(0.0, 0.0), certainty=25.0)
WELL = PictureReading(brightest=210.0, darkest=30.0, burnt=0.0, contrast=35.0, still_s=0.0, standing=IN_PLACE)


def seen(**changes: Any) -> PictureReading:
    return replace(WELL, standing=replace(IN_PLACE, **changes))


def beside(share: float, certainty: float = 15.0) -> PictureReading:
    return seen(shift=(share, 0.0), certainty=certainty)


FAULTS = {
    "black": replace(WELL, brightest=12.0, contrast=1.0, standing=replace(IN_PLACE, flat=1.0, certainty=4.0)),
    "overexposed": replace(WELL, burnt=0.9, contrast=9.0, standing=replace(IN_PLACE, flat=0.9)),
    "covered": seen(flat=0.6, detail=0.4),
    "frozen": replace(WELL, still_s=2.0),
    "blurred": seen(detail=0.5),
    "moved": beside(0.1),
}
Script = Callable[[float], PictureReading | None]


def watched(
    script: Script, seconds: float, users: tuple[Someone, ...] = (), from_s: float = 0.0, pipeline: Pipeline | None = None,
    **rule: Any,
) -> tuple[Pipeline, list[IncidentReport]]:  # fmt: skip
    """A frame every EVERY_S, and what the script says of it."""
    pipeline = pipeline or Pipeline(scene(rules={"camera_fault": rule}))
    said: list[Any] = []
    for index in range(round(seconds / EVERY_S)):
        at_s = from_s + index * EVERY_S
        said += pipeline.update(at_s, detections(users, at_s) if users else NO_DETECTIONS, script(at_s))
    return pipeline, [one for one in said if isinstance(one, IncidentReport)]


def told(reports: list[IncidentReport]) -> list[tuple[str, Any]]:
    return [(report.phase, report.detail.get("reason", report.kind)) for report in reports if report.phase != "update"]


def during(fault: PictureReading | None, from_s: float, to_s: float) -> Script:
    return lambda at_s: fault if from_s <= at_s < to_s else WELL


def test_a_healthy_camera_says_nothing() -> None:
    pipeline, reports = watched(lambda at_s: WELL, 60)
    assert (reports, pipeline.unjudged) == ([], 0)


@pytest.mark.parametrize("reason", FAULTS)
def test_each_reason_is_told_within_half_a_minute_and_ends(reason: str) -> None:
    pipeline, reports = watched(during(FAULTS[reason], 20, 60), 80)
    assert told(reports) == [("new", reason), ("end", reason)]
    new, end = reports
    assert (new.kind, new.severity, new.lane, new.box) == ("camera_fault", "medium", None, None)
    assert 27 < new.updated_s < 34 and 19 < new.started_s < 25
    assert end.ended_s is not None and 64 < end.ended_s < 70
    assert pipeline.open_incidents == {} and pipeline.unjudged > 130


@pytest.mark.parametrize("reason", FAULTS)
def test_what_is_soon_over_is_none(reason: str) -> None:
    _, reports = watched(lambda at_s: FAULTS[reason] if at_s % 20 < 5 else WELL, 120)
    assert reports == []


def test_a_fault_that_flickers_is_one() -> None:
    _, reports = watched(lambda at_s: FAULTS["covered"] if 20 < at_s < 60 and at_s % 4 > 0.9 else WELL, 80)
    assert told(reports) == [("new", "covered"), ("end", "covered")]


def test_an_open_one_says_now_and_then_that_it_lasts() -> None:
    _, reports = watched(during(FAULTS["black"], 5, 1e9), 200)
    assert [(report.phase, report.revision) for report in reports] == [("new", 1), ("update", 2), ("update", 3), ("update", 4)]


@pytest.mark.parametrize(
    ("reading", "reason"),
    [
        (replace(FAULTS["black"], still_s=30.0), "black"),
        (replace(FAULTS["overexposed"], still_s=30.0), "overexposed"),
        (replace(WELL, darkest=120.0, burnt=0.1), "overexposed"),  # by night
        (replace(FAULTS["covered"], still_s=30.0), "covered"),
        (replace(WELL, contrast=1.0, standing=None), "covered"),  # from the first picture on
        (seen(flat=0.5, detail=0.5, shift=(0.3, 0.0), certainty=9.0), "moved"),  # a black border where nothing was before
        (seen(certainty=4.5, shift=(0.4, 0.2)), "moved"),  # quite another view
    ],
)
def test_the_reason_that_explains_the_rest(reading: PictureReading, reason: str) -> None:
    _, reports = watched(during(reading, 10, 1e9), 40)
    assert told(reports) == [("new", reason)]


def test_a_blind_camera_hides_that_it_was_moved() -> None:
    def script(at_s: float) -> PictureReading:
        return WELL if at_s < 10 else FAULTS["moved"] if at_s < 40 or at_s > 60 else FAULTS["black"]

    _, reports = watched(script, 100)
    assert told(reports) == [("new", "moved"), ("new", "black"), ("end", "black")]


@pytest.mark.parametrize("share", [0.01, 0.025, 0.05])
def test_who_shakes_is_not_moved(share: float) -> None:
    sides = (-1.0, -0.4, 0.3, 1.0, 0.5, -0.2)
    _, reports = watched(lambda at_s: beside(share * sides[round(at_s / EVERY_S) % 6]), 120)
    assert reports == []


def test_a_small_move_is_a_note_and_the_zones_follow() -> None:
    pipeline, reports = watched(lambda at_s: WELL if at_s < 10 else beside(0.024), 60)
    lanes = scene().lanes
    assert told(reports) == [("new", "moved"), ("end", "moved")]
    assert {report.severity for report in reports} == {"low"} and reports[0].updated_s == reports[1].updated_s
    assert reports[0].detail == {"reason": "moved", "zones": "followed", "moved_percent": 2.4}
    assert pipeline.registered == pytest.approx((0.024, 0.0))
    assert pipeline.scene.lanes[0].polygon[:, 0] - [x for x, _ in lanes[0].polygon] == pytest.approx(0.024)
    assert pipeline.unjudged == 0


def test_zones_that_followed_come_back_with_the_camera_in_silence() -> None:
    pipeline, reports = watched(lambda at_s: beside(0.024) if 10 < at_s < 60 else WELL, 120)
    assert len(reports) == 2 and pipeline.registered == (0.0, 0.0)


def test_a_move_that_is_already_known_is_no_news_after_a_restart() -> None:
    pipeline = Pipeline(scene(), registered=(0.024, 0.0))
    _, reports = watched(lambda at_s: beside(0.024), 60, pipeline=pipeline)
    assert reports == [] and pipeline.scene.lanes[0].polygon[0, 0] == pytest.approx(scene().lanes[0].polygon[0][0] + 0.024)


def test_a_large_move_suspends_the_zones_until_it_is_undone() -> None:
    pipeline, reports = watched(during(beside(0.12), 10, 1e9), 60)
    assert reports[0].detail == {"reason": "moved", "zones": "suspended", "moved_percent": 12.0}
    assert pipeline.registered == (0.0, 0.0) and pipeline.unjudged > 155
    _, reports = watched(lambda at_s: WELL, 20, from_s=60, pipeline=pipeline)
    assert told(reports) == [("end", "moved")]


def test_nobody_is_judged_by_a_frozen_picture() -> None:
    stands = standing("car", 0, 30)
    _, reports = watched(lambda at_s: replace(WELL, still_s=at_s), 60, (stands,))
    assert told(reports) == [("new", "frozen")]
    _, reports = watched(lambda at_s: WELL, 30, (stands,))
    assert told(reports) == [("new", "stopped_vehicle")]


def test_what_is_open_on_the_road_outlasts_a_short_cover_and_not_a_long_one() -> None:
    stands = standing("car", 0, 30)
    _, short = watched(during(FAULTS["covered"], 20, 40), 60, (stands,))
    assert told(short) == [("new", "stopped_vehicle"), ("new", "covered"), ("end", "covered")]
    _, long = watched(during(FAULTS["covered"], 20, 100), 100, (stands,))
    assert told(long) == [("new", "stopped_vehicle"), ("new", "covered"), ("end", "stopped_vehicle")]
    assert [report.detail["ended_by"] for report in long if report.phase == "end"] == ["unobserved"]


def test_road_users_begin_anew_where_the_zones_followed() -> None:
    _, reports = watched(lambda at_s: WELL if at_s < 20 else beside(0.024), 40, (standing("car", 0, 30),))
    end = next(report for report in reports if report.kind == "stopped_vehicle" and report.phase == "end")
    assert end.detail["ended_by"] == "moved"


def test_a_camera_that_falls_silent_and_comes_back() -> None:
    pipeline, _ = watched(lambda at_s: WELL, 10)
    assert pipeline.miss(12.0) == []
    (new,) = pipeline.miss(18.0)
    assert (new.phase, new.detail, new.started_s) == ("new", {"reason": "no_frames"}, pytest.approx(9.9, abs=0.4))
    assert [pipeline.miss(20.0 + index) for index in range(3)] == [[], [], []]
    _, reports = watched(lambda at_s: WELL, 10, from_s=30, pipeline=pipeline)
    assert told(reports) == [("end", "no_frames")] and reports[0].updated_s < 36


def test_a_camera_that_never_gives_a_picture_has_time_to_start() -> None:
    pipeline = Pipeline(scene())
    assert [pipeline.miss(at_s) for at_s in (1000.0, 1010.0, 1024.0)] == [[], [], []]
    assert [report.phase for report in pipeline.miss(1026.0)] == ["new"]


def test_a_recording_without_pictures_says_nothing() -> None:
    pipeline, reports = watched(lambda at_s: None, 60)
    assert (reports, pipeline.unjudged) == ([], 0)


@pytest.mark.parametrize("rule", [{"enabled": False}, {"reasons": ["frozen"]}, {"reasons": []}])
def test_what_is_not_asked_for_is_not_told_and_stops_no_rule(rule: dict[str, Any]) -> None:
    pipeline, reports = watched(during(FAULTS["covered"], 5, 40), 60, **rule)
    assert (reports, pipeline.unjudged) == ([], 0)
    assert [pipeline.miss(100.0), pipeline.registered] == [[], (0.0, 0.0)]


def test_parameters() -> None:
    _, reports = watched(during(FAULTS["black"], 10, 30), 60, duration_s=2, recover_s=20, severity="high")
    assert [round(report.updated_s) for report in reports] == [12, 50] and reports[0].severity == "high"
    _, reports = watched(during(beside(0.05), 10, 30), 30, small_move=0.06)
    assert reports[0].detail["zones"] == "followed"


def test_a_stopped_agent_ends_a_fault_too() -> None:
    pipeline, _ = watched(during(FAULTS["black"], 5, 1e9), 30)
    (end,) = pipeline.end_incidents(31.0, "agent_stopped")
    assert (end.phase, end.detail) == ("end", {"reason": "black", "ended_by": "agent_stopped"})
