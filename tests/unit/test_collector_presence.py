"""Online or not: wills that come after the birth of a newer connection say nothing."""

from dataclasses import replace

import pytest

from collector.core.presence import RUNS_REMEMBERED, Presence, hear
from event_contract.presence import Will
from tests.wire_messages import birth

BORN = Presence(True, 10.0, "run-b", 4, (("run-a", 3), ("run-b", 4)), 7.0)


def will(run: str, connection: int) -> Will:
    return Will(run=run, connection=connection)


def test_a_will_of_the_newest_connection_is_the_end() -> None:
    assert hear(BORN, will("run-b", 4), 20.0) == replace(BORN, online=False, since=20.0)


def test_a_will_of_an_older_connection_or_run_is_ignored() -> None:
    assert hear(BORN, will("run-b", 3), 20.0) is None
    assert hear(BORN, will("run-a", 9), 20.0) is None


def test_a_will_of_a_run_never_heard_of_tells_of_a_birth_that_was_missed() -> None:
    gone = hear(BORN, will("run-c", 1), 20.0)
    assert gone == Presence(False, 20.0, "run-c", 1, (*BORN.runs, ("run-c", 1)), 20.0)


def test_a_birth_brings_it_online_and_keeps_since_while_it_stays_so() -> None:
    assert hear(None, birth(run="run-a"), 5.0) == Presence(True, 5.0, "run-a", 1, (("run-a", 1),), 5.0)
    again = hear(BORN, birth(run="run-b", connection=5), 20.0)
    newer = (("run-a", 3), ("run-b", 5))
    assert again == replace(BORN, connection=5, runs=newer)
    offline = replace(BORN, online=False)
    back = hear(offline, birth(run="run-b", connection=5), 20.0)
    assert back == replace(BORN, connection=5, since=20.0, runs=newer)


def test_a_birth_that_another_collector_hears_after_the_will_is_old() -> None:
    gone = replace(BORN, online=False, since=20.0)
    assert hear(gone, birth(run="run-b", connection=4), 21.0) is None


def test_an_older_birth_of_the_same_run_is_ignored() -> None:
    assert hear(BORN, birth(run="run-b", connection=3), 20.0) is None


@pytest.mark.parametrize("connection", [1, 3])
def test_a_birth_that_a_broker_kept_from_an_older_run_is_ignored(connection: int) -> None:
    assert hear(BORN, birth(run="run-a", connection=connection), 20.0) is None


def test_an_older_run_that_connects_anew_is_the_newest_again() -> None:
    back = hear(BORN, birth(run="run-a", connection=4), 20.0)
    assert back == Presence(True, 10.0, "run-a", 4, (("run-b", 4), ("run-a", 4)), 20.0)
    assert hear(back, birth(run="run-b", connection=4), 30.0) is None


def test_a_device_known_by_an_earlier_version_has_runs_without_connections() -> None:
    known = replace(BORN, runs=("run-a", "run-b"))
    assert hear(known, will("run-a", 9), 20.0) is None
    assert hear(known, birth(run="run-b", connection=5), 20.0) == replace(BORN, connection=5, runs=(("run-a", 0), ("run-b", 5)))
    newer = hear(known, birth(run="run-c"), 20.0)
    assert newer is not None and newer.runs == (("run-a", 0), ("run-b", 4), ("run-c", 1))


def test_every_run_but_the_newest_is_over_since_the_newest_was_first_heard_of() -> None:
    assert BORN.over_since("run-b") is None
    assert BORN.over_since("run-a") == BORN.over_since("never heard of") == 7.0
    newer = hear(hear(BORN, birth(run="run-c"), 20.0), birth(run="run-c", connection=2), 30.0)
    assert newer is not None and newer.over_since("run-b") == 20.0


def test_only_so_many_runs_are_remembered() -> None:
    known = None
    for n in range(RUNS_REMEMBERED + 5):
        known = hear(known, birth(run=f"run-{n}"), float(n))
    assert known is not None
    assert len(known.runs) == RUNS_REMEMBERED
    assert known.runs[-1] == (f"run-{RUNS_REMEMBERED + 4}", 1)
