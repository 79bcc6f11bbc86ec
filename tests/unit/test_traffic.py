"""Counts and minutes against traffic that is known."""

from collections.abc import Callable

import pytest

from edge_agent.core.pipeline import Pipeline
from edge_agent.core.types import NO_DETECTIONS, LineTraffic, TrafficMinute
from tests.roads import Someone, clipped, driving, image_of, play, scene

STREAM = [driving(cls, 0, 12, 60, start_s=5.0 * n) for n, cls in enumerate(["car", "car", "truck", "motorcycle"] * 3)]


def across(y_m: float, left_m: float = -3, right_m: float = 3) -> list[tuple[float, float]]:
    return [clipped(image_of(left_m, y_m)), clipped(image_of(right_m, y_m))]


def minutes(lines: list[dict[str, object]], users: list[Someone], seconds: float, **how: object) -> list[TrafficMinute]:
    frames = list(play(scene(count_lines=lines), users, seconds, **how))  # type: ignore[arg-type]
    found = [one for _, _, said in frames for one in said if isinstance(one, TrafficMinute)]
    return found + frames[-1][1].flush()


def total(found: list[TrafficMinute], forward: bool) -> int:
    return sum(sum((line.forward if forward else line.backward).values()) for minute in found for line in minute.lines)


def test_a_line_counts_each_road_user_once() -> None:
    found = minutes([{"id": "c1", "line": across(30)}], STREAM, 70, seed=1, seen=0.85)
    # walking to the right along the line, away from the camera is from right to left: backward
    assert (total(found, True), total(found, False)) == (0, len(STREAM))


def test_whoever_is_lost_before_the_line_has_crossed_it_and_once_only() -> None:
    def drives(t_s: float) -> tuple[float, float]:
        return 0.0, 14 + 60 / 3.6 * t_s  # at the line, 30 m, after 0.96 s

    line = [{"id": "c1", "line": across(30)}]
    lost = Someone("car", lambda t_s: drives(t_s) if t_s < 0.8 else None)
    found = minutes(line, [lost], 8, seed=1)
    assert (total(found, True), total(found, False)) == (0, 1)
    again = Someone("car", lambda t_s: drives(t_s) if t_s < 0.8 or t_s > 1.2 else None)
    found = minutes(line, [again], 8, seed=1)
    assert (total(found, True), total(found, False)) == (0, 1)


def test_whoever_stops_unseen_before_the_line_has_not_crossed_it() -> None:
    stops_m, lost_s, seen_s = 29.0, 5.4, 6.0

    def at(t_s: float) -> tuple[float, float] | None:
        return None if lost_s < t_s < seen_s else (0.0, min(stops_m, 14 + 10 / 3.6 * t_s))

    found = minutes([{"id": "c1", "line": across(30)}], [Someone("car", at)], 12, seed=1)
    assert (total(found, True), total(found, False)) == (0, 0)


def test_with_a_lane_forward_is_the_legal_direction() -> None:
    found = minutes([{"id": "c1", "line": across(30), "lane": "1"}], STREAM, 70, seed=1)
    assert (total(found, True), total(found, False)) == (len(STREAM), 0)


def test_classes_are_told_apart() -> None:
    found = minutes([{"id": "c1", "line": across(30), "lane": "1"}], STREAM, 70)
    counted: dict[str, int] = {}
    for minute in found:
        for cls, n in minute.lines[0].forward.items():
            counted[cls] = counted.get(cls, 0) + n
    assert counted == {"car": 6, "truck": 3, "motorcycle": 3}


def test_beside_the_line_nothing_is_counted() -> None:
    found = minutes([{"id": "c1", "line": across(30, 4, 8)}], STREAM, 70)
    assert total(found, True) + total(found, False) == 0


def test_standing_on_the_line_counts_nothing() -> None:
    trembling = [Someone("car", lambda t_s: (0.0, 30.0))]
    found = minutes([{"id": "c1", "line": across(30)}], trembling, 60, seed=4)
    assert total(found, True) + total(found, False) == 0


def test_lines_of_a_minute_start_anew() -> None:
    found = minutes([{"id": "c1", "line": across(30), "lane": "1"}], STREAM, 130, seed=2)
    assert [minute.from_s for minute in found] == [0, 60, 120]
    assert found[2].lines == (LineTraffic("c1", {}, {}),)


def test_a_lane_knows_its_speeds_counts_and_headway() -> None:
    found = minutes([], STREAM, 60.5, seed=3)[0].lanes[0]
    assert sum(found.counts.values()) == 12
    assert found.mean_kmh == pytest.approx(60, abs=1.5)
    assert found.p85_kmh == pytest.approx(60, abs=3)
    assert found.headway_s == pytest.approx(5, abs=0.3)
    assert 0.02 < found.occupancy < 0.4
    assert found.queue_m == 0


def begins(offset_s: Callable[[float], float], seconds: int) -> list[float]:
    """Where the minutes begin on a wall clock that is `offset_s` ahead of the frames' time."""
    now = [0.0]
    pipeline = Pipeline(scene(), lambda: offset_s(now[0]) % 60)
    found = []
    for now[0] in (index / 2 for index in range(2 * seconds)):
        said = pipeline.update(now[0], NO_DETECTIONS)
        found += [one.from_s + offset_s(now[0]) for one in said if isinstance(one, TrafficMinute)]
    return found


def test_minutes_are_those_of_the_wall_clock() -> None:
    assert begins(lambda _: 1e6 + 37.0, 200) == [1e6 + 20 + 60 * n for n in range(3)]


@pytest.mark.parametrize("set_to", [1_790_000_017.3, -3600.0 * 24 * 365 + 5.5])
def test_minutes_follow_a_clock_that_is_set(set_to: float) -> None:
    found = begins(lambda now_s: 12.0 if now_s < 90 else set_to, 400)
    assert [round(begin % 60, 3) % 60 for begin in found[2:]] == [0.0] * len(found[2:])
    assert len(found) >= 6
    assert len(set(found)) == len(found)


@pytest.mark.parametrize("drift", [-5e-4, 5e-4])
def test_a_clock_that_is_steered_gives_every_minute_once(drift: float) -> None:
    found = begins(lambda now_s: 12.0 + drift * now_s, 600)
    assert [round(begin / 60) for begin in found] == list(range(len(found)))
    assert len(found) in (9, 10)
