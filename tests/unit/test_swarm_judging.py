"""What a swarm calls lost, twice, late and a storm; and what its devices say."""

import sqlite3
from itertools import pairwise, takewhile
from pathlib import Path
from random import Random

import msgspec
import pytest

from edge_agent.config import BrokerConfig
from scripts.swarms.conductor import Breakage, Course, Plan
from scripts.swarms.device import Absence, History
from scripts.swarms.figures import judged
from scripts.swarms.judging import bound_s, late_ones, quantile, worst_allowed, worst_second
from scripts.swarms.processes import Seen
from scripts.swarms.stored import Found, in_database
from scripts.swarms.traffic import Outages, Pattern, outages, schedule

BROKER = BrokerConfig()
WHOLE = Found(lost=0, duplicated=0, stored=3)
HISTORIES = [History("swarm-1", {"s": 3, "t": 0}, pending=0, lost=0, resent=0, refused=0)]


def test_a_bound_is_the_sum_of_the_longest_waits() -> None:
    def bound(failures: int, steady: bool = True) -> float:
        return bound_s(Absence("d", 0, 0, failures, steady), BROKER)

    assert bound(0) == 15 + 5
    assert bound(1) == 15 + 30 + 10 + 5
    assert bound(5) == 15 + 30 + 60 + 120 + 120 + 120 + 50 + 5
    assert bound(0, steady=False) == 120 + 5
    assert late_ones([Absence("d", 0, 19, 0, True), Absence("e", 0, 21, 0, True)], BROKER) == [Absence("e", 0, 21, 0, True)]


def test_a_swarm_that_stood_still_itself_is_judged_less_closely() -> None:
    late = [Absence("d", 0, 21, 0, True)]
    assert late_ones(late, BROKER, stall_s=0.4) == late and late_ones(late, BROKER, stall_s=0.6) == []
    assert (worst_allowed(0.0), worst_allowed(1.0)) == (0.15, 0.3)


def test_the_worst_second_is_any_second() -> None:
    assert worst_second([0.0, 0.9, 1.8, 2.0, 2.7, 9.0], devices=10) == 0.3
    assert worst_second([], devices=10) == 0.0


def test_quantiles() -> None:
    assert quantile([], 0.5) == 0.0
    assert [quantile([1.0, 2.0, 3.0, 4.0], share) for share in (0.0, 0.5, 1.0)] == [1.0, 3.0, 4.0]


@pytest.mark.parametrize(
    ("rows", "lost", "duplicated"),
    [
        ([(1, "a"), (2, "b"), (3, "c")], 0, 0),
        ([(1, "a"), (3, "c")], 1, 0),
        ([(1, "a"), (2, "b"), (3, "a")], 0, 1),  # one event under two numbers
        ([(1, "a"), (2, "b"), (3, "c"), (4, "d")], 0, 1),  # nobody committed it
    ],
)
def test_the_store_is_held_against_the_devices(tmp_path: Path, rows: list[tuple[int, str]], lost: int, duplicated: int) -> None:
    with sqlite3.connect(tmp_path / "collector.sqlite") as store:
        store.execute("CREATE TABLE events (stream, seq, kind, payload)")
        payloads = [("s", seq, msgspec.json.encode({"data": {"run": mark}})) for seq, mark in rows]
        store.executemany("INSERT INTO events VALUES (?, ?, 'health', ?)", payloads)
    store.close()
    assert in_database(tmp_path / "collector.sqlite", HISTORIES) == Found(lost, duplicated, len(rows))


def course(**changes: object) -> Course:
    made = Course(up_s=10.0, ended_s=610.0, drained_s=611.0, breakages=[Breakage("broker", 310.0, 311.0)], histories=HISTORIES)
    made.memory = [(at, 100.0 if at < 310 else 105.0) for at in range(10, 611)]
    for name, value in changes.items():
        setattr(made, name, value)
    return made


def verdict(made: Course, absences: list[Absence], found: Found = WHOLE) -> tuple[bool, str]:
    seen = Seen(online=200, committed=3, acknowledged=3, absences=absences)
    told = judged(Plan(200, 600, 1, BROKER), seen, made, found, {})
    return told.passed, " ".join(told.broken)


SPREAD = [Absence(f"d{n}", 310.0, 310.0 + 15 * n / 200, 0, True) for n in range(200)]


def test_a_swarm_that_keeps_every_promise_passes() -> None:
    assert verdict(course(), SPREAD) == (True, "")


def test_each_promise_that_is_broken_is_named() -> None:
    at_once = [Absence(one.device, 310.0, 311.0, 0, True) for one in SPREAD]
    late = [*SPREAD[1:], Absence("d0", 310.0, 340.0, 0, True)]
    grown = [(at, 100.0 if at < 310 else 111.0) for at in range(10, 611)]
    for made, absences, told in (
        (course(), at_once, "connect in a second"), (course(), late, "within the bounds"),
        (course(memory=grown), SPREAD, "memory grows"), (course(pending=1), SPREAD, "1 events still wait"),
    ):  # fmt: skip
        passed, broken = verdict(made, absences)
        assert not passed and told in broken
    assert verdict(course(), SPREAD, Found(1, 0, 2)) == (False, "")
    assert verdict(course(), SPREAD, Found(0, 1, 4)) == (False, "")


def test_a_device_speaks_at_its_pace_and_all_burst_at_once() -> None:
    said = list(takewhile(lambda due: due.at_s < 1000, schedule(Pattern(every_s=10, burst=3, burst_every_s=60), Random(1))))
    assert [due.at_s for due in said] == sorted(due.at_s for due in said)
    assert [due.at_s for due in said if due.at_s % 60 == 0] == [60.0 * n for n in range(1, 17) for _ in range(3)]
    own = [due for due in said if due.at_s % 60]
    assert len(own) == 100 and {due.event_class for due in own} == {"incident", "state", "telemetry"}


def test_outages_take_their_share_of_the_time() -> None:
    taken = list(takewhile(lambda one: one.from_s < 1e6, outages(Outages(0.2, 30.0), Random(2))))
    assert 0.18 < sum(one.to_s - one.from_s for one in taken) / 1e6 < 0.22
    assert all(one.to_s <= after.from_s for one, after in pairwise(taken))
    assert {one.silently for one in taken} == {True, False}
    assert list(outages(Outages(), Random(2))) == []
