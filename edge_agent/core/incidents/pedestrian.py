"""A person on a carriageway for `dwell_s`, on foot: a rider is part of his motorcycle or bicycle."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from edge_agent.core import geometry
from edge_agent.core.incidents.lifecycle import Ledger
from edge_agent.core.incidents.rule import Kmh, Rule, Seconds, Share
from edge_agent.core.observation import Observation
from edge_agent.core.scene import Scene
from edge_agent.core.types import IncidentReport, RoadUser
from event_contract.kinds import INCIDENT_KINDS

SURE = 0.2  # below this score a detection continues a track, but is no evidence
ABSENT_S = 2.0  # on the carriageway no more
SAME_HEIGHTS = 1.5  # a new track within so many body heights of a lost one is the same person


class PedestrianRule(Rule, frozen=True, forbid_unknown_fields=True, kw_only=True):
    dwell_s: Seconds = 2.0
    rider_kmh: Kmh = 13.0  # nobody walks so fast
    min_seen: Share = 0.4


@dataclass(slots=True)
class _Walker:
    """One person on the carriageway."""

    user: RoadUser
    since_s: float
    last_s: float
    frames: int = 1
    seen: int = 1
    report: IncidentReport | None = None


class Pedestrian:
    def __init__(self, rule: PedestrianRule, scene: Scene, numbers: Iterator[int]) -> None:
        self._rule, self._scene = rule, scene
        self._carriageway = geometry.Polygons([area.polygon for area in scene.carriageway])
        severity = rule.severity or INCIDENT_KINDS["pedestrian"].severity
        self._ledger = Ledger("pedestrian", scene.camera, severity, 1, numbers)
        self._walkers: dict[int, _Walker] = {}

    def update(self, at_s: float, observation: Observation) -> list[IncidentReport]:
        reports = []
        for user in self._on_carriageway(observation):
            walker = self._walkers.get(user.track.id) or self._same_person(at_s, user)
            if walker is None:
                walker = self._walkers[user.track.id] = _Walker(user, at_s, at_s)
            walker.user, walker.last_s = user, at_s
            walker.seen += user.track.score >= SURE
        for number, walker in list(self._walkers.items()):
            walker.frames += 1
            if at_s - walker.last_s > ABSENT_S:
                del self._walkers[number]
                if walker.report is not None:
                    reports.append(self._ledger.end(walker.report, at_s))
                continue
            report = self._judge(at_s, walker)
            if report is not None:
                walker.report = report
                reports.append(report)
        return reports

    def _judge(self, at_s: float, walker: _Walker) -> IncidentReport | None:
        user = walker.user
        if walker.report is not None:
            return self._ledger.update(walker.report, at_s, box=user.track.box, users=(user,))
        if walker.last_s < at_s or at_s - walker.since_s < self._rule.dwell_s:
            return None
        if user.pace_kmh is None:  # he has just come up where somebody was lost: who knows how fast
            return None
        if walker.seen < self._rule.min_seen * walker.frames:
            return None
        confidence = user.track.score * walker.seen / walker.frames
        return self._ledger.open(
            at_s, walker.since_s, lane=user.lane, confidence=confidence, box=user.track.box, users=(user,)
        )

    def _on_carriageway(self, observation: Observation) -> list[RoadUser]:
        persons = [user for user in observation.road_users if user.track.id in observation.on_foot and user.track.seen]
        if not persons:
            return []
        on_road = np.logical_or.reduce(self._carriageway.hold(np.array([user.point for user in persons])), axis=0)
        return [
            user
            for user, there in zip(persons, on_road.tolist(), strict=True)
            if there and self._rule.concerns(user)
        ]

    def _same_person(self, at_s: float, user: RoadUser) -> _Walker | None:
        """A person lost a moment ago where this one appears."""
        for number, walker in self._walkers.items():
            if walker.last_s < at_s and self._scene.near(walker.user, user, SAME_HEIGHTS):
                self._walkers[user.track.id] = self._walkers.pop(number)
                return walker
        return None
