"""Do two that stand or creep touch? Told by the gap between them on the road, where that is known, else by their boxes.

Not where many stand: there they are near one another because they wait.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations
from math import hypot

from edge_agent.core import geometry
from edge_agent.core.observation import SLOW_KMH, Observation, distance_m
from edge_agent.core.types import RoadUser

LENGTH_M = {"bicycle": 1.75, "bus": 11.0, "car": 4.4, "motorcycle": 1.95, "truck": 8.0}
USUAL_LENGTH_M = 4.4
TOUCH_M = -2.5, 1.0  # queues leave two metres; what is nearer than a wreck can be is one vehicle with two boxes
PIXEL_M = 0.6  # where a pixel is more of the road than this, nobody can tell a gap from a contact
SMOOTHING_S = 1.0
SURE_S = 1.0  # so long both must have been seen
MANY = 6
GAP_S = 1.0


@dataclass(slots=True)
class Pair:
    """Two on one lane, as they were seen last. `measured`: their gap is known in metres of the road."""

    one: RoadUser
    other: RoadUser
    gap_m: float
    measured: bool
    at_s: float
    seen_s: float = 0.0

    @property
    def touches(self) -> bool:
        return self.seen_s >= SURE_S and TOUCH_M[0] <= self.gap_m <= TOUCH_M[1]


class Contact:
    """`update` frame by frame; `pairs` holds those near one another within `kept_s`."""

    def __init__(self, kept_s: float, height_px: int) -> None:
        self._kept_s, self._height_px = kept_s, height_px
        self._pairs: dict[tuple[int, int], Pair] = {}

    @property
    def touching(self) -> Iterable[Pair]:
        return (pair for pair in self._pairs.values() if pair.touches)

    def update(self, at_s: float, observation: Observation) -> None:
        for state in observation.lanes.values():
            slow = [user for user in state.vehicles if user.track.seen and _is_slow(user, observation)]
            if len(slow) <= MANY:
                for one, other in combinations(slow, 2):
                    self._follow(at_s, one, other)
        self._pairs = {key: pair for key, pair in self._pairs.items() if at_s - pair.at_s <= self._kept_s}

    def _follow(self, at_s: float, one: RoadUser, other: RoadUser) -> None:
        key = min(one.track.id, other.track.id), max(one.track.id, other.track.id)
        gap_m, measured = self._gap_m(one, other)
        pair = self._pairs.get(key)
        if pair is None or pair.measured != measured:
            self._pairs[key] = Pair(one, other, gap_m, measured, at_s)
            return
        elapsed = min(at_s - pair.at_s, GAP_S)
        pair.one, pair.other, pair.at_s = one, other, at_s
        pair.gap_m += min(1.0, elapsed / SMOOTHING_S) * (gap_m - pair.gap_m)
        pair.seen_s += elapsed

    def _gap_m(self, one: RoadUser, other: RoadUser) -> tuple[float, bool]:
        """From bumper to bumper along the road; of boxes none when they overlap, else no contact."""
        _, b, _, d = one.scale
        if hypot(b, d) / self._height_px > PIXEL_M:
            return 2 * TOUCH_M[1], False
        if one.road_m is None or other.road_m is None:
            return (0.0 if geometry.iou(one.track.box, other.track.box) > 0 else 2 * TOUCH_M[1]), False
        lengths = (LENGTH_M.get(user.track.cls, USUAL_LENGTH_M) for user in (one, other))
        return distance_m(one, other) - sum(lengths) / 2, True


def _is_slow(user: RoadUser, observation: Observation) -> bool:
    return user.track.id in observation.standing or (user.pace_kmh is not None and user.pace_kmh < SLOW_KMH)
