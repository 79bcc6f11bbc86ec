"""Levels that do not flicker, rings that forget after 24 h, what the agent gives up by itself, and who has stopped working."""

import pytest

from edge_agent.core.health.gauge import Gauge, Limit, Patience, Verdict
from edge_agent.core.health.progress import Beat, feeding_every_s, stuck
from edge_agent.core.health.relief import DOWN_EVERY_S, SHARES, UP_EVERY_S, Relief
from edge_agent.core.health.snapshot import TrendPoint, worst
from edge_agent.core.health.trend import Ring

HEAT = Limit(warn=75, bad=85, ease=3)
ROOM = Limit(warn=100, bad=20, ease=5)


@pytest.mark.parametrize(
    ("limit", "value", "before", "level"),
    [
        (HEAT, 74.9, "ok", "ok"), (HEAT, 75, "ok", "warn"), (HEAT, 85, "ok", "bad"),
        (HEAT, 72.1, "warn", "warn"), (HEAT, 72.1, "ok", "ok"), (HEAT, 71.9, "warn", "ok"),
        (HEAT, 82.1, "bad", "bad"), (HEAT, 82.1, "warn", "warn"), (HEAT, 81.9, "bad", "warn"), (HEAT, 71.9, "bad", "ok"),
        (ROOM, 101, "ok", "ok"), (ROOM, 100, "ok", "warn"), (ROOM, 104, "warn", "warn"), (ROOM, 106, "warn", "ok"),
        (ROOM, 20, "ok", "bad"), (ROOM, 24, "bad", "bad"), (ROOM, 26, "bad", "warn"),
    ],
)  # fmt: skip
def test_a_level_is_left_only_by_its_margin(limit: Limit, value: float, before: str, level: str) -> None:
    assert limit.grade(value, before) == level  # type: ignore[arg-type]


def told(gauge: Gauge, *found: tuple[float, str]) -> list[str]:
    return [gauge.update(at_s, Verdict(level, f"x.{level}")).level for at_s, level in found]  # type: ignore[arg-type]


def test_what_is_worse_is_told_when_it_has_lasted_and_what_is_better_too() -> None:
    gauge = Gauge(Patience(10, 20), "x.ok")
    assert told(gauge, (0, "bad"), (9, "bad"), (10, "bad")) == ["ok", "ok", "bad"]
    assert gauge.since_s == 0
    assert told(gauge, (11, "ok"), (30, "ok"), (31, "ok")) == ["bad", "bad", "ok"]
    assert gauge.since_s == 11


def test_a_short_lapse_begins_the_wait_anew() -> None:
    gauge = Gauge(Patience(10, 20), "x.ok")
    assert told(gauge, (0, "bad"), (9, "ok"), (10, "bad"), (19, "bad"), (20, "bad")) == ["ok"] * 4 + ["bad"]


def test_worse_and_better_do_not_share_their_waits() -> None:
    gauge = Gauge(Patience(10, 20), "x.ok")
    told(gauge, (0, "warn"), (10, "warn"))
    assert told(gauge, (11, "ok"), (30, "bad"), (31, "bad"), (39, "bad"), (40, "bad")) == ["warn"] * 4 + ["bad"]


def test_within_a_level_the_words_follow_at_once() -> None:
    gauge = Gauge(Patience(), "x.ok")
    gauge.update(0, Verdict("bad", "camera.black"))
    assert gauge.update(1, Verdict("bad", "camera.covered")).said == "camera.covered" and gauge.since_s == 0


def test_a_ring_keeps_low_mean_and_high_of_each_slot() -> None:
    ring = Ring(slots=3, slot_s=10)
    for at_s, value in [(0, 5.0), (4, 1.0), (9.9, 3.0), (25, 7.0)]:
        ring.add(at_s, value)
    assert ring.points(26) == (TrendPoint(26.0, 1.0, 3.0, 5.0), TrendPoint(6.0, 7.0, 7.0, 7.0))


def test_a_ring_forgets_what_is_older_than_itself_whether_or_not_it_was_fed() -> None:
    ring = Ring(slots=3, slot_s=10)
    for at_s in (0, 10, 20, 30):
        ring.add(at_s, at_s)
    assert [point.mean for point in ring.points(30)] == [10, 20, 30]
    assert [point.mean for point in ring.points(49)] == [20, 30]
    assert [point.mean for point in ring.points(50)] == [30]
    assert ring.points(60) == ()
    ring.add(500, 1.0)
    assert ring.points(500) == (TrendPoint(0.0, 1.0, 1.0, 1.0),)
    assert Ring().points(0) == ()


def test_a_ring_goes_on_where_another_stopped() -> None:
    ring, before = Ring(slots=4, slot_s=10), Ring(slots=4, slot_s=10)
    for at_s, value in [(5, 1.0), (15, 2.0), (16, 4.0)]:
        before.add(at_s, value)
    ring.restore(before.points(18), at_s=-12)  # the clock began anew 30 s later
    ring.add(3, 9.0)
    assert [(point.ago_s, point.low, point.mean, point.high) for point in ring.points(4)] == [
        (34.0, 1.0, 1.0, 1.0), (24.0, 2.0, 3.0, 4.0), (4.0, 9.0, 9.0, 9.0)
    ]  # fmt: skip


def test_heat_takes_frames_step_by_step_and_never_all() -> None:
    relief, at_s = Relief(), 0.0
    assert relief.update(at_s, "bad") == SHARES[1]
    assert relief.update(at_s + DOWN_EVERY_S - 1, "bad") == SHARES[1]
    assert relief.update(at_s + DOWN_EVERY_S, "bad") == SHARES[2]
    for _ in range(20):
        at_s += DOWN_EVERY_S
        relief.update(at_s, "bad")
    assert relief.frame_share == SHARES[-1] > 0


def test_frames_come_back_one_step_at_a_time_when_all_is_well() -> None:
    relief = Relief()
    relief.update(0, "bad")
    relief.update(DOWN_EVERY_S, "bad")
    assert relief.update(1000, "warn") == SHARES[2]  # warm: it holds
    assert relief.update(1001, "ok") == SHARES[2]
    assert relief.update(1001 + UP_EVERY_S - 1, "ok") == SHARES[2]
    assert relief.update(1001 + UP_EVERY_S, "ok") == SHARES[1]
    assert relief.update(1002 + UP_EVERY_S, "ok") == SHARES[1]
    assert relief.update(1003 + UP_EVERY_S, "warn") == SHARES[1]
    assert relief.update(1001 + 2 * UP_EVERY_S, "ok") == SHARES[1]  # it was warm in between
    assert relief.update(1001 + 3 * UP_EVERY_S, "ok") == 1.0


def test_a_worker_that_is_overdue_is_named() -> None:
    beats = {"event-sink": Beat(100, 25), "camera north": Beat(80, 20)}
    assert stuck(100, beats) == {}
    assert stuck(101, beats) == {"camera north": 21}
    assert feeding_every_s(15) == 5


def test_the_worst_of_levels() -> None:
    assert worst(["warn", "bad", "ok"]) == "bad" and worst(["ok", "warn"]) == "warn" and worst([]) == "ok"
