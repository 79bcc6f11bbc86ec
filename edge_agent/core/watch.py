"""The clock of the rules: it stands still while a camera is away. What nobody saw counts neither for nor against anything."""

from dataclasses import dataclass

GAP_S = 2.0  # of the time between two frames no more than this was watched
UNOBSERVED_S = 60.0  # nothing that was seen before so long an absence is taken for what is seen after it


@dataclass(slots=True)
class Watch:
    """One camera's. `away_s` is how long it was away so far, `resumed` whether it was just before the last frame."""

    last_s: float | None = None
    away_s: float = 0.0
    resumed: bool = False

    def look(self, at_s: float) -> float:
        """A frame has come: its time on this clock."""
        step_s = 0.0 if self.last_s is None else at_s - self.last_s
        self.resumed = step_s > GAP_S
        if self.resumed:
            self.away_s += step_s - GAP_S
        self.last_s = at_s
        return at_s - self.away_s

    def is_over(self, at_s: float) -> bool:
        return self.last_s is not None and at_s - self.last_s > UNOBSERVED_S
