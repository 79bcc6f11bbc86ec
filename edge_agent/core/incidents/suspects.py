"""Is what stands in the picture a road user? One who stands there, was lost by the detector there, or stood there lately."""

from dataclasses import dataclass
from math import inf

from edge_agent.core import geometry
from edge_agent.core.observation import SLOW_KMH, Observation
from edge_agent.core.types import Box, RoadUser

ON_IT = 0.5  # so much of it lies under them
FEET = -0.2, 0.45  # ... and it ends so far above the feet of one, in his heights
AS_LARGE = 0.6  # ... or is as large as he
HIDES = 0.25
LIKE_IOU = 0.2  # a road user who was lost here was of its shape
SAME_SHAPE_IOU = 0.45  # ... of the very shape, if he still drove so shortly before
SLOWS_S = 0.5
DRIVES_KMH = 20.0  # too fast to come to stand where one is
COMES_S = 2.0  # who drove so long after it came to lie there is somebody else
SETTLES_S = 10.0  # a vehicle may be lost by the detector so long before or after it stands
PARKED_S, PARKED_COUNTS_S = 20.0, 600.0  # who stood so long leaves a mark, for so long


@dataclass(slots=True)
class _Passed:
    """A road user: where he was last seen, since when he stood there, and when he drove last."""

    box: Box
    at_s: float
    stands_since_s: float | None = None
    drove_s: float = -inf

    @property
    def stood_s(self) -> float:
        return 0.0 if self.stands_since_s is None else self.at_s - self.stands_since_s

    @property
    def counts_s(self) -> float:
        return PARKED_COUNTS_S if self.stood_s >= PARKED_S else 2 * SETTLES_S


class Suspects:
    """Everybody who was seen of late. `note` each frame first."""

    def __init__(self) -> None:
        self._passed: dict[int, _Passed] = {}

    def note(self, at_s: float, observation: Observation) -> None:
        for user in observation.road_users:
            if not user.track.seen:
                continue
            stands = user.track.id in observation.standing
            passed = self._passed.get(user.track.id)
            since_s = (passed.stands_since_s if passed and passed.stands_since_s is not None else at_s) if stands else None
            drives = user.pace_kmh is not None and user.pace_kmh > DRIVES_KMH
            drove_s = at_s if drives else passed.drove_s if passed else -inf
            self._passed[user.track.id] = _Passed(user.track.box, at_s, since_s, drove_s)
        for number in [number for number, one in self._passed.items() if at_s - one.at_s > one.counts_s]:
            del self._passed[number]

    def stand_on(self, box: Box, since_s: float, observation: Observation) -> bool:
        """Whether somebody stands there who did not drive up when the thing lay there already, `since_s`."""
        there = [(place.user.track.id, place.box) for place in observation.places]
        there += [
            (user.track.id, user.track.box)
            for user in observation.road_users
            if user.pace_kmh is not None and user.pace_kmh < SLOW_KMH
        ]
        return account_for([where for number, where in there if not self._came_after(number, since_s)], box)

    def left(self, box: Box, since_s: float, observation: Observation) -> bool:
        """Whether somebody was lost there when it came, or stood there for long before."""
        now = {user.track.id for user in observation.road_users if user.track.seen}
        for number, one in self._passed.items():
            if self._came_after(number, since_s):
                continue
            parked = one.stood_s >= PARKED_S and account_for([one.box], box)
            lost = number not in now and abs(one.at_s - since_s) <= SETTLES_S
            alike = LIKE_IOU if one.at_s - one.drove_s >= SLOWS_S else SAME_SHAPE_IOU
            if parked or (lost and geometry.iou(box, one.box) >= alike):
                return True
        return False

    def _came_after(self, number: int, since_s: float) -> bool:
        passed = self._passed.get(number)
        return passed is not None and passed.drove_s > since_s + COMES_S


def account_for(users: list[Box], box: Box) -> bool:
    """It is one of these, or several of them that have grown together; not what one of them stops before, or hides."""
    under = [(geometry.covered(box, user), user) for user in users]
    if sum(share for share, _ in under) < ON_IT:
        return False
    _, user = max(under)
    low, high = FEET
    at_feet = low <= (user.bottom - box.bottom) / (user.bottom - user.top) <= high
    return at_feet or _area(box) >= AS_LARGE * _area(user)


def hide(users: list[RoadUser], box: Box) -> bool:
    return any(user.track.seen and geometry.covered(box, user.track.box) >= HIDES for user in users)


def _area(box: Box) -> float:
    return (box.right - box.left) * (box.bottom - box.top)
