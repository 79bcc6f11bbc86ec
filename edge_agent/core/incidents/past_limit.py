"""Who has surely been past a limit for long enough? What speeding and slow_vehicle have in common.

A driver, not a track, is told of: whoever appears where a lost one must be by now is him again.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from edge_agent.core.incidents.lifecycle import Ledger
from edge_agent.core.incidents.rule import Rule
from edge_agent.core.observation import distance_m
from edge_agent.core.scene import Scene
from edge_agent.core.types import IncidentReport, RoadUser
from event_contract.kinds import INCIDENT_KINDS

SURE = 2.0  # a speed counts as past a limit when it is by so many of its standard errors
GAP_S = 1.0  # unseen for longer a driver begins anew
LOST_S = 3.0  # so long after he was last past the limit an incident ends
REACH_M = 12.0


@dataclass(frozen=True, slots=True)
class Past:
    """Somebody who seems to be past a limit now, or surely is."""

    user: RoadUser
    speed_kmh: float
    limit_kmh: float
    sure: bool


@dataclass(slots=True)
class _Driver:
    """`at_s`, `user`: when he was last past the limit, and how."""

    since_s: float
    since_kmh: float
    at_s: float
    user: RoadUser
    report: IncidentReport | None = None


class PastLimit:
    """The drivers past one limit on one camera."""

    def __init__(self, kind: str, rule: Rule, scene: Scene, numbers: Iterator[int]) -> None:
        severity = rule.severity or INCIDENT_KINDS[kind].severity
        self._ledger = Ledger(kind, scene.camera, severity, 1, numbers)
        self._drivers: dict[int, _Driver] = {}  # by track

    def update(
        self, at_s: float, past: list[Past], not_past: set[int], duration_s: float, steady_kmh: float | None = None
    ) -> list[IncidentReport]:
        """`not_past` are the tracks that seem not to be. With `steady_kmh` a speed that changes by more begins anew."""
        reports = []
        for number, driver in list(self._drivers.items()):
            lost_s = at_s - driver.at_s
            if driver.report is not None and lost_s > LOST_S:
                reports.append(self._ledger.end(driver.report, at_s))
                del self._drivers[number]
            elif driver.report is None and (number in not_past or lost_s > GAP_S):
                del self._drivers[number]
        for one in past:
            driver = self._drivers.get(one.user.track.id) or self._begin(at_s, one)
            driver.at_s, driver.user = at_s, one.user
            if steady_kmh is not None and _changed(driver, one) > steady_kmh:
                driver.since_s, driver.since_kmh = at_s, one.speed_kmh
            report = self._judge(at_s, driver, one, duration_s)
            if report is not None:
                driver.report = report
                reports.append(report)
        return reports

    def _begin(self, at_s: float, one: Past) -> _Driver:
        for number, driver in self._drivers.items():
            if driver.report is not None and driver.at_s < at_s and _is_there(driver, at_s, one.user):
                self._drivers[one.user.track.id] = self._drivers.pop(number)
                return driver
        driver = self._drivers[one.user.track.id] = _Driver(at_s, one.speed_kmh, at_s, one.user)
        return driver

    def _judge(self, at_s: float, driver: _Driver, one: Past, duration_s: float) -> IncidentReport | None:
        box, users = one.user.track.box, (one.user,)
        if driver.report is not None:
            return self._ledger.update(driver.report, at_s, box=box, users=users)
        if not one.sure or at_s - driver.since_s < duration_s:
            return None
        detail: dict[str, str | float | int] = {"speed_kmh": round(one.speed_kmh, 1), "limit_kmh": one.limit_kmh}
        return self._ledger.open(
            at_s, driver.since_s, lane=one.user.lane, confidence=one.user.track.score, box=box, users=users, detail=detail
        )


def _changed(driver: _Driver, one: Past) -> float:
    """By how much his speed seems to be another one."""
    return abs(one.speed_kmh - driver.since_kmh) - 0.5 * (one.user.speed_se_kmh or 0.0)


def _is_there(driver: _Driver, at_s: float, user: RoadUser) -> bool:
    """Whether a driver who was lost must be by now about where this one is."""
    last = driver.user
    if last.track.id == user.track.id:
        return True
    gone_m = (last.pace_kmh or 0.0) / 3.6 * (at_s - driver.at_s)
    return abs(distance_m(last, user) - gone_m) <= REACH_M
