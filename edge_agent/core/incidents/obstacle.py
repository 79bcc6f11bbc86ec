"""An obstacle: something lies on a lane for `dwell_s` that no road user explains.

What stands in the picture and did not stand there before is mostly a vehicle. It is one where a road user stands on it, was
lost by the detector there, or stood there lately, and stays one. Where vehicles wait nothing is judged. What was seen to lie
there by itself first stays an obstacle, whoever stops beside it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from math import hypot

import numpy as np

from edge_agent.core import geometry
from edge_agent.core.incidents.lifecycle import Ledger
from edge_agent.core.incidents.rule import LaneRule, Metres, Seconds
from edge_agent.core.incidents.suspects import Suspects, hide
from edge_agent.core.observation import SLOW_KMH, Observation
from edge_agent.core.scene import Scene
from edge_agent.core.types import Box, IncidentReport, Thing
from event_contract.kinds import INCIDENT_KINDS

SAME_IOU, WITHIN = 0.3, 0.6  # it is the same thing; it is part of the other
SMALL_M = 1.6  # what is smaller is no car at a red light
ALONE_S = 4.0  # what was plainly seen by itself for so long is nobody's
MANY = 4  # things at once: the light has changed
STEP_S = 2.0  # at most so much time stands behind one look
ROWS = 20  # of the picture, for its scale where there is no calibration


class ObstacleRule(LaneRule, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What came to lie there before the camera had watched for `known_s` may be the road, seen for the first time when somebody
    drove off it. `least_m`, `largest_m`: its larger side; larger ones are vehicles that the detector does not know.
    `signalised_s`: of what is as large as a car where vehicles wait at a signal, unless somebody has driven past. Over when
    the place has been seen empty for `empty_s`."""

    dwell_s: Seconds = 20.0
    known_s: Seconds = 30.0
    signalised_s: Seconds = 120.0
    least_m: Metres = 0.3
    largest_m: Metres = 3.0
    empty_s: Seconds = 4.0


@dataclass(slots=True)
class _Lying:
    """One thing: since when it lies there, for how long it was plainly seen by itself, whether a road user explains it, and who
    is ahead of it, who behind."""

    box: Box
    since_s: float
    alone_s: float = 0.0
    empty_s: float = 0.0
    strength: float = 0.0
    stands_s: float = 0.0
    fades: bool = False  # it is hidden now, or gone
    explained: bool = False
    sides: dict[int, bool] = field(default_factory=dict)
    passed: bool = False
    report: IncidentReport | None = None


class Obstacle:
    def __init__(self, rule: ObstacleRule, scene: Scene, numbers: Iterator[int]) -> None:
        self._rule, self._scene = rule, scene
        self._lanes = [lane.id for lane in scene.lanes]
        self._polygons = geometry.Polygons([lane.polygon for lane in scene.lanes])
        severity = rule.severity or INCIDENT_KINDS["obstacle"].severity
        self._ledger = Ledger("obstacle", scene.camera, severity, 1, numbers)
        self._lying: list[_Lying] = []
        self._suspects = Suspects()
        self._scales: dict[int, float] = {}  # by row of the picture: metres per width of it
        self._at_s: float | None = None
        self._began_s: float | None = None

    def update(self, at_s: float, observation: Observation) -> list[IncidentReport]:
        self._began_s = at_s if self._began_s is None else self._began_s
        self._note(at_s, observation)
        if observation.things is None:
            return []
        step_s = 0.0 if self._at_s is None else min(at_s - self._at_s, STEP_S)
        self._at_s = at_s
        here = self._matched(at_s, observation.things)
        lanes = [self._lane_of(lying.box) for lying in self._lying]
        for lying, thing, lane in zip(self._lying, here, lanes, strict=True):
            if thing is None:
                lying.empty_s += 0.0 if hide(observation.road_users, lying.box) else step_s
            else:
                self._weigh(step_s, lying, lane, observation)
        reports = self._judge(at_s, lanes)
        self._lying = [lying for lying in self._lying if lying.empty_s <= self._rule.empty_s]
        return reports

    def _note(self, at_s: float, observation: Observation) -> None:
        """Who is where, and how large the picture's pixels are."""
        self._suspects.note(at_s, observation)
        for user in observation.road_users:
            if user.track.seen:
                a, _, c, _ = user.scale
                self._scales[int(user.point[1] * ROWS)] = hypot(a, c)

    def _matched(self, at_s: float, things: tuple[Thing, ...]) -> list[Thing | None]:
        """What there is to see of everything that lies here now, new ones included."""
        free = list(things)
        here: list[Thing | None] = []
        for lying in self._lying:
            thing = max(free, key=lambda one, box=lying.box: geometry.iou(one.box, box), default=None)  # type: ignore[misc]
            if thing is not None and geometry.iou(thing.box, lying.box) >= SAME_IOU:
                lying.box, lying.strength = thing.box, thing.strength
                lying.fades, lying.stands_s = thing.stands_s < lying.stands_s, thing.stands_s
                free.remove(thing)
            else:
                thing = next((one for one in things if _is_part(lying, one)), None)
                free = [one for one in free if one is not thing]
            lying.empty_s = lying.empty_s if thing is None else 0.0
            here.append(thing)
        self._lying += [_Lying(thing.box, at_s - thing.stands_s, strength=thing.strength) for thing in free]
        return [*here, *free]

    def _weigh(self, step_s: float, lying: _Lying, lane: str | None, observation: Observation) -> None:
        """Is it a road user? If not, has it been plainly seen, on a lane that is not full of those who wait?"""
        if lying.explained or lane is None:
            return
        self._note_passers(lying, lane, observation)
        stood_on = self._suspects.stand_on(lying.box, lying.since_s, observation)
        if lying.alone_s < ALONE_S and (stood_on or self._suspects.left(lying.box, lying.since_s, observation)):
            lying.explained = True
        elif not (lying.fades or stood_on or self._waits(lane, observation)):
            lying.alone_s += step_s

    def _note_passers(self, lying: _Lying, lane: str, observation: Observation) -> None:
        """Where somebody drives past there is no red light."""
        (x, y), (along_x, along_y) = lying.box.contact, self._scene.lane_of_id[lane].direction_at(lying.box.contact)
        for user in observation.road_users:
            if user.track.seen and user.lane == lane and user.pace_kmh is not None and user.pace_kmh > SLOW_KMH:
                dx, dy = (user.point[0] - x) * self._scene.width_px, (user.point[1] - y) * self._scene.height_px
                ahead = dx * along_x * self._scene.width_px + dy * along_y * self._scene.height_px > 0
                lying.passed = lying.passed or lying.sides.get(user.track.id, ahead) != ahead
                lying.sides[user.track.id] = ahead

    def _waits(self, lane: str, observation: Observation) -> bool:
        vehicles = {user.track.id for user in observation.lanes[lane].vehicles}
        if lane in observation.congested or vehicles & observation.queued:
            return True
        return self._scene.lane_of_id[lane].signalised and bool(vehicles & observation.standing)

    def _judge(self, at_s: float, lanes: list[str | None]) -> list[IncidentReport]:
        reports, ripe = [], []
        for lying, lane in zip(self._lying, lanes, strict=True):
            report = None
            if lying.report is not None:
                ledger, over = self._ledger, lying.empty_s > self._rule.empty_s
                report = ledger.end(lying.report, at_s) if over else ledger.update(lying.report, at_s, box=lying.box)
            elif lane is not None and self._is_ripe(at_s, lying, lane):
                ripe.append((lying, lane))
            if report is not None:
                lying.report = report
                reports.append(report)
        if len(ripe) <= MANY:
            for lying, lane in ripe:
                lying.report = self._open(at_s, lying, lane)
                reports.append(lying.report)
        return reports

    def _is_ripe(self, at_s: float, lying: _Lying, lane: str) -> bool:
        if lying.explained or lying.fades or lying.empty_s > 0 or lying.alone_s < ALONE_S:
            return False
        if self._began_s is None or lying.since_s < self._began_s + self._rule.known_s:
            return False
        size_m = self._size_m(lying.box)
        large = size_m is None or size_m > SMALL_M
        waits = large and self._scene.lane_of_id[lane].signalised and not lying.passed
        fits = size_m is None or self._rule.least_m <= size_m <= self._rule.largest_m
        return fits and at_s - lying.since_s >= (self._rule.signalised_s if waits else self._rule.dwell_s)

    def _open(self, at_s: float, lying: _Lying, lane: str) -> IncidentReport:
        confidence = 0.5 + 0.5 * lying.strength
        report = self._ledger.open(at_s, lying.since_s, lane=lane, confidence=confidence, box=lying.box, users=())
        return replace(report, road_m=self._road_m(lying.box))

    def _lane_of(self, box: Box) -> str | None:
        if not self._lanes:
            return None
        held = self._polygons.hold(np.array([box.contact]))[:, 0]
        wanted = self._rule.lanes or self._lanes
        return next((lane for lane, holds in zip(self._lanes, held, strict=True) if holds and lane in wanted), None)

    def _size_m(self, box: Box) -> float | None:
        """Its larger side as it is seen; None where nothing is known of the scale."""
        x, y = box.contact
        if self._scene.homography is not None:
            a, _, c, _ = self._scene.homography.scale_at(x, y)
            width_m = hypot(a, c)
        elif self._scales:
            width_m = self._scales[min(self._scales, key=lambda row: abs(row - int(y * ROWS)))]
        else:
            return None
        tall = (box.bottom - box.top) * self._scene.height_px / self._scene.width_px
        return width_m * max(box.right - box.left, tall)

    def _road_m(self, box: Box) -> tuple[float, float] | None:
        scene = self._scene
        if scene.homography is None or scene.stretch is None:
            return None
        within = geometry.inside(scene.stretch, np.array([box.contact]))[0]
        return scene.homography.road_at(*box.contact) if within else None


def _is_part(lying: _Lying, thing: Thing) -> bool:
    """Grown together with its neighbour, or seen in part; what is left where a vehicle has gone is another thing."""
    if geometry.covered(lying.box, thing.box) >= WITHIN:
        return True
    return not lying.explained and geometry.covered(thing.box, lying.box) >= WITHIN
