"""How often each address may come: so many times at once, then so many a second. Times are arguments, monotonic."""

ADDRESSES_WATCHED = 1000


class Pace:
    def __init__(self, per_s: float, burst: float) -> None:
        self._per_s, self._burst = per_s, burst
        self._left: dict[str, tuple[float, float]] = {}  # how many times more, as of when; who came last stands last

    def admits(self, address: str, now_s: float) -> bool:
        """Counts as having come where it does."""
        left, at_s = self._left.pop(address, (self._burst, now_s))
        left = min(self._burst, left + (now_s - at_s) * self._per_s)
        admitted = left >= 1
        self._left[address] = (left - admitted, now_s)
        if len(self._left) > ADDRESSES_WATCHED:
            del self._left[next(iter(self._left))]
        return admitted
