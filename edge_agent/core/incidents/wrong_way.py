"""A vehicle that travels against the lane's direction: far enough, fast enough, long enough.

Distance counts from where it began to go against the direction, wherever its track began; going forward takes it back.
Motorcycles and bicycles have thresholds of their own: counter-flow along the kerb would flood the operators.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import hypot

from edge_agent.core.incidents.lifecycle import Ledger
from edge_agent.core.incidents.rule import Kmh, Metres, Rule, Seconds
from edge_agent.core.observation import Observation
from edge_agent.core.scene import Scene, metres
from edge_agent.core.types import TWO_WHEELERS, IncidentReport, RoadUser
from event_contract.kinds import INCIDENT_KINDS

JUMP_KMH, JUMP_SHARE = 250.0, 0.4  # a box that jumps faster, and by such a share of its size, is another road user's
LOST_S = 3.0  # so long after its driver was last seen against the lane an incident ends
AMONG_STANDING_M = 15.0  # where others stand: an id that hops along a queue goes back as well
REACH_M = 12.0  # a track that begins so close to where a lost wrong-way driver must be by now is him again


class WrongWayRule(Rule, frozen=True, forbid_unknown_fields=True, kw_only=True):
    distance_m: Metres = 6.0
    speed_kmh: Kmh = 8.0
    duration_s: Seconds = 1.0
    two_wheeler_distance_m: Metres = 25.0
    two_wheeler_duration_s: Seconds = 3.0


@dataclass(slots=True)
class _Course:
    """One track's way against the direction, in the lane."""

    began_s: float
    at_s: float
    point: tuple[float, float]  # contact
    top: float
    bottom_m: float = 0.0  # against the direction so far, as the lower and the upper edge of the box tell it
    top_m: float = 0.0
    fast_since_s: float | None = None


class WrongWay:
    def __init__(self, rule: WrongWayRule, scene: Scene, numbers: Iterator[int]) -> None:
        self._rule, self._scene = rule, scene
        severity = rule.severity or INCIDENT_KINDS["wrong_way"].severity
        self._ledger = Ledger("wrong_way", scene.camera, severity, 1, numbers)
        self._courses: dict[int, _Course] = {}
        self._open: dict[int, tuple[IncidentReport, RoadUser, float]] = {}  # by track: last report, user and time as last seen

    def update(self, at_s: float, observation: Observation) -> list[IncidentReport]:
        reports = []
        for user in observation.road_users:
            if user.track.seen and user.track.cls != "person":
                report = self._follow(at_s, user, observation)
                if report is not None:
                    reports.append(report)
        for number in [number for number, (_, _, seen_s) in self._open.items() if at_s - seen_s > LOST_S]:
            reports.append(self._ledger.end(self._open.pop(number)[0], at_s))
        for number in [number for number, course in self._courses.items() if at_s - course.at_s > LOST_S]:
            del self._courses[number]
        return reports

    def _follow(self, at_s: float, user: RoadUser, observation: Observation) -> IncidentReport | None:
        number = user.track.id
        course = self._courses.get(number)
        if course is None:
            self._courses[number] = _Course(at_s, at_s, user.point, user.track.box.top)
            return None
        self._advance(at_s, course, user)
        wrong = self._is_wrong(at_s, course, user, observation)
        if number in self._open:
            report = self._ledger.update(self._open[number][0], at_s, box=user.track.box, users=(user,)) if wrong else None
            if wrong:
                self._open[number] = (report or self._open[number][0], user, at_s)
            return report
        if course.fast_since_s is None:
            return None
        earlier = self._same_driver(at_s, course.began_s, user)
        if earlier is not None:
            self._open[number] = (self._open.pop(earlier)[0], user, at_s)
            return None
        if not wrong:
            return None
        started_s = at_s - self._needed(user)[1]
        report = self._ledger.open(
            at_s, started_s, lane=user.lane, confidence=user.track.score, box=user.track.box, users=(user,)
        )
        self._open[number] = (report, user, at_s)
        return report

    def _advance(self, at_s: float, course: _Course, user: RoadUser) -> None:
        """Add this step to the way against the direction. Both ends of the box must go that way: a box that grows or is
        cut off by another one moves one end only. Each is summed on its own, so that their trembling evens out."""
        lane = self._scene.lane_of_id.get(user.lane or "")
        dx, dy = user.point[0] - course.point[0], user.point[1] - course.point[1]
        if lane is None or lane.two_way or not self._rule.concerns(user):
            course.bottom_m, course.top_m, course.fast_since_s = 0.0, 0.0, None
        else:
            bottom, top = self._back_m(user, dx, dy), self._back_m(user, dx, user.track.box.top - course.top)
            if _jumps(user, dx, dy) and abs(bottom) > JUMP_KMH / 3.6 * (at_s - course.at_s):
                course.bottom_m, course.top_m, course.fast_since_s = 0.0, 0.0, None
            else:
                course.bottom_m, course.top_m = max(0.0, course.bottom_m + bottom), max(0.0, course.top_m + top)
            if user.along_kmh is None or -user.along_kmh <= self._rule.speed_kmh + (user.pace_se_kmh or 0.0):
                course.fast_since_s = None
            elif course.fast_since_s is None:
                course.fast_since_s = at_s
        course.at_s, course.point, course.top = at_s, user.point, user.track.box.top

    def _back_m(self, user: RoadUser, dx: float, dy: float) -> float:
        """How far an image step goes against the direction of the road user's lane."""
        step, legal = metres(user.scale, dx, dy), self._legal(user)
        return -(step[0] * legal[0] + step[1] * legal[1])

    def _legal(self, user: RoadUser) -> tuple[float, float]:
        """The unit vector of the lane's direction on the plane."""
        x, y = metres(user.scale, *self._scene.lane_of_id[user.lane or ""].direction_at(user.point))
        length = max(hypot(x, y), 1e-9)
        return x / length, y / length

    def _is_wrong(self, at_s: float, course: _Course, user: RoadUser, observation: Observation) -> bool:
        distance_m, duration_s = self._needed(user)
        if _others_stand(user, observation):
            distance_m = max(distance_m, AMONG_STANDING_M)
        fast_for_s = -1.0 if course.fast_since_s is None else at_s - course.fast_since_s
        return min(course.bottom_m, course.top_m) >= distance_m and fast_for_s >= duration_s

    def _needed(self, user: RoadUser) -> tuple[float, float]:
        if user.track.cls in TWO_WHEELERS:
            return self._rule.two_wheeler_distance_m, self._rule.two_wheeler_duration_s
        return self._rule.distance_m, self._rule.duration_s

    def _same_driver(self, at_s: float, began_s: float, user: RoadUser) -> int | None:
        """The track of an open incident whose driver was lost before this track began, and must by now be about here."""
        legal = self._legal(user)
        for number, (_, last, seen_s) in self._open.items():
            if self._courses[number].at_s >= began_s:
                continue
            gone_m = -(last.along_kmh or 0.0) / 3.6 * (at_s - seen_s)
            step = metres(user.scale, user.point[0] - last.point[0], user.point[1] - last.point[1])
            if hypot(step[0] + gone_m * legal[0], step[1] + gone_m * legal[1]) <= REACH_M:
                return number
        return None


def _others_stand(user: RoadUser, observation: Observation) -> bool:
    """Whether somebody else stands on the road user's lane."""
    lane = observation.lanes.get(user.lane or "")
    return lane is not None and any(
        other.track.id in observation.standing and other.track.id != user.track.id for other in lane.vehicles
    )


def _jumps(user: RoadUser, dx: float, dy: float) -> bool:
    left, top, right, bottom = user.track.box
    return abs(dx) > JUMP_SHARE * (right - left) or abs(dy) > JUMP_SHARE * (bottom - top)
