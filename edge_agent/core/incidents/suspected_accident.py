"""Two of three at one place on a lane: somebody braked as hard as nobody wants to, two that stand there touch, others drive
around them through another lane.

The place must be the head of whatever stands behind it: in a queue vehicles stand close, too. At traffic lights only hard
braking and a contact together say anything, and of two-wheelers that stand together, hard braking and something else.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from math import hypot

from edge_agent.core.incidents.braking import Braking
from edge_agent.core.incidents.contact import Contact, Pair
from edge_agent.core.incidents.lifecycle import Ledger
from edge_agent.core.incidents.rule import Acceleration, Count, Rule, Seconds
from edge_agent.core.incidents.stopped_vehicle import FILTERING
from edge_agent.core.observation import QUEUE_SPAN_M, Observation, distance_m
from edge_agent.core.scene import Scene, metres
from edge_agent.core.standing import Place
from edge_agent.core.types import TWO_WHEELERS, Box, IncidentReport, RoadUser
from event_contract.kinds import INCIDENT_KINDS

KEPT_S = 20.0  # so long what was seen there counts
CRASH_S, CRASH_M = 8.0, 5.0  # who crashes braked so lately and so near: who comes up later only stands near
REACH_M = 10.0  # ... and what was seen so near
STOPPED_S = 6.0  # who braked hard stood so soon
GONE_S = 5.0  # an accident ends when so long nobody has stood there


class SuspectedAccidentRule(Rule, frozen=True, forbid_unknown_fields=True, kw_only=True):
    dwell_s: Seconds = 3.0
    braking_m_s2: Acceleration = 6.0
    avoiding: Count = 2


@dataclass(slots=True)
class _Site:
    """A place at which something was seen: who was on its lane behind it, and who of them drove around it."""

    behind: set[int] = field(default_factory=set)
    around: set[int] = field(default_factory=set)


@dataclass(slots=True)
class _Accident:
    report: IncidentReport
    places: set[int]
    user: RoadUser
    last_s: float  # when somebody stood there


class SuspectedAccident:
    def __init__(self, rule: SuspectedAccidentRule, scene: Scene, numbers: Iterator[int]) -> None:
        self._rule, self._scene = rule, scene
        severity = rule.severity or INCIDENT_KINDS["suspected_accident"].severity
        self._ledger = Ledger("suspected_accident", scene.camera, severity, 1, numbers)
        self._braking, self._contact = Braking(rule.braking_m_s2, KEPT_S), Contact(KEPT_S, scene.height_px)
        self._sites: dict[int, _Site] = {}  # by place
        self._open: list[_Accident] = []

    def update(self, at_s: float, observation: Observation) -> list[IncidentReport]:
        self._braking.update(at_s, observation.road_users)
        self._contact.update(at_s, observation)
        reports = self._go_on(at_s, observation)
        places = {place.id: place for place in observation.places}
        self._sites = {number: site for number, site in self._sites.items() if number in places}
        for place in observation.places:
            if place.lane is None or not self._rule.concerns(place.user) or self._is_known(place):
                continue
            report = self._judge(at_s, place, observation)
            if report is not None:
                near = {other.id for other in observation.places if distance_m(place.user, other.user) <= REACH_M}
                self._open.append(_Accident(report, near, place.user, at_s))
                reports.append(report)
        return reports

    def _judge(self, at_s: float, place: Place, observation: Observation) -> IncidentReport | None:
        braked = [
            one for one in self._braking.lately.values()
            if abs(one.at_s - place.since_s) <= STOPPED_S and _is_at(place, one.user)
        ]  # fmt: skip
        pair = self._touching_at(place, observation)
        if (not braked and pair is None) or self._waits(place, observation):
            return None
        around = self._driven_around(place, observation)
        hit = (place.user,) if pair is None else (pair.one, pair.other)
        crashing = [
            one.user for one in braked
            if at_s - one.at_s <= CRASH_S and any(distance_m(one.user, user) <= CRASH_M for user in hit)
        ]  # fmt: skip
        seen = {
            "braking": bool(braked), "touching": pair is not None or self._hides_another(place, crashing, observation),
            "avoided": len(around) >= self._rule.avoiding,
        }  # fmt: skip
        if place.user.track.id in observation.queued and any(user.track.cls in TWO_WHEELERS for user in (place.user, *hit)):
            return None
        if at_s - place.since_s < self._rule.dwell_s or place.last_seen_s < at_s:
            return None
        if not (crashing and seen["touching"]) and not self._suffices(seen, place, pair):
            return None
        box = _around(place.box, *(user.track.box for user in hit))
        detail: dict[str, str | float | int] = {"evidence": "_".join(name for name, there in seen.items() if there)}
        confidence = 0.5 + 0.15 * sum(seen.values())
        return self._ledger.open(
            at_s, place.since_s, lane=place.lane, confidence=confidence, box=box, users=hit, detail=detail
        )

    def _touching_at(self, place: Place, observation: Observation) -> Pair | None:
        """Two that touch there; in a congestion they stand close, and boxes are taken for one another."""
        if place.lane in observation.congested:
            return None
        return next((pair for pair in self._contact.touching if _is_at(place, pair.one) and _is_at(place, pair.other)), None)

    def _suffices(self, seen: dict[str, bool], place: Place, pair: Pair | None) -> bool:
        """Others drive around it, and not for a red light or between two-wheelers that stand together."""
        if not seen["avoided"] or self._scene.lane_of_id[place.lane or ""].signalised:
            return False
        if seen["braking"] or pair is None:
            return seen["braking"]
        return pair.measured and not any(user.track.cls in TWO_WHEELERS for user in (pair.one, pair.other))

    def _hides_another(self, place: Place, braked: list[RoadUser], observation: Observation) -> bool:
        """Whether two braked hard to stand here, and only one is seen any longer: so near they look like one."""
        alone = not any(other is not place and _is_at(place, other.user) for other in observation.places)
        return alone and len(braked) > 1 and sum(self._braking.follows(user.track.id) for user in braked) < 2

    def _driven_around(self, place: Place, observation: Observation) -> set[int]:
        """The tracks that were on its lane behind it, and got past it on another one or beside all."""
        site = self._sites.setdefault(place.id, _Site())
        for user in observation.road_users:
            if not user.track.seen or user.track.cls in FILTERING or user.track.id in observation.standing:
                continue
            ahead = _ahead_m(self._scene, place, user) > 0
            if user.lane == place.lane and not ahead:
                site.behind.add(user.track.id)
            elif ahead and user.lane != place.lane and user.track.id in site.behind:
                site.around.add(user.track.id)
        return site.around

    def _waits(self, place: Place, observation: Observation) -> bool:
        """Whether somebody stands ahead of it on its lane, farther than who is part of it: then it may wait for him."""
        for other in observation.places:
            apart_m = distance_m(place.user, other.user)
            if other.lane == place.lane and REACH_M < apart_m <= QUEUE_SPAN_M and _ahead_m(self._scene, place, other.user) > 0:
                return True
        return False

    def _is_known(self, place: Place) -> bool:
        return any(place.id in accident.places or self._is_part(accident, place) for accident in self._open)

    def _is_part(self, accident: _Accident, place: Place) -> bool:
        return place.lane == accident.report.lane and distance_m(accident.user, place.user) <= REACH_M

    def _go_on(self, at_s: float, observation: Observation) -> list[IncidentReport]:
        """Until everybody who stood there has left."""
        reports = []
        for accident in list(self._open):
            here = [place for place in observation.places if place.id in accident.places or self._is_part(accident, place)]
            accident.places.update(place.id for place in here)
            accident.last_s = at_s if here else accident.last_s
            if at_s - accident.last_s > GONE_S:
                reports.append(self._ledger.end(accident.report, at_s))
                self._open.remove(accident)
                continue
            report = self._ledger.update(accident.report, at_s, users=tuple(place.user for place in here))
            if report is not None:
                accident.report = report
                reports.append(report)
        return reports


def _is_at(place: Place, user: RoadUser) -> bool:
    return user.track.id == place.user.track.id or (
        user.lane == place.lane and distance_m(user, place.user) <= REACH_M
    )


def _ahead_m(scene: Scene, place: Place, user: RoadUser) -> float:
    """How far along the lane's direction the user is ahead of the place, in its metres."""
    direction = metres(place.user.scale, *scene.lane_of_id[place.lane or ""].direction_at(place.user.point))
    x, y = metres(place.user.scale, user.point[0] - place.box.contact[0], user.point[1] - place.box.contact[1])
    return (x * direction[0] + y * direction[1]) / max(hypot(*direction), 1e-9)


def _around(*boxes: Box) -> Box:
    return Box(
        min(box.left for box in boxes), min(box.top for box in boxes), max(box.right for box in boxes),
        max(box.bottom for box in boxes),
    )  # fmt: skip
