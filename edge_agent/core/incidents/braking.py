"""Who has just braked harder than anybody does unless he must? Told by his pace now and a moment ago.

A box that jumps ahead, because it takes in another vehicle or is another one's, looks fast and then seems to brake. But it also
looks as if it had sped up as no vehicle can: who seems to, is not judged for a while.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from edge_agent.core.types import RoadUser

APART_S = 1.0, 1.6  # so far apart paces are compared: nearer ones are of the same positions
SURE_OF_PACE = 0.25  # a pace counts when its standard error is at most this share of it
SPEEDS_UP_M_S2, TREMBLES_M_S = 4.0, 1.0  # nobody's pace grows faster, and by more than it trembles
DISTRUSTED_S = 2.0
GAP_S = 1.0


class _Pace(NamedTuple):
    at_s: float
    m_s: float
    known: bool


class HardBraking(NamedTuple):
    at_s: float
    user: RoadUser


@dataclass(slots=True)
class _Track:
    paces: deque[_Pace] = field(default_factory=deque)
    distrusted_s: float = 0.0  # until then

    def is_braking(self, now: _Pace, hard_m_s2: float) -> bool:
        """`now` is the newest pace; it is remembered."""
        while self.paces and now.at_s - self.paces[0].at_s > APART_S[1]:
            self.paces.popleft()
        if any(now.m_s - one.m_s > SPEEDS_UP_M_S2 * (now.at_s - one.at_s) + TREMBLES_M_S for one in self.paces):
            self.distrusted_s = now.at_s + DISTRUSTED_S
        apart = (one for one in self.paces if one.known and now.at_s - one.at_s >= APART_S[0])
        hard = any(one.m_s - now.m_s > hard_m_s2 * (now.at_s - one.at_s) for one in apart)
        self.paces.append(now)
        return hard and now.at_s >= self.distrusted_s


class Braking:
    """`update` frame by frame; `lately` holds who braked hard within `kept_s`, each as he was when he last did."""

    def __init__(self, hard_m_s2: float, kept_s: float) -> None:
        self._hard_m_s2, self._kept_s = hard_m_s2, kept_s
        self._tracks: dict[int, _Track] = {}
        self.lately: dict[int, HardBraking] = {}  # by track

    def follows(self, number: int) -> bool:
        """Whether the track has been seen within the last second."""
        return number in self._tracks

    def update(self, at_s: float, users: list[RoadUser]) -> None:
        for number, user, pace in _known_paces(at_s, users):
            if self._tracks.setdefault(number, _Track()).is_braking(pace, self._hard_m_s2):
                self.lately[number] = HardBraking(at_s, user)
        for gone in [number for number, track in self._tracks.items() if at_s - track.paces[-1].at_s > GAP_S]:
            del self._tracks[gone]
        self.lately = {number: one for number, one in self.lately.items() if at_s - one.at_s <= self._kept_s}


def _known_paces(at_s: float, users: list[RoadUser]) -> Iterator[tuple[int, RoadUser, _Pace]]:
    for user in users:
        pace, error = user.pace_kmh, user.pace_se_kmh
        if user.track.seen and pace is not None and error is not None and user.track.cls != "person":
            yield user.track.id, user, _Pace(at_s, pace / 3.6, error <= SURE_OF_PACE * pace)
