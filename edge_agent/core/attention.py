"""Which frames must the detector look at? While nothing moves, the next picture shows what the last one showed.

What moves brings the full rate back with the very frame in which it does. A frame that is spared is no frame in which nothing
was seen: the pipeline takes what was detected last for what is there still.
"""

from typing import Literal

Presence = Literal["moving", "standing", "nobody", "blind"]  # moving: somebody is, or may be
AFTER_S = 1.0  # what has just moved may be about to move on


class Attention:
    """One camera's. `wants` is asked of every frame, in order."""

    def __init__(self, idle_every_s: float, standing_every_s: float) -> None:
        """How often the detector looks all the same: at an empty road, and where all that is there merely stands."""
        self._every_s: dict[Presence, float] = {"moving": 0.0, "standing": standing_every_s, "nobody": idle_every_s}
        self._looked_s = self._moved_s = float("-inf")

    def wants(self, at_s: float, moved: bool, presence: Presence) -> bool:
        """`moved`: the picture has changed since the detector last looked. `presence`: who is there, as far as is known."""
        if moved:
            self._moved_s = at_s
        if presence == "blind":  # the image check tells when there is something to look at again
            return False
        since_s = at_s - self._looked_s
        rests = 0 <= since_s < self._every_s[presence] and at_s - self._moved_s >= AFTER_S
        if not rests:
            self._looked_s = at_s
        return not rests
