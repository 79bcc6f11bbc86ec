"""A lane on which occupancy and mean speed are past their thresholds for `duration_s`.

Three levels: slow, queuing, stationary. It ends with hysteresis: only when occupancy or speed have been clear of the entry
thresholds for as long. A red light makes a queue too, so signalised lanes need `signalised_s`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import exp

from edge_agent.core.incidents.lifecycle import Ledger
from edge_agent.core.incidents.rule import Count, Kmh, LaneRule, Seconds, Share
from edge_agent.core.observation import LaneState, Observation
from edge_agent.core.scene import Scene
from edge_agent.core.types import Box, IncidentReport, RoadUser
from event_contract.kinds import INCIDENT_KINDS

SMOOTHING_S = 5.0
CLEAR = 1.3  # leaves the state at 1.3 times the speed or 1 / 1.3 of the occupancy that it entered with
LEVEL_HOLD_S = 10.0


class CongestionRule(LaneRule, frozen=True, forbid_unknown_fields=True, kw_only=True):
    duration_s: Seconds = 30.0
    signalised_s: Seconds = 180.0
    occupancy: Share = 0.25
    slow_kmh: Kmh = 20.0
    queuing_kmh: Kmh = 10.0
    stationary_kmh: Kmh = 3.0
    min_vehicles: Count = 3


@dataclass(slots=True)
class _LaneTrend:
    """Smoothed occupancy and pace of one lane, and since when they are past or clear of the thresholds."""

    at_s: float
    occupancy: float = 0.0
    pace_kmh: float | None = None
    vehicles: float = 0.0
    queue: float = 0.0
    past_since_s: float | None = None
    clear_since_s: float | None = None
    level_since_s: float = 0.0
    report: IncidentReport | None = None


class Congestion:
    def __init__(self, rule: CongestionRule, scene: Scene, numbers: Iterator[int]) -> None:
        self._rule, self._scene = rule, scene
        severity = rule.severity or INCIDENT_KINDS["congestion"].severity
        self._ledger = Ledger("congestion", scene.camera, severity, 1, numbers)
        self._trends: dict[str, _LaneTrend] = {}

    def update(self, at_s: float, observation: Observation) -> list[IncidentReport]:
        reports = []
        for lane, state in observation.lanes.items():
            if self._rule.lanes is not None and lane not in self._rule.lanes:
                continue
            trend = self._trends.setdefault(lane, _LaneTrend(at_s))
            if observation.resumed:  # what was before says little of now
                trend = self._trends[lane] = _LaneTrend(at_s, level_since_s=at_s, report=trend.report)
            self._smooth(at_s, trend, state)
            report = self._judge(at_s, lane, trend, state)
            if report is not None:
                trend.report = None if report.phase == "end" else report
                reports.append(report)
        return reports

    def _smooth(self, at_s: float, trend: _LaneTrend, state: LaneState) -> None:
        weight = 1 - exp(-(at_s - trend.at_s) / SMOOTHING_S)
        trend.at_s = at_s
        trend.occupancy += weight * (state.occupancy - trend.occupancy)
        trend.vehicles += weight * (len(state.vehicles) - trend.vehicles)
        trend.queue += weight * (state.queue - trend.queue)
        if state.pace_kmh is not None:
            before = state.pace_kmh if trend.pace_kmh is None else trend.pace_kmh
            trend.pace_kmh = before + weight * (state.pace_kmh - before)

    def _judge(self, at_s: float, lane: str, trend: _LaneTrend, state: LaneState) -> IncidentReport | None:
        pace = trend.pace_kmh
        dense = trend.occupancy >= self._rule.occupancy and trend.vehicles >= self._rule.min_vehicles - 0.5
        queues = trend.queue >= self._rule.min_vehicles - 0.5 and pace is not None and pace <= self._rule.queuing_kmh
        past = pace is not None and ((dense and pace <= self._rule.slow_kmh) or queues)
        clear = pace is None or pace > CLEAR * self._rule.slow_kmh or trend.occupancy < self._rule.occupancy / CLEAR
        trend.past_since_s = (at_s if trend.past_since_s is None else trend.past_since_s) if past else None
        trend.clear_since_s = (at_s if trend.clear_since_s is None else trend.clear_since_s) if clear else None
        box, users = _extent(state.vehicles), tuple(state.vehicles[:8])
        if trend.report is None:
            needed_s = self._rule.signalised_s if self._scene.lane_of_id[lane].signalised else self._rule.duration_s
            if trend.past_since_s is None or at_s - trend.past_since_s < needed_s or pace is None:
                return None
            trend.level_since_s = at_s
            detail = self._detail(self._level(pace), state)
            return self._ledger.open(
                at_s, trend.past_since_s, lane=lane, confidence=0.9, box=box, users=users, detail=detail
            )
        if trend.clear_since_s is not None and at_s - trend.clear_since_s >= self._rule.duration_s:
            trend.past_since_s = None
            return self._ledger.end(trend.report, at_s)
        level = self._level(pace or 0.0)
        if level == trend.report.detail["level"] or at_s - trend.level_since_s < LEVEL_HOLD_S:
            return self._ledger.update(trend.report, at_s, box=box, users=users)
        trend.level_since_s = at_s
        return self._ledger.update(trend.report, at_s, box=box, users=users, detail=self._detail(level, state))

    def _level(self, pace_kmh: float) -> str:
        if pace_kmh <= self._rule.stationary_kmh:
            return "stationary"
        return "queuing" if pace_kmh <= self._rule.queuing_kmh else "slow"

    def _detail(self, level: str, state: LaneState) -> dict[str, str | float | int]:
        return {"level": level, "queue_m": round(state.queue_m, 1), "occupancy": round(state.occupancy, 2)}


def _extent(vehicles: list[RoadUser]) -> Box | None:
    if not vehicles:
        return None
    boxes = [user.track.box for user in vehicles]
    return Box(min(b.left for b in boxes), min(b.top for b in boxes), max(b.right for b in boxes), max(b.bottom for b in boxes))
