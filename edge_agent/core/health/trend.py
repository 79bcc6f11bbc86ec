"""A figure over the last 24 hours in a ring of fixed size: its lowest, mean and highest value in every five minutes."""

from array import array
from collections.abc import Iterable

from edge_agent.core.health.snapshot import TrendPoint

SLOT_S = 300.0
SLOTS = 288  # 24 h


class Ring:
    """Times are monotonic seconds and do not go back. What is older than the ring is overwritten."""

    def __init__(self, slots: int = SLOTS, slot_s: float = SLOT_S) -> None:
        self.slot_s = slot_s
        self._counts = array("L", [0] * slots)
        self._lows, self._sums, self._highs = (array("d", [0.0] * slots) for _ in range(3))
        self._newest: int | None = None  # number of the slot that is being filled, counted from time 0

    def add(self, at_s: float, value: float) -> None:
        self._merge(at_s, value, value, value)

    def restore(self, points: Iterable[TrendPoint], at_s: float) -> None:
        """What `points` told at `at_s`, into an empty ring; how often each slot was read is forgotten."""
        for point in points:
            self._merge(at_s - point.ago_s + self.slot_s / 2, point.low, point.mean, point.high)

    def points(self, at_s: float) -> tuple[TrendPoint, ...]:
        """The oldest first, without slots in which nothing was added."""
        if self._newest is None:
            return ()
        size, told = len(self._counts), []
        for number in range(max(self._newest, int(at_s // self.slot_s)) - size + 1, self._newest + 1):
            place = number % size
            if count := self._counts[place]:
                ago_s = round(at_s - number * self.slot_s, 1)
                told.append(TrendPoint(ago_s, self._lows[place], self._sums[place] / count, self._highs[place]))
        return tuple(told)

    def _merge(self, at_s: float, low: float, value: float, high: float) -> None:
        number = self._turn_to(at_s)
        place = number % len(self._counts)
        first = not self._counts[place]
        self._lows[place] = low if first else min(self._lows[place], low)
        self._highs[place] = high if first else max(self._highs[place], high)
        self._sums[place] = value + (0.0 if first else self._sums[place])
        self._counts[place] += 1

    def _turn_to(self, at_s: float) -> int:
        """The slot of `at_s`, which is the newest from now on; whatever the ring has skipped since is empty."""
        number, size = int(at_s // self.slot_s), len(self._counts)
        if self._newest is not None:
            for skipped in range(max(self._newest, number - size) + 1, number + 1):
                self._counts[skipped % size] = 0
        self._newest = number
        return number
