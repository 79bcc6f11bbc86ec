"""How fast do they drive on a lane? Told by those that drive, learned while watching."""

from edge_agent.core.types import RoadUser

DRIVES_KMH = 8.0  # what is slower says nothing of how fast one drives
SURE_OF_PACE = 0.25  # a pace counts when its standard error is at most this share of it
KNOWN_S = 5.0  # of driving seen, added up over vehicles, before anything is said
MEMORY_S = 60.0  # ... and so much of it is remembered
GAP_S = 1.0  # a longer absence of the camera counts as so much


class UsualPace:
    """The mean pace of the vehicles that drive, by lane."""

    def __init__(self) -> None:
        self._learned: dict[str, tuple[float, float]] = {}  # lane -> seconds of driving seen, their mean pace
        self._at_s: float | None = None

    def update(self, at_s: float, users: list[RoadUser]) -> dict[str, float]:
        """Lane -> km/h, where enough was seen."""
        elapsed = 0.0 if self._at_s is None else min(at_s - self._at_s, GAP_S)
        self._at_s = at_s
        for user in users:
            pace, error = user.pace_kmh, user.pace_se_kmh
            if user.lane is None or not user.track.seen or pace is None or error is None:
                continue
            if pace >= DRIVES_KMH and error <= SURE_OF_PACE * pace and elapsed > 0:
                seen_s, mean = self._learned.get(user.lane, (0.0, 0.0))
                seen_s = min(MEMORY_S, seen_s + elapsed)
                self._learned[user.lane] = seen_s, mean + elapsed / seen_s * (pace - mean)
        return {lane: mean for lane, (seen_s, mean) in self._learned.items() if seen_s >= KNOWN_S}
