"""The life of incidents: new, update, end; numbered once, revised upwards."""

from collections.abc import Iterator
from dataclasses import replace

from edge_agent.core.types import Box, IncidentReport, RoadUser
from event_contract.kinds import Severity

UPDATE_EVERY_S = 60.0  # an open incident says at least so often that it lasts


class Ledger:
    """Writes the reports of one kind on one camera. `numbers` is shared by all kinds of the camera."""

    def __init__(self, kind: str, camera: str, severity: Severity, rule_version: int, numbers: Iterator[int]) -> None:
        self._kind, self._camera, self._severity, self._version, self._numbers = kind, camera, severity, rule_version, numbers

    def open(
        self,
        at_s: float,
        started_s: float,
        *,
        lane: str | None,
        confidence: float,
        box: Box | None,
        users: tuple[RoadUser, ...],
        detail: dict[str, str | float | int] | None = None,
    ) -> IncidentReport:
        road_m = users[0].road_m if users else None
        return IncidentReport(
            self._kind, "new", next(self._numbers), 1, self._camera, lane, self._severity, round(min(1.0, confidence), 2),
            started_s, at_s, None, box, road_m, users, self._version, detail or {},
        )  # fmt: skip

    def update(
        self,
        last: IncidentReport,
        at_s: float,
        *,
        box: Box | None = None,
        users: tuple[RoadUser, ...] | None = None,
        detail: dict[str, str | float | int] | None = None,
    ) -> IncidentReport | None:
        """The next revision when something is worth telling: the detail changed, or it was silent for UPDATE_EVERY_S."""
        changed = detail is not None and detail != last.detail
        if not changed and at_s - last.updated_s < UPDATE_EVERY_S:
            return None
        now = last.road_users if users is None else users
        return replace(
            last, phase="update", revision=last.revision + 1, updated_s=at_s, box=box or last.box, road_users=now,
            road_m=now[0].road_m if now else last.road_m, detail=last.detail if detail is None else detail,
        )  # fmt: skip

    def end(self, last: IncidentReport, at_s: float, by: str | None = None) -> IncidentReport:
        return ended(last, at_s, at_s, by)


def dated(report: IncidentReport, away_s: float, known: IncidentReport | None) -> IncidentReport:
    """From the rules' clock to the frames', when the camera was away for so long. What began before that keeps its beginning,
    as it is `known`."""
    return replace(
        report,
        started_s=report.started_s + away_s if known is None else known.started_s,
        updated_s=report.updated_s + away_s,
        ended_s=None if report.ended_s is None else report.ended_s + away_s,
    )


def ended(last: IncidentReport, at_s: float, ended_s: float, by: str | None = None) -> IncidentReport:
    """The last revision, told at `at_s`. `by` says what ended it where that is not the road user itself."""
    detail = last.detail if by is None else {**last.detail, "ended_by": by}
    return replace(last, phase="end", revision=last.revision + 1, updated_s=at_s, ended_s=ended_s, detail=detail)
