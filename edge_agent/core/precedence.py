"""One place, one incident: of several kinds that are told of one place only the one that says most stays.

A suspected accident outranks a stopped vehicle, which outranks illegal parking, which outranks an obstacle. What comes to a
place that a higher one has is never told; what was told there before ends, with the higher kind as its `ended_by`.
"""

from collections.abc import Iterable

from edge_agent.core import geometry
from edge_agent.core.incidents.lifecycle import ended
from edge_agent.core.types import IncidentReport

RANKS = {"obstacle": 1, "illegal_parking": 2, "stopped_vehicle": 3, "suspected_accident": 4}
SAME_THING = 0.3  # as much have the boxes of an obstacle and of what it is taken for in common
SAME_PLACE = 0.6  # so much of the smaller box lies in the larger one


class Precedence:
    """`settle` what the rules of one camera say, frame by frame."""

    def __init__(self) -> None:
        self._open: dict[int, IncidentReport] = {}
        self._untold: set[int] = set()

    def settle(self, at_s: float, reports: Iterable[IncidentReport]) -> list[IncidentReport]:
        """What is to be told, in order."""
        told = []
        for report in reports:
            if report.kind not in RANKS:
                told.append(report)
            elif report.number in self._untold:
                if report.phase == "end":
                    self._untold.remove(report.number)
            elif report.phase == "new" and any(_yields(report, other) for other in self._open.values()):
                self._untold.add(report.number)
            else:
                told += [*self._outranked(at_s, report), report]
                self._remember(report)
        return told

    def _outranked(self, at_s: float, report: IncidentReport) -> list[IncidentReport]:
        """The ends of what the report replaces."""
        lower = [other for other in self._open.values() if report.phase == "new" and _yields(other, report)]
        for other in lower:
            del self._open[other.number]
            self._untold.add(other.number)
        return [ended(other, at_s, at_s, report.kind) for other in lower]

    def _remember(self, report: IncidentReport) -> None:
        if report.phase == "end":
            self._open.pop(report.number, None)
        else:
            self._open[report.number] = report


def _yields(report: IncidentReport, other: IncidentReport) -> bool:
    """Whether both are of one place, and the other one ranks higher."""
    if RANKS[report.kind] >= RANKS[other.kind] or report.box is None or other.box is None:
        return False
    if report.kind == "obstacle":  # who stops before one hides it in the picture: the same thing has the same box
        return geometry.iou(report.box, other.box) >= SAME_THING
    return max(geometry.covered(report.box, other.box), geometry.covered(other.box, report.box)) >= SAME_PLACE
