"""Who truly drives faster or slower than his lane allows: by the definitions of speeding and slow_vehicle, on true speeds.

Without their margins for what a camera cannot know: who is hardly past a limit is truly past it.
"""

from dataclasses import dataclass
from math import cos, sin

import numpy as np

from edge_agent.core import geometry
from edge_agent.core.lane import limit_of
from edge_agent.core.observation import SLOW_KMH
from edge_agent.core.scene_building import build_scene
from edge_agent.core.scene_format import SceneFile
from edge_agent.simulation.bodies import Body

GONE_S = 1.0


@dataclass(frozen=True, slots=True)
class OnLane:
    """Somebody who is plainly seen on a lane; `contact` is the middle of his box's lower edge."""

    body: Body
    lane: str
    contact: tuple[float, float]
    findable: float = 1.0


@dataclass(slots=True)
class Passage:
    """Somebody past a limit, `since_s` and up to `at_s`. It counts once it has lasted long enough."""

    kind: str
    lane: str
    since_s: float
    since_kmh: float
    at_s: float
    counts: bool = False
    findable: float = 0.0


class Paces:
    """`update` picture by picture; `found` holds those that count."""

    def __init__(self, scene: SceneFile) -> None:
        built = build_scene(scene)
        self._lanes, self._rules = built.lane_of_id, scene.rules
        self._stretch = geometry.Polygons([] if built.stretch is None else [built.stretch])
        self._limited = any(lane.highest_kmh or lane.lowest_kmh for lane in built.lanes)
        self._passages: dict[tuple[str, int], Passage] = {}
        self.found: list[Passage] = []

    def update(self, at_s: float, seen: list[OnLane], jammed: set[str]) -> None:
        if not self._limited or not seen:
            return
        inside = np.logical_or.reduce(self._stretch.hold(np.array([one.contact for one in seen])), axis=0)
        for one, there in zip(seen, inside.tolist(), strict=True):
            if there and self._is_too_fast(one):
                self._note(at_s, "speeding", one, self._rules.speeding.duration_s, None)
            elif there and one.lane not in jammed and self._is_too_slow(one, seen):
                rule = self._rules.slow_vehicle
                self._note(at_s, "slow_vehicle", one, rule.duration_s, rule.steady_kmh)

    def _is_too_fast(self, one: OnLane) -> bool:
        limit = limit_of(self._lanes[one.lane].highest_kmh, one.body.cls)
        return limit is not None and one.body.speed_m_s * 3.6 > limit + self._rules.speeding.tolerance_kmh

    def _is_too_slow(self, one: OnLane, seen: list[OnLane]) -> bool:
        if self._lanes[one.lane].signalised or one.body.cls == "bicycle":
            return False
        if one.body.speed_m_s * 3.6 < SLOW_KMH or not self._is_below(one):
            return False
        others = (other for other in seen if other is not one and other.lane == one.lane and self._is_below(other))
        return not any(0 < _ahead_m(one.body, other.body) <= self._rules.slow_vehicle.clear_ahead_m for other in others)

    def _is_below(self, one: OnLane) -> bool:
        lowest = limit_of(self._lanes[one.lane].lowest_kmh, one.body.cls)
        return lowest is not None and one.body.speed_m_s * 3.6 < lowest

    def _note(self, at_s: float, kind: str, one: OnLane, duration_s: float, steady_kmh: float | None) -> None:
        kmh, key = one.body.speed_m_s * 3.6, (kind, one.body.id)
        passage = self._passages.get(key)
        if passage is None or at_s - passage.at_s > GONE_S:
            passage = self._passages[key] = Passage(kind, one.lane, at_s, kmh, at_s)
        if not passage.counts and steady_kmh is not None and abs(kmh - passage.since_kmh) > steady_kmh:
            passage.since_s, passage.since_kmh = at_s, kmh
        passage.at_s = at_s
        passage.findable = max(passage.findable, one.findable)
        if not passage.counts and at_s - passage.since_s >= duration_s:
            passage.counts = True
            self.found.append(passage)


def _ahead_m(body: Body, other: Body) -> float:
    return (other.x_m - body.x_m) * cos(body.heading) + (other.y_m - body.y_m) * sin(body.heading)
