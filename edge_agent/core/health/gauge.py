"""A level that does not flicker: worse only when it has lasted, better only when that has lasted too."""

from dataclasses import dataclass

from edge_agent.core.health.snapshot import LEVELS, Level


@dataclass(frozen=True, slots=True)
class Limit:
    """Where a figure becomes a warning and where it is bad; `ease`: how far it must come back to be better again. `warn` above
    `bad` means that less is worse."""

    warn: float
    bad: float
    ease: float

    def grade(self, value: float, before: Level) -> Level:
        """`before`: the level that stands, which it must be eased out of."""
        sign = 1.0 if self.bad >= self.warn else -1.0
        rank = LEVELS.index(before)
        reached = [sign * value >= sign * bound - (self.ease if rank >= at else 0.0) for at, bound in self._bounds()]
        return "bad" if reached[1] else "warn" if reached[0] else "ok"

    def _bounds(self) -> tuple[tuple[int, float], tuple[int, float]]:
        return (1, self.warn), (2, self.bad)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long something must have been worse, or better, until it is told."""

    worse_s: float = 0.0
    better_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Verdict:
    level: Level
    said: str


class Gauge:
    """One item's level in time. It begins well: what is wrong from the start is told after its time, too."""

    def __init__(self, patience: Patience, well: str) -> None:
        self.verdict = Verdict("ok", well)
        self.since_s: float | None = None  # when what stands began, which is before it was told
        self._patience = patience
        self._other: tuple[bool, float] | None = None  # worse or better than what stands, and since when

    def update(self, at_s: float, found: Verdict) -> Verdict:
        """What stands after `found` was found at `at_s`. Within a level the words follow at once."""
        if found.level == self.verdict.level:
            self.verdict, self._other = found, None
            return found
        worse = LEVELS.index(found.level) > LEVELS.index(self.verdict.level)
        if self._other is None or self._other[0] != worse:
            self._other = worse, at_s
        if at_s - self._other[1] >= (self._patience.worse_s if worse else self._patience.better_s):
            self.verdict, self.since_s, self._other = found, self._other[1], None
        return self.verdict
