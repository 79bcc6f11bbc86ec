"""Which frames must the detector look at? While nothing moves, the next picture shows what the last one showed.

What moves brings the full rate back with the very frame in which it does. A frame that is spared is no frame in which nothing
was seen: the pipeline takes what was detected last for what is there still.
"""

from typing import Literal

# moving: somebody is, or may be; missed: somebody stood there and is not seen; blind: the camera does not see its road
Presence = Literal["moving", "missed", "standing", "nobody", "blind"]
AFTER_CHANGE_S = 1.0  # what has just moved may be about to move on
AFTER_MOVING_S = 2.0  # who was just there, and is not seen, may only be missed: so is the far, the faint, what stops


class Attention:
    """One camera's. `wants` is asked of every frame, in order."""

    def __init__(self, idle_every_s: float, standing_every_s: float) -> None:
        """How often the detector looks all the same: at an empty road, and where all that is there merely stands."""
        self._every_s: dict[Presence, float] = {
            "moving": 0.0, "missed": 0.0, "standing": standing_every_s, "nobody": idle_every_s
        }  # fmt: skip
        self._looked_s = self._awake_until_s = float("-inf")

    def wants(self, at_s: float, changed: bool, presence: Presence) -> bool:
        """`changed`: the picture, since the detector last looked. `presence`: who is there, as far as is known."""
        if changed:
            self._awake_until_s = max(self._awake_until_s, at_s + AFTER_CHANGE_S)
        if presence == "moving":
            self._awake_until_s = max(self._awake_until_s, at_s + AFTER_MOVING_S)
        if presence == "blind":  # nothing is to be seen; the image check tells when that is over
            return False
        since_s = at_s - self._looked_s
        rests = 0 <= since_s < self._every_s[presence] and at_s >= self._awake_until_s
        if not rests:
            self._looked_s = at_s
        return not rests
