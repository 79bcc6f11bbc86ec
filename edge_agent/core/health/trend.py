"""A figure over the last 24 hours in a ring of fixed size: its lowest, mean and highest value in every five minutes."""

from array import array

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
        number, place = self._turn_to(at_s)
        self._newest = number
        first = not self._counts[place]
        self._lows[place] = value if first else min(self._lows[place], value)
        self._highs[place] = value if first else max(self._highs[place], value)
        self._sums[place] = value + (0.0 if first else self._sums[place])
        self._counts[place] += 1

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

    def _turn_to(self, at_s: float) -> tuple[int, int]:
        """The slot of `at_s` and its place; whatever the ring has skipped since is empty."""
        number, size = int(at_s // self.slot_s), len(self._counts)
        if self._newest is not None:
            for skipped in range(max(self._newest, number - size) + 1, number + 1):
                self._counts[skipped % size] = 0
        return number, number % size
