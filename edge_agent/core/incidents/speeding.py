"""A vehicle that drives faster than its lane's limit for its class, surely, and for `duration_s`.

Only where the scene states a limit, and only by published speeds: inside the calibrated stretch.
"""

from collections.abc import Iterator

from edge_agent.core.incidents.past_limit import SURE, Past, PastLimit
from edge_agent.core.incidents.rule import Kmh, Rule, Seconds
from edge_agent.core.lane import limit_of
from edge_agent.core.observation import Observation
from edge_agent.core.scene import Scene
from edge_agent.core.types import IncidentReport


class SpeedingRule(Rule, frozen=True, forbid_unknown_fields=True, kw_only=True):
    duration_s: Seconds = 0.5  # a fast one is seen for little more than a second
    tolerance_kmh: Kmh = 5.0


class Speeding:
    def __init__(self, rule: SpeedingRule, scene: Scene, numbers: Iterator[int]) -> None:
        self._rule, self._scene = rule, scene
        self._drivers = PastLimit("speeding", rule, scene, numbers)

    def update(self, at_s: float, observation: Observation) -> list[IncidentReport]:
        past, not_past = [], set[int]()
        for user in observation.road_users:
            lane, speed, error = self._scene.lane_of_id.get(user.lane or ""), user.speed_kmh, user.speed_se_kmh
            if lane is None or not user.track.seen or speed is None or error is None or user.track.cls == "person":
                continue
            limit = limit_of(lane.highest_kmh, user.track.cls) if self._rule.concerns(user) else None
            over = 0.0 if limit is None else speed - limit - self._rule.tolerance_kmh
            if limit is None or over <= 0:
                not_past.add(user.track.id)
            else:
                past.append(Past(user, speed, limit, over > SURE * error))
        return self._drivers.update(at_s, past, not_past, self._rule.duration_s)
