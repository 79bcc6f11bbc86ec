"""A vehicle on a lane that moves less than 1.5 m for `dwell_s`, or crawls for so long where one drives fast.

Not while it is part of a queue, and on a signalised lane only when others pass it or after `signalised_s`. A congestion
replaces those that nobody passes. A place, not a track, is judged: occlusion and ID switches do not restart it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from math import hypot, inf

from edge_agent.core.crawling import CRAWL_KMH
from edge_agent.core.geometry import covered
from edge_agent.core.incidents.lifecycle import Ledger
from edge_agent.core.incidents.rule import Count, Rule, Seconds, Share
from edge_agent.core.observation import QUEUE_SPAN_M, QUEUE_VEHICLES, SLOW_KMH, Observation, distance_m
from edge_agent.core.scene import Scene
from edge_agent.core.standing import Place
from edge_agent.core.types import IncidentReport, RoadUser
from event_contract.kinds import INCIDENT_KINDS

FILTERING = ("bicycle", "motorcycle", "person")  # they pass a queue too
CLEAR_OF = 0.25  # box heights ahead or behind: more than boxes wander
BESIDE = 0.25  # covers so much of the standing vehicle's box, and has not passed yet: it may be one box around two of a queue
DISSOLVES_S = 5.0  # who was queued so lately waits his turn
WAITS_BEHIND_M = 20.0  # who stands so near behind one who stands waits for him
PLAIN_SHARE = 0.7  # of the time, so as not to tell of who stands beside the lane
STANDS_S = 3.0  # who crawls by one who has stood for so long is careful, and no danger of his own
QUEUE_PASSERS = 1  # more than elsewhere: in a queue one track is easily taken for another ...
SURELY_KMH = 20.0  # ... but not who is surely this fast, who counts for as many more
PASSING_COUNTS_S = 30.0  # a queue that nobody has passed for so long is a queue


class StoppedVehicleRule(Rule, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`min_seen`: the share of the dwell in which the vehicle must really have been detected. `creep_share`: a vehicle that
    goes on no faster than this share of its lane's usual pace has not driven off, and when it stands again it is no news.
    `crawl_share`: on a lane where one drives at 40 km/h and more, who goes on below this share of that crawls."""

    dwell_s: Seconds = 10.0
    signalised_s: Seconds = 120.0
    passers: Count = 1  # so many in PASSING_COUNTS_S make it an obstruction, not a queue
    min_seen: Share = 0.3
    creep_share: Share = 0.25
    crawl_share: Share = 0.17


@dataclass(slots=True)
class _Watched:
    """One standing vehicle: which tracks are ahead of it, when others have passed lately, and what was said of it."""

    sides: dict[int, bool] = field(default_factory=dict)
    passed_at_s: list[float] = field(default_factory=list)
    queued_at_s: float = -inf
    frames: int = 0
    plain: int = 0  # ... in which it was plainly on a lane
    report: IncidentReport | None = None

    @property
    def is_plainly_there(self) -> bool:
        return self.plain >= PLAIN_SHARE * self.frames


class StoppedVehicle:
    def __init__(self, rule: StoppedVehicleRule, scene: Scene, numbers: Iterator[int]) -> None:
        self._rule, self._scene = rule, scene
        severity = rule.severity or INCIDENT_KINDS["stopped_vehicle"].severity
        self._ledger = Ledger("stopped_vehicle", scene.camera, severity, 1, numbers)
        self._watched: dict[int, _Watched] = {}

    def update(self, at_s: float, observation: Observation) -> list[IncidentReport]:
        reports = []
        places = {place.id: place for place in observation.places}
        for number in [number for number in self._watched if number not in places]:
            gone = self._watched.pop(number)
            if gone.report is not None:
                reports.append(self._ledger.end(gone.report, at_s))
        for place in observation.places:
            if place.lane is None or not self._rule.concerns(place.user):
                continue
            watched = self._watched.setdefault(place.id, _Watched())
            watched.frames += 1
            watched.plain += self._scene.plainly_on_lane(place.box)
            self._note_passers(at_s, watched, place, observation)
            report = self._judge(at_s, watched, place, observation)
            if report is not None:
                watched.report = None if report.phase == "end" else report
                reports.append(report)
        return reports

    def _judge(self, at_s: float, watched: _Watched, place: Place, observation: Observation) -> IncidentReport | None:
        if place.user.track.id in observation.queued or self._waits_behind(at_s, place, observation):
            watched.queued_at_s = at_s
        queued, congested = at_s - watched.queued_at_s < DISSOLVES_S, place.lane in observation.congested
        passed = len(watched.passed_at_s) >= self._rule.passers + QUEUE_PASSERS * (queued or congested)
        if watched.report is not None:
            if queued and congested and not passed:
                return self._ledger.end(watched.report, at_s, "congestion")
            return self._ledger.update(watched.report, at_s, box=place.box, users=(place.user,))
        begun_s = self._begun_s(at_s, place, observation)
        if begun_s is None or place.last_seen_s < at_s or _drives(place.user) or not watched.is_plainly_there:
            return None
        stood_s = at_s - begun_s
        if (queued or congested) and not passed:
            return None
        lane = self._scene.lane_of_id[place.lane or ""]
        if lane.signalised and not passed and stood_s < self._rule.signalised_s:
            return None
        confidence = place.user.track.score * min(1.0, 0.5 + 0.5 * place.seen_share)
        return self._ledger.open(
            at_s, begun_s, lane=place.lane, confidence=confidence, box=place.box, users=(place.user,)
        )

    def _begun_s(self, at_s: float, place: Place, observation: Observation) -> float | None:
        """When the stand or the crawl began that has lasted for the dwell."""
        stood_s = at_s - place.since_s
        if stood_s >= self._rule.dwell_s and place.seen_s >= self._rule.min_seen * stood_s:
            return place.since_s
        crawls_since_s = place.crawls_since_s
        if crawls_since_s is None or at_s - crawls_since_s < self._rule.dwell_s:
            return None
        excused = _crawls_in_company(place, observation) or _crawls_past(at_s, place, observation)
        return None if excused else crawls_since_s

    def _waits_behind(self, at_s: float, place: Place, observation: Observation) -> bool:
        """Behind another one on its lane that has stood for as long as it takes."""
        direction = self._scene.lane_of_id[place.lane or ""].direction_at(place.user.point)
        return any(
            other.lane == place.lane
            and at_s - other.since_s >= self._rule.dwell_s
            and self._ahead_by(other.user, place, direction) > CLEAR_OF
            and distance_m(place.user, other.user) <= WAITS_BEHIND_M
            for other in observation.places
            if other is not place
        )

    def _note_passers(self, at_s: float, watched: _Watched, place: Place, observation: Observation) -> None:
        """Another vehicle in the lane that was behind and now is ahead, or the other way where the lane is two-way."""
        lane = self._scene.lane_of_id[place.lane or ""]
        direction = lane.direction_at(place.user.point)
        sides: dict[int, bool] = {}
        for user in observation.road_users:
            if user.lane != place.lane or user.track.cls in FILTERING or user.track.id in observation.standing:
                continue
            before = watched.sides.get(user.track.id)
            if not user.track.seen:  # where it would be is no evidence that it has passed
                if before is not None:
                    sides[user.track.id] = before
                continue
            ahead_by = self._ahead_by(user, place, direction)
            clear = abs(ahead_by) > CLEAR_OF and covered(place.box, user.track.box) < BESIDE
            sides[user.track.id] = ahead = ahead_by > 0 if before is None or clear else before
            drives = user.pace_kmh is not None and user.pace_kmh > SLOW_KMH
            if before not in (None, ahead) and drives and (ahead or lane.two_way):
                watched.passed_at_s += [at_s] * (1 + QUEUE_PASSERS * _drives(user, SURELY_KMH))
        watched.passed_at_s = [moment for moment in watched.passed_at_s if at_s - moment <= PASSING_COUNTS_S]
        watched.sides = sides

    def _ahead_by(self, user: RoadUser, place: Place, direction: tuple[float, float]) -> float:
        """How far along the lane's direction, in box heights of the standing vehicle."""
        width, height = self._scene.width_px, self._scene.height_px
        dx, dy = direction[0] * width, direction[1] * height
        x, y = (user.point[0] - place.box.contact[0]) * width, (user.point[1] - place.box.contact[1]) * height
        tall = max(1.0, (place.box.bottom - place.box.top) * height)
        return (x * dx + y * dy) / max(hypot(dx, dy), 1e-9) / tall


def _drives(user: RoadUser, kmh: float = SLOW_KMH) -> bool:
    """Surely faster than that."""
    return user.pace_kmh is not None and user.pace_kmh - (user.pace_se_kmh or 0.0) > kmh


def _crawls_in_company(place: Place, observation: Observation) -> bool:
    """Several that crawl after one another are traffic."""
    still = {other.user.track.id for other in observation.places if other.crawls_since_s is None}
    slow = [
        user
        for user in observation.lanes[place.lane or ""].vehicles
        if user.track.id not in still and user.pace_kmh is not None and user.pace_kmh < CRAWL_KMH
    ]
    return sum(distance_m(place.user, user) <= QUEUE_SPAN_M for user in slow) >= QUEUE_VEHICLES


def _crawls_past(at_s: float, place: Place, observation: Observation) -> bool:
    """Somebody stands on another lane near by, and who comes by is careful."""
    if place.stands(at_s) and at_s - place.since_s >= STANDS_S:
        return False
    return any(
        at_s - other.since_s >= STANDS_S and distance_m(place.user, other.user) <= QUEUE_SPAN_M
        for other in observation.places
        if other.lane != place.lane
    )
