"""What the agent does by itself for a device that is unwell: fewer frames, less telemetry. Incidents are never given up."""

from edge_agent.core.health.snapshot import Level

SHARES = (1.0, 0.7, 0.5, 0.35, 0.25)  # of the frames; a quarter of ten a second still shows who stands, or comes the wrong way
DOWN_EVERY_S = 30.0  # a board takes about so long to show what fewer frames have brought
UP_EVERY_S = 180.0


class Relief:
    """Steps down while it is too hot or throttled, holds while it is warm, steps up one by one when all is well."""

    def __init__(self) -> None:
        self._step = 0
        self._changed_s: float | None = None
        self._well_s: float | None = None

    @property
    def frame_share(self) -> float:
        return SHARES[self._step]

    def update(self, at_s: float, heat: Level) -> float:
        """`heat`: the worst of temperature, throttling and the supply's voltage. Returns the share of frames to look at."""
        if heat == "bad" and self._waited(at_s, self._changed_s, DOWN_EVERY_S):
            self._turn(at_s, min(self._step + 1, len(SHARES) - 1))
        if heat != "ok":
            self._well_s = None
        elif self._well_s is None:
            self._well_s = at_s
        elif self._step and self._waited(at_s, max(self._well_s, self._changed_s or 0.0), UP_EVERY_S):
            self._turn(at_s, self._step - 1)
        return self.frame_share

    def _turn(self, at_s: float, step: int) -> None:
        if step != self._step:
            self._step, self._changed_s = step, at_s

    @staticmethod
    def _waited(at_s: float, since_s: float | None, for_s: float) -> bool:
        return since_s is None or at_s - since_s >= for_s
