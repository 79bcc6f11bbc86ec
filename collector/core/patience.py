"""With one receiver: when may it be told how much?"""

from dataclasses import dataclass

from collector.core.subscribing import JITTER, LONGEST_RETRY_AFTER_S

FAILURES_IN_A_ROW = 3  # then the receiver is taken to be away, and is only tried now and then
HOLDS_S = (5.0, 10.0, 20.0, 40.0, 60.0)


@dataclass(slots=True)
class Patience:
    """Failures hold everything back; `per_minute` bounds the rest: so many at once, then one each time there is room."""

    per_minute: int | None
    failures: int = 0
    held_until: float = 0.0
    _told: float = 0.0  # of the minute's allowance, used up
    _at: float = 0.0

    @property
    def doubts(self) -> bool:
        return self.failures >= FAILURES_IN_A_ROW

    def spend(self, now: float) -> bool:
        """Use up one of the allowance, if there is one."""
        if self.room_at(now) > now:
            return False
        self._told += 1
        return True

    def room_at(self, now: float) -> float:
        """When there is one of the allowance to spend."""
        if self.per_minute is None:
            return now
        self._told = max(0.0, self._told - (now - self._at) * self.per_minute / 60)
        self._at = now
        return now + max(0.0, self._told + 1 - self.per_minute) * 60 / self.per_minute

    def succeed(self) -> bool:
        """True when it is back after it was away."""
        back = self.doubts
        self.failures, self.held_until = 0, 0.0
        return back

    def fail(self, now: float, chance: float, retry_after_s: float | None) -> None:
        self.failures += 1
        hold_s = min(retry_after_s or 0.0, LONGEST_RETRY_AFTER_S)
        if self.doubts:
            hold_s = max(hold_s, HOLDS_S[min(self.failures - FAILURES_IN_A_ROW, len(HOLDS_S) - 1)])
        self.held_until = max(self.held_until, now + hold_s * (1 + JITTER * chance))
