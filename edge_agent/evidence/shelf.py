"""The stills of one camera in memory: some of the last minute, and one of each of the last incidents. None is recognisable."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock

EVERY_S = 2.0
RECENT = 30  # a minute of them
INCIDENTS = 32
NEAR_S = 120.0  # what was seen longer before or after is no picture of that moment


@dataclass(frozen=True, slots=True)
class Still:
    """`at_s` on the frames' clock."""

    at_s: float
    jpeg: bytes


class Shelf:
    """Written by one thread, read by another. The oldest are forgotten."""

    def __init__(self) -> None:
        self._recent: deque[Still] = deque(maxlen=RECENT)
        self._of_incident: dict[str, Still] = {}
        self._lock = Lock()

    def is_due(self, at_s: float) -> bool:
        return not self._recent or not 0 <= at_s - self._recent[-1].at_s < EVERY_S

    def put(self, still: Still, incidents: Sequence[str]) -> None:
        """`incidents`: those that began with it."""
        with self._lock:
            self._recent.append(still)
            self._of_incident |= dict.fromkeys(incidents, still)
            for incident in list(self._of_incident)[:-INCIDENTS]:
                del self._of_incident[incident]

    def forget_recent(self) -> None:
        with self._lock:
            self._recent.clear()

    def pick(self, incident: str, at_s: float) -> Still | None:
        """The still of the incident's beginning, else the nearest to `at_s` that is near enough."""
        with self._lock:
            if (own := self._of_incident.get(incident)) is not None:
                return own
            near = [still for still in self._recent if abs(still.at_s - at_s) <= NEAR_S]
        return min(near, key=lambda still: abs(still.at_s - at_s), default=None)
