"""A vehicle that drives on, but slower than its lane's lowest speed for its class, surely, steadily, and for `duration_s`.

Only where the scene states a lowest speed, by published speeds, and not where a traffic light makes everybody slow. Nobody is
blamed for what is ahead of him: in a queue, in a congestion, or behind another one who is below the lowest speed, he is none.
"""

from collections.abc import Iterator

from edge_agent.core.incidents.past_limit import SURE, Past, PastLimit
from edge_agent.core.incidents.rule import Kmh, Metres, Rule, Seconds
from edge_agent.core.lane import Lane, limit_of
from edge_agent.core.observation import SLOW_KMH, Observation, distance_m
from edge_agent.core.scene import Scene, metres
from edge_agent.core.types import IncidentReport, RoadUser

DRIVES_OFF_S = 15.0  # who stood so lately is getting up to speed


class SlowVehicleRule(Rule, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Whoever changes his speed by more than `steady_kmh` meanwhile brakes or speeds up: behind a signal, to turn off."""

    duration_s: Seconds = 5.0
    steady_kmh: Kmh = 6.0
    clear_ahead_m: Metres = 60.0


class SlowVehicle:
    def __init__(self, rule: SlowVehicleRule, scene: Scene, numbers: Iterator[int]) -> None:
        self._rule, self._scene = rule, scene
        self._drivers = PastLimit("slow_vehicle", rule, scene, numbers)
        self._stood_s: dict[int, float] = {}  # by track: when it stood or queued last

    def update(self, at_s: float, observation: Observation) -> list[IncidentReport]:
        past, not_past = [], set[int]()
        self._stood_s |= dict.fromkeys(observation.queued | observation.standing, at_s)
        self._stood_s = {number: moment for number, moment in self._stood_s.items() if at_s - moment <= DRIVES_OFF_S}
        for user in observation.road_users:
            if not user.track.seen or user.speed_kmh is None or user.speed_se_kmh is None:
                continue
            lane = self._scene.lane_of_id.get(user.lane or "")
            lowest = None if lane is None else self._lowest_kmh(lane, user)
            if lowest is None or user.speed_kmh >= lowest or self._is_excused(user, observation):
                not_past.add(user.track.id)
            else:
                past.append(Past(user, user.speed_kmh, lowest, user.speed_kmh + SURE * user.speed_se_kmh < lowest))
        return self._drivers.update(at_s, past, not_past, self._rule.duration_s, self._rule.steady_kmh)

    def _lowest_kmh(self, lane: Lane, user: RoadUser) -> float | None:
        if lane.signalised or user.track.cls in ("bicycle", "person") or not self._rule.concerns(user):
            return None
        return limit_of(lane.lowest_kmh, user.track.cls)

    def _is_excused(self, user: RoadUser, observation: Observation) -> bool:
        if user.lane in observation.congested or user.track.id in self._stood_s:
            return True
        return (user.speed_kmh or 0.0) < SLOW_KMH or self._is_held_up(user, observation)

    def _is_held_up(self, user: RoadUser, observation: Observation) -> bool:
        """By somebody ahead of him on his lane who is as slow."""
        lane = self._scene.lane_of_id[user.lane or ""]
        direction = metres(user.scale, *lane.direction_at(user.point))
        for other in observation.lanes[lane.id].vehicles:
            lowest = limit_of(lane.lowest_kmh, other.track.cls)
            if other is user or lowest is None or (other.pace_kmh is not None and other.pace_kmh >= lowest):
                continue
            step = metres(user.scale, other.point[0] - user.point[0], other.point[1] - user.point[1])
            ahead = step[0] * direction[0] + step[1] * direction[1] > 0
            if ahead and distance_m(user, other) <= self._rule.clear_ahead_m:
                return True
        return False
