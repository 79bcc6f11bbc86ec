"""The score: how events are matched to truth, and what the figures say."""

from dataclasses import replace

import pytest

from edge_agent.core.scoring import SceneScore, match_counts, match_incidents, match_speed, poisson_upper_95, summary
from edge_agent.core.truth_format import TrueCount, TrueIncident, TrueSpeed, Truth, TruthError, parse_truth
from edge_agent.core.types import Box, IncidentReport, LineTraffic, RoadUser, Track

BOX = Box(0.4, 0.4, 0.5, 0.5)
EVENT = IncidentReport(
    "stopped_vehicle", "new", 1, 1, "north", "s1", "high", 0.9, 0.0, 12.0, None, BOX, None, (), 1, {}
)  # fmt: skip


def truth(*incidents: TrueIncident, **more: object) -> Truth:
    return Truth(fps=10, duration_s=100, incidents=incidents, **more)  # type: ignore[arg-type]


def stop(start_s: float = 2.0, end_s: float = 50.0, **more: object) -> TrueIncident:
    return TrueIncident("stopped_vehicle", start_s, end_s, **more)  # type: ignore[arg-type]


def scored(known: Truth, *events: IncidentReport, rule_s: float = 10.0) -> SceneScore:
    score = SceneScore(known.duration_s)
    match_incidents(known, events, {"stopped_vehicle": rule_s}, score)
    return score


def at(time_s: float, **changes: object) -> IncidentReport:
    return replace(EVENT, updated_s=time_s, **changes)  # type: ignore[arg-type]


def counted(score: SceneScore) -> tuple[int, int, int]:
    kind = score.kinds["stopped_vehicle"]
    return kind.hits, kind.false_alarms, kind.duplicates


def test_a_hit_has_two_delays() -> None:
    kind = scored(truth(stop()), at(12.5)).kinds["stopped_vehicle"]
    assert (kind.truths, kind.hits) == (1, 1)
    assert kind.from_start_s == [10.5] and kind.delays_s == [0.5]


@pytest.mark.parametrize(
    ("time_s", "hit"), [(0.9, False), (1.1, True), (2.0, True), (54.9, True), (55.1, False)]
)
def test_the_window_is_from_a_little_early_to_five_seconds_late(time_s: float, hit: bool) -> None:
    assert counted(scored(truth(stop()), at(time_s))) == ((1, 0, 0) if hit else (0, 1, 0))


def test_early_s_is_the_truth_s_own() -> None:
    assert counted(scored(truth(stop(start_s=10), early_s=3.0), at(7.5))) == (1, 0, 0)


def test_lane_and_box_must_fit_where_truth_gives_them() -> None:
    assert counted(scored(truth(stop(lane="s1", box=BOX)), at(12))) == (1, 0, 0)
    assert counted(scored(truth(stop(lane="s2")), at(12))) == (0, 1, 0)
    assert counted(scored(truth(stop(box=(0.8, 0.8, 0.9, 0.9))), at(12))) == (0, 1, 0)
    assert counted(scored(truth(stop(box=BOX)), at(12, box=None))) == (0, 1, 0)


def test_a_second_event_is_a_duplicate_and_a_stray_one_a_false_alarm() -> None:
    assert counted(scored(truth(stop()), at(12), at(20), at(70))) == (1, 1, 1)


def test_each_event_takes_the_earliest_free_truth() -> None:
    both = truth(stop(start_s=2), stop(start_s=5))
    assert scored(both, at(13), at(12)).kinds["stopped_vehicle"].from_start_s == [10.0, 8.0]


def test_updates_and_ends_are_no_events() -> None:
    assert "stopped_vehicle" not in scored(truth(), at(12, phase="update"), at(13, phase="end")).kinds


def test_what_no_detector_finds_is_neither_asked_nor_held_against() -> None:
    known = truth(stop(findable=0.3), stop(20.0, 60.0))
    assert counted(scored(known, at(30.0))) == (1, 0, 0)
    assert counted(scored(truth(stop(findable=0.3)), at(14.0))) == (0, 0, 0)
    unseen = truth(stop(findable=0.3), stop(20.0, 40.0, findable=0.49))
    figures = summary([scored(unseen, at(14.0))])["kinds"]["stopped_vehicle"]
    assert (figures["truths"], figures["misses"], figures["unseen"]) == (0, 0, {"truths": 2, "hits": 1})


def test_another_kind_does_not_match() -> None:
    score = scored(truth(stop()), at(12, kind="wrong_way"))
    assert score.kinds["wrong_way"].false_alarms == 1
    assert score.kinds["stopped_vehicle"].hits == 0
    assert [verdict.what for verdict in score.verdicts] == ["false_alarm", "miss"]


def test_count_error_sums_over_all_rows() -> None:
    known = Truth(
        fps=10, duration_s=60,
        counts=(TrueCount("c1", 5, "car", "forward"), TrueCount("c1", 2, "car", "backward"), TrueCount("c2", 7)),
    )  # fmt: skip
    score = SceneScore(60)
    match_counts(known, [LineTraffic("c1", {"car": 4, "bus": 9}, {"car": 3}), LineTraffic("c2", {"bus": 3}, {"car": 4})], score)
    assert score.counts == [(5, 4), (2, 3), (7, 7)]


def user(x: float, kmh: float | None, se_kmh: float = 1.0) -> RoadUser:
    track = Track(1, BOX, "car", 0.9, True, 9)
    return RoadUser(track, (x, 0.5), None, None, (0, 0), (1, 0, 0, 1), kmh, se_kmh, None, True)


def test_a_speed_belongs_to_the_nearest_road_user_within_reach() -> None:
    score = SceneScore(60)
    one = TrueSpeed(1.0, (0.5, 0.5), 60.0)
    match_speed(one, [user(0.54, 90), user(0.52, 61.5)], score)
    match_speed(one, [user(0.56, 60)], score)  # too far
    match_speed(one, [user(0.5, None)], score)  # not measured
    match_speed(one, [user(0.5, 63)], score)  # outside 1.96 standard errors
    assert [round(seen - true, 6) for true, seen in score.speeds_kmh] == [1.5, 3.0]
    assert (score.speed_misses, score.speed_inside) == (2, 1)


def test_the_summary_has_the_agreed_names() -> None:
    figures = summary([scored(truth(stop(), stop(start_s=60, end_s=90)), at(12), at(95.5)), SceneScore(100)])
    assert figures["scenes"] == 2 and figures["duration_s"] == 200
    assert figures["kinds"]["stopped_vehicle"] == {
        "truths": 2, "hits": 1, "misses": 1, "false_alarms": 1, "duplicates": 0, "recall": 0.5, "precision": 0.5,
        "delay_s": {"p50": 0.0, "p95": 0.0}, "delay_from_start_s": {"p50": 10.0, "p95": 10.0},
            "unseen": {"truths": 0, "hits": 0},
    }  # fmt: skip
    assert figures["total"]["recall"] == 0.5
    assert figures["false_alarms_per_camera_day"]["estimate"] == 432.0
    assert figures["counts"] == {"truth": 0, "counted": 0, "error": None}
    assert figures["speeds"]["mae_kmh"] is None


@pytest.mark.parametrize(("n", "bound"), [(0, 3.0), (1, 4.744), (3, 7.754), (10, 16.962), (1000, 1053.6)])
def test_the_upper_bound_is_poisson_s(n: int, bound: float) -> None:
    assert poisson_upper_95(n) == pytest.approx(bound, rel=1e-4)


def test_ten_hours_without_a_false_alarm_prove_fewer_than_7_2_a_day() -> None:
    assert summary([SceneScore(36000)])["false_alarms_per_camera_day"] == {"estimate": 0.0, "upper_95": 7.2}


def test_a_wrong_truth_names_the_place() -> None:
    with pytest.raises(TruthError, match=r"incidents\[1\]\.start_s"):
        parse_truth(b'{"fps":10,"duration_s":5,"incidents":[{"kind":"a","start_s":1,"end_s":2},{"kind":"a","start_s":"x","end_s":2}]}')
    with pytest.raises(TruthError, match="JSON"):
        parse_truth(b"{")
