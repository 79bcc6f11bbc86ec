"""One place, one incident: what says more stays, what says less ends or is never told."""

from dataclasses import replace

from edge_agent.core.incidents.lifecycle import Ledger
from edge_agent.core.precedence import Precedence
from edge_agent.core.types import Box, IncidentReport

HERE, BESIDE, THERE = Box(0.4, 0.4, 0.5, 0.5), Box(0.42, 0.42, 0.52, 0.52), Box(0.6, 0.4, 0.7, 0.5)


def report(kind: str, number: int, box: Box = HERE) -> IncidentReport:
    ledger = Ledger(kind, "north", "high", 1, iter([number]))
    return ledger.open(10.0, 5.0, lane="1", confidence=0.5, box=box, users=())


def told(reports: list[IncidentReport]) -> list[tuple[str, str, int]]:
    return [(one.kind, one.phase, one.number) for one in reports]


def test_what_says_less_of_the_same_place_is_never_told() -> None:
    precedence = Precedence()
    stop = report("stopped_vehicle", 2, BESIDE)
    assert told(precedence.settle(10, [report("suspected_accident", 1), stop])) == [("suspected_accident", "new", 1)]
    assert precedence.settle(80, [replace(stop, phase="update")]) == []
    assert precedence.settle(90, [replace(stop, phase="end")]) == []
    assert told(precedence.settle(95, [report("illegal_parking", 3)])) == []


def test_what_says_more_ends_what_was_told_before() -> None:
    precedence = Precedence()
    parked = report("illegal_parking", 1)
    precedence.settle(10, [parked])
    ended, new = precedence.settle(20, [report("stopped_vehicle", 2)])
    assert told([ended, new]) == [("illegal_parking", "end", 1), ("stopped_vehicle", "new", 2)]
    assert (ended.ended_s, ended.revision, ended.detail) == (20, 2, {"ended_by": "stopped_vehicle"})
    assert precedence.settle(30, [replace(parked, phase="end")]) == []


def test_other_places_and_other_kinds_are_their_own() -> None:
    precedence = Precedence()
    several = [report("suspected_accident", 1), report("stopped_vehicle", 2, THERE), report("pedestrian", 3)]
    assert precedence.settle(10, several) == several


def test_equals_stay_beside_one_another() -> None:
    both = [report("stopped_vehicle", 1), report("stopped_vehicle", 2, BESIDE)]
    assert Precedence().settle(10, both) == both


def test_what_has_ended_stands_in_nobodys_way() -> None:
    precedence = Precedence()
    accident = report("suspected_accident", 1)
    precedence.settle(10, [accident])
    precedence.settle(20, [replace(accident, phase="end")])
    assert told(precedence.settle(30, [report("stopped_vehicle", 2)])) == [("stopped_vehicle", "new", 2)]
