"""What really happened, by the definitions of the incidents: judged on the true road, of what is in the picture.

The rules' parameters are the scene's, so truth and judgement mean the same. Whoever nobody can see is no incident.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from edge_agent.core import geometry
from edge_agent.core.scene_format import SceneFile
from edge_agent.core.scoring import FINDABLE
from edge_agent.core.types import TWO_WHEELERS
from edge_agent.simulation import script
from edge_agent.simulation.bodies import Body
from edge_agent.simulation.plan import Simulation
from edge_agent.simulation.truth.crashes import Crashes
from edge_agent.simulation.truth.findable import Findable
from edge_agent.simulation.truth.happening import Happening
from edge_agent.simulation.truth.jam import Jam
from edge_agent.simulation.truth.paces import OnLane, Paces
from edge_agent.simulation.truth.sight import Sight
from edge_agent.simulation.truth.stays import LEAST_VISIBLE, Seen, Stays

GONE_S = 1.0
FOLLOWED_S = 0.5  # before a speed is known somebody must have been found for so long
NO_VEHICLES = ("person", "object")


@dataclass(slots=True)
class _Way:
    """How far one body has driven against its lane, or how long somebody has been on the carriageway."""

    since_s: float
    at_s: float
    metres: float = 0.0
    found_m: float = 0.0  # while a detector finds him
    found_s: float = 0.0
    fast_since_s: float | None = None
    raised: Happening | None = None


class Referee:
    """`update` picture by picture; `incidents` at the end."""

    def __init__(self, plan: Simulation, scene: SceneFile) -> None:
        self._scene, self._rules = scene, scene.rules
        self._lanes = [lane.id for lane in scene.lanes]
        self._lane_polygons = geometry.Polygons([np.array(lane.polygon) for lane in scene.lanes])
        self._shapes = {lane.id: lane for lane in scene.lanes}
        self._carriageway = geometry.Polygons([np.array(area.polygon) for area in scene.carriageway])
        self._zones = [(zone.id, np.array(zone.polygon)) for zone in scene.no_stop_zones]
        self._jams = {lane.id: Jam(lane, scene) for lane in scene.lanes}
        self._found = [_trouble(one, plan.duration_s) for one in plan.script if _is_fault(one)]
        self._ways: dict[int, _Way] = {}
        self._walks: dict[int, _Way] = {}
        self._crashes, self._paces, self._findable = Crashes(), Paces(scene), Findable(plan)
        self._stays = Stays(scene, self._jams, self._findable)
        self._at_s = 0.0

    def update(self, at_s: float, sight: Sight) -> None:
        step_s, self._at_s = at_s - self._at_s, at_s
        self._findable.update(at_s, sight)
        seen = self._seen(sight)
        vehicles: dict[str, list[Body]] = {lane: [] for lane in self._jams}
        for one in seen:
            if one.lane is not None and one.body.cls not in NO_VEHICLES:
                vehicles[one.lane].append(one.body)
        for lane, jam in self._jams.items():
            begun = jam.update(at_s, vehicles[lane])
            self._found += [Happening("congestion", start, at_s, lane, findable=0.0) for start in begun]
        self._paces.update(at_s, self._plainly_on_lanes(seen), {lane for lane, jam in self._jams.items() if jam.is_open})
        zones = self._zones_of(seen)
        for one, zone in zip(seen, zones, strict=True):
            if one.body.cls == "person":
                continue
            self._found += self._stays.judge(at_s, step_s, one, zone, vehicles)
            if one.body.cls != "object":
                self._judge_way(at_s, step_s, one)
                self._judge_crash(at_s, one)
        self._judge_people(at_s, [one for one in seen if one.body.cls == "person"])
        self._note_findable(at_s, vehicles)
        self._close(at_s)

    def incidents(self) -> list[dict[str, Any]]:
        """As truth.json has them, in order of their beginning."""
        for jam in self._jams.values():
            for happening in self._found:
                if happening.kind == "congestion" and happening.lane == jam.lane and happening.start_s in jam.ends:
                    happening.end_s = jam.ends[happening.start_s]
        for passage in self._paces.found:  # whoever overtakes changes his lane: the truth names none
            lane = passage.lane if passage.kind == "slow_vehicle" else None
            self._found.append(Happening(passage.kind, passage.since_s, passage.at_s, lane, findable=passage.findable))
        return [
            {"kind": one.kind, "start_s": round(one.start_s, 2), "end_s": round(max(one.start_s, one.end_s), 2)}
            | ({} if one.lane is None else {"lane": one.lane})
            | ({} if one.box is None else {"box": [round(side, 4) for side in one.box]})
            | ({} if one.findable is None else {"findable": round(one.findable, 2)})
            for one in sorted(self._found, key=lambda one: (one.start_s, one.kind))
        ]

    def _seen(self, sight: Sight) -> list[Seen]:
        if not sight.bodies:
            return []
        found: list[str | None] = [None] * len(sight.bodies)
        for lane, index in zip(*np.nonzero(self._lane_polygons.hold(sight.contact)), strict=True):
            found[index] = found[index] or self._lanes[lane]
        boxes, visible = sight.boxes.tolist(), sight.visible.tolist()
        return [Seen(*row) for row in zip(sight.bodies, map(tuple, boxes), visible, found, strict=True)]

    def _zones_of(self, seen: list[Seen]) -> list[str | None]:
        """The no-stop zone of whoever is on a strip where nobody may stop."""
        zones: list[str | None] = [None] * len(seen)
        for index, one in enumerate(seen):
            if one.body.strip_no_stop and one.lane is None:
                point = np.array([[(one.box[0] + one.box[2]) / 2, one.box[3]]])
                zones[index] = next((name for name, polygon in self._zones if geometry.inside(polygon, point)[0]), None)
        return zones

    def _judge_way(self, at_s: float, step_s: float, one: Seen) -> None:
        body, rule = one.body, self._rules.wrong_way
        if one.lane is None or body.lane != one.lane or body.along_m_s >= 0 or self._shapes[one.lane].two_way:
            self._ways.pop(body.id, None)
            return
        way = self._ways.setdefault(body.id, _Way(at_s, at_s))
        way.at_s = at_s
        way.metres -= body.along_m_s * step_s
        if self._findable.of(body.id) >= FINDABLE:
            way.found_m -= body.along_m_s * step_s
            way.found_s += step_s
        fast = -body.along_m_s * 3.6 > rule.speed_kmh
        way.fast_since_s = (at_s if way.fast_since_s is None else way.fast_since_s) if fast else None
        if way.raised is not None:
            way.raised.end_s = at_s
        two = body.cls in TWO_WHEELERS
        distance = rule.two_wheeler_distance_m if two else rule.distance_m
        duration = rule.two_wheeler_duration_s if two else rule.duration_s
        if way.raised is not None:
            if way.found_m >= distance and way.found_s >= duration + FOLLOWED_S:
                self._note(way.raised, one)
            return
        if way.metres >= distance and way.fast_since_s is not None and at_s - way.fast_since_s >= duration:
            way.raised = Happening("wrong_way", way.since_s, at_s, one.lane, findable=0.0)
            self._found.append(way.raised)

    def _judge_crash(self, at_s: float, one: Seen) -> None:
        if one.body.crash and one.lane is not None:
            new = self._crashes.update(at_s, one.body, one.lane, one.box)
            if new is not None:
                self._found.append(new)

    def _judge_people(self, at_s: float, people: list[Seen]) -> None:
        if not people:
            return
        points = np.array([[(one.box[0] + one.box[2]) / 2, one.box[3]] for one in people])
        inside = np.logical_or.reduce(self._carriageway.hold(points), axis=0)
        for one, there in zip(people, inside.tolist(), strict=True):
            if not there or one.visible < LEAST_VISIBLE:
                continue
            walk = self._walks.setdefault(one.body.id, _Way(at_s, at_s))
            if at_s - walk.at_s > GONE_S:
                walk = self._walks[one.body.id] = _Way(at_s, at_s)
            walk.at_s = at_s
            if walk.raised is not None:
                walk.raised.end_s = at_s
                self._note(walk.raised, one)
            elif at_s - walk.since_s >= self._rules.pedestrian.dwell_s:
                walk.raised = Happening("pedestrian", walk.since_s, at_s, findable=self._findable.of(one.body.id))
                self._found.append(walk.raised)

    def _note(self, happening: Happening, one: Seen) -> None:
        happening.findable = max(happening.findable or 0.0, self._findable.of(one.body.id))

    def _note_findable(self, at_s: float, vehicles: dict[str, list[Body]]) -> None:
        """Of what is of several: of an accident both must be found, of a congestion as many as make one."""
        for happening in self._found:
            if happening.kind == "congestion" and self._jams[happening.lane or ""].is_open:
                bodies, needed = [body.id for body in vehicles[happening.lane or ""]], self._rules.congestion.min_vehicles
            elif happening.kind == "suspected_accident":
                bodies, needed = self._crashes.bodies_of(happening), 2
            else:
                continue
            happening.findable = max(happening.findable or 0.0, self._findable.of_all(bodies, needed))

    def _plainly_on_lanes(self, seen: list[Seen]) -> list[OnLane]:
        return [
            OnLane(one.body, one.lane, ((one.box[0] + one.box[2]) / 2, one.box[3]), self._findable.of(one.body.id))
            for one in seen
            if one.lane is not None and one.visible >= LEAST_VISIBLE and one.body.cls not in NO_VEHICLES
        ]

    def _close(self, at_s: float) -> None:
        """Forget who has left the picture."""
        self._stays.close(at_s)
        for known in (self._ways, self._walks):
            for number in [number for number, one in known.items() if at_s - one.at_s > GONE_S]:
                del known[number]


def _is_fault(staged: script.Staged) -> bool:
    return isinstance(staged, script.CameraTrouble) and staged.trouble != "shaken"


def _trouble(staged: script.Staged, duration_s: float) -> Happening:
    assert isinstance(staged, script.CameraTrouble)  # noqa: S101
    end_s = duration_s if staged.seconds is None else min(duration_s, staged.at_s + staged.seconds)
    return Happening("camera_fault", staged.at_s, end_s, reason=staged.trouble)
