"""What a camera did not see counts neither for nor against anything."""

import pytest

from edge_agent.core.pipeline import Pipeline
from edge_agent.core.scene_format import SceneFile
from edge_agent.core.types import IncidentReport
from tests.roads import Someone, detections, driving, scene, standing

ALWAYS = standing("car", 0, 30)
QUEUE = [standing("car", 0, 18 + 6 * number) for number in range(8)]


def watched(file: SceneFile, users: list[Someone], *spans_s: tuple[float, float]) -> tuple[Pipeline, list[IncidentReport]]:
    """The camera is there in these spans, ten frames a second."""
    pipeline = Pipeline(file)
    moments = [from_s + index / 10 for from_s, to_s in spans_s for index in range(round((to_s - from_s) * 10))]
    said = [one for at_s in moments for one in pipeline.update(at_s, detections(users, at_s))]
    return pipeline, [one for one in said if isinstance(one, IncidentReport)]


@pytest.mark.parametrize("away_s", [1, 5, 30, 55])
def test_a_short_absence_is_left_out_of_the_dwell(away_s: float) -> None:
    _, reports = watched(scene(), [ALWAYS], (0, 5), (5 + away_s, 25 + away_s))
    assert [report.phase for report in reports] == ["new"]
    assert reports[0].updated_s - away_s == pytest.approx(10, abs=2.1)
    assert reports[0].updated_s - reports[0].started_s == pytest.approx(10, abs=0.1)


def test_an_incident_outlasts_a_short_absence_and_keeps_its_beginning() -> None:
    pipeline, reports = watched(scene(), [ALWAYS], (0, 20), (50, 170))
    assert {report.number for report in reports} == set(pipeline.open_incidents) == {1}
    assert {report.started_s for report in reports} == {0.0}
    assert [report.revision for report in reports] == [1, 2, 3]
    assert reports[1].updated_s == pytest.approx(70 + 28, abs=0.2)


@pytest.mark.parametrize("away_s", [61, 600, 3600])
def test_after_a_long_absence_the_dwell_begins_anew(away_s: float) -> None:
    _, (report,) = watched(scene(), [ALWAYS], (0, 5), (5 + away_s, 25 + away_s))
    assert report.started_s == 5 + away_s
    assert report.updated_s == pytest.approx(15 + away_s)


def test_after_a_long_absence_what_was_open_has_ended_with_the_last_frame() -> None:
    _, reports = watched(scene(), [ALWAYS], (0, 20), (620, 640))
    told = [(report.phase, report.number, report.revision) for report in reports]
    assert told == [("new", 1, 1), ("end", 1, 2), ("new", 2, 1)]
    assert (reports[1].ended_s, reports[1].updated_s, reports[1].detail) == (19.9, 620.0, {"ended_by": "unobserved"})


def test_a_camera_that_stays_away_ends_what_is_open_once() -> None:
    pipeline, _ = watched(scene(), [ALWAYS, driving("car", 0, 80, -30)], (0, 5))
    assert list(pipeline.open_incidents) == [1]
    assert pipeline.away(64.0) == []
    (end,) = pipeline.away(66.0)
    assert (end.phase, end.revision, end.ended_s, end.updated_s) == ("end", 2, 4.9, 66.0)
    assert pipeline.away(200.0) == []
    assert (pipeline.open_incidents, pipeline.road_users) == ({}, [])


def test_incidents_of_an_agent_that_stops_end_and_keep_their_detail() -> None:
    pipeline, (new,) = watched(scene(), QUEUE, (0, 40))
    (end,) = pipeline.end_incidents(41.0, "agent_stopped")
    assert (new.kind, end.number, end.ended_s, end.phase) == ("congestion", new.number, 39.9, "end")
    assert end.detail == {**new.detail, "ended_by": "agent_stopped"}
    assert pipeline.open_incidents == {}


def test_a_queue_before_an_absence_says_nothing_of_the_lane_after_it() -> None:
    _, reports = watched(scene(), QUEUE, (0, 20), (50, 95))
    (new,) = [report for report in reports if report.kind == "congestion"]
    assert new.updated_s - 50 >= 30
    _, reports = watched(scene(), QUEUE, (0, 28), (50, 60))
    assert reports == []


def test_a_camera_that_was_away_all_along_says_nothing() -> None:
    assert Pipeline(scene()).away(1e6) == []


def jam(from_s: float = 20) -> list[Someone]:
    """One stands from the start, the others queue behind and before it later."""
    return [standing("car", 0, 30), *(standing("car", 0, y_m, from_s) for y_m in (17, 23.5, 36.5, 43, 49.5, 56))]


def test_a_congestion_replaces_the_stopped_vehicles_of_its_queue() -> None:
    pipeline, reports = watched(scene(), jam(), (0, 90))
    assert [(report.kind, report.phase) for report in reports if report.phase != "update"] == [
        ("stopped_vehicle", "new"), ("congestion", "new"), ("stopped_vehicle", "end"),
    ]  # fmt: skip
    end = next(report for report in reports if report.phase == "end")
    assert (end.number, end.detail) == (1, {"ended_by": "congestion"})
    assert [report.kind for report in pipeline.open_incidents.values()] == ["congestion"]


def test_one_that_others_pass_stays_beside_a_congestion() -> None:
    wide = [{"id": "1", "polygon": [[0, 0.1], [1, 0.1], [1, 1], [0, 1]], "centreline": [[0.5, 1.0], [0.5, 0.1]]}]
    passing = [driving("car", 3.5, 14, 40, start_s=5 + 12 * number) for number in range(8)]
    _, reports = watched(scene(lanes=wide), [*jam(), *passing], (0, 90))
    assert "congestion" in {report.kind for report in reports}
    assert not [report for report in reports if report.kind == "stopped_vehicle" and report.phase == "end"]
