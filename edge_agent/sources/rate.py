"""Which frames to keep, and when each was: pure arithmetic on times, for every source alike."""

LONGEST_GAP_S = 3600.0


class RateLimit:
    """Keeps at most `fps` frames a second, None keeps all. Of 25 a second 10 are kept so: 0.00, 0.12, 0.20, 0.32."""

    def __init__(self, fps: float | None) -> None:
        self._step_s = 1.0 / fps if fps else 0.0
        self._due_s: float | None = None

    def keep(self, at_s: float) -> bool:
        """A tenth of a step of tolerance: a camera's own jitter must not halve its rate. A gap is not made up for."""
        due_s = at_s if self._due_s is None else self._due_s
        if at_s < due_s - 0.1 * self._step_s:
            return False
        self._due_s = (due_s if at_s - due_s < self._step_s else at_s) + self._step_s
        return True


class MediaClock:
    """A clip's running time from its container's timestamps, which may start anywhere, stand still or jump back.

    A step that is not forward counts as one frame at the nominal rate. It runs on over the end of a loop.
    """

    def __init__(self, fps: float) -> None:
        self._frame_s = 1.0 / fps
        self._position_s: float | None = None
        self.at_s = -self._frame_s

    def tick(self, position_s: float) -> float:
        step_s = self._frame_s if self._position_s is None else position_s - self._position_s
        self._position_s = position_s
        self.at_s += step_s if 0 < step_s <= LONGEST_GAP_S else self._frame_s
        return self.at_s

    def rewind(self) -> None:
        """The next frame is the clip's first again."""
        self._position_s = None
