"""A vehicle that stands in a no-stop zone for `dwell_s`.

A place, not a track, is judged, and what parks is judged once: whoever was hidden for long and still stands there is no news.
Not in a queue or a congestion, and not on a signalised lane: those wait.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from edge_agent.core import geometry
from edge_agent.core.incidents.lifecycle import Ledger
from edge_agent.core.incidents.rule import Rule, Seconds, Share
from edge_agent.core.observation import Observation
from edge_agent.core.scene import Scene
from edge_agent.core.standing import Place
from edge_agent.core.types import Box, IncidentReport
from event_contract.kinds import INCIDENT_KINDS

SAME_IOU = 0.5
LEFT_IOU = 0.3  # a place whose box overlaps less with where it was has moved on


class IllegalParkingRule(Rule, frozen=True, forbid_unknown_fields=True, kw_only=True):
    dwell_s: Seconds = 60.0
    min_seen: Share = 0.3
    hidden_s: Seconds = 600.0


@dataclass(slots=True)
class _Stand:
    """One place in a zone, since it came to where it is: a box that wanders a little over a minute has not driven on."""

    since_s: float
    box: Box
    frames: int = 0
    seen: int = 0


@dataclass(slots=True)
class _Parked:
    """What stands in a zone; `gone_s` since when its place is no more, for all that could be seen."""

    place: Place
    report: IncidentReport
    gone_s: float | None = None


class IllegalParking:
    def __init__(self, rule: IllegalParkingRule, scene: Scene, numbers: Iterator[int]) -> None:
        self._rule, self._scene = rule, scene
        self._zones = geometry.Polygons([zone.polygon for zone in scene.no_stop_zones])
        severity = rule.severity or INCIDENT_KINDS["illegal_parking"].severity
        self._ledger = Ledger("illegal_parking", scene.camera, severity, 1, numbers)
        self._stands: dict[int, _Stand] = {}  # by place, as is
        self._parked: dict[int, _Parked] = {}

    def update(self, at_s: float, observation: Observation) -> list[IncidentReport]:
        reports = self._end(at_s, observation)
        here = {place.id for place in observation.places}
        self._stands = {number: stand for number, stand in self._stands.items() if number in here}
        for place in observation.places:
            zone = self._zone_of(place)
            if zone is None or not self._rule.concerns(place.user) or self._waits(place, observation):
                continue
            parked = self._parked.get(place.id) or self._seen_again(place)
            if parked is not None:
                report = self._ledger.update(parked.report, at_s, box=place.box, users=(place.user,))
                parked.report = report or parked.report
            else:
                report = self._judge(at_s, place, zone)
                if report is not None:
                    self._parked[place.id] = _Parked(place, report)
            if report is not None:
                reports.append(report)
        return reports

    def _end(self, at_s: float, observation: Observation) -> list[IncidentReport]:
        """Over is what was seen to be gone. What was hidden is waited for."""
        here, reports = {place.id for place in observation.places}, []
        for number, parked in list(self._parked.items()):
            if number in here:
                continue
            parked.gone_s = at_s if parked.gone_s is None else parked.gone_s
            if parked.place.hidden_s <= parked.place.empty_s or at_s - parked.gone_s > self._rule.hidden_s:
                reports.append(self._ledger.end(parked.report, at_s))
                del self._parked[number]
        return reports

    def _judge(self, at_s: float, place: Place, zone: str) -> IncidentReport | None:
        stand = self._stands.get(place.id)
        if stand is None or geometry.iou(stand.box, place.box) < LEFT_IOU:
            stand = self._stands[place.id] = _Stand(place.since_s, place.box)
        stand.frames += 1
        stand.seen += place.last_seen_s >= at_s
        share = stand.seen / stand.frames
        if at_s - stand.since_s < self._rule.dwell_s or place.last_seen_s < at_s or share < self._rule.min_seen:
            return None
        confidence = place.user.track.score * (0.5 + 0.5 * share)
        return self._ledger.open(
            at_s, stand.since_s, lane=place.lane, confidence=confidence, box=place.box, users=(place.user,),
            detail={"zone": zone},
        )  # fmt: skip

    def _seen_again(self, place: Place) -> _Parked | None:
        """Whoever was hidden for too long to be followed, and stands where he stood."""
        for number, parked in self._parked.items():
            if parked.gone_s is not None and geometry.iou(parked.place.box, place.box) >= SAME_IOU:
                self._parked[place.id] = self._parked.pop(number)
                parked.place, parked.gone_s = place, None
                return parked
        return None

    def _zone_of(self, place: Place) -> str | None:
        if not self._scene.no_stop_zones:
            return None
        held = self._zones.hold(np.array([place.box.contact]))[:, 0]
        return next((zone.id for zone, inside in zip(self._scene.no_stop_zones, held, strict=True) if inside), None)

    def _waits(self, place: Place, observation: Observation) -> bool:
        lane = self._scene.lane_of_id.get(place.lane or "")
        if lane is None:
            return False
        return lane.signalised or lane.id in observation.congested or place.user.track.id in observation.queued
