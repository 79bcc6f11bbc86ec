"""The live alert stream: every subscriber has a place in the sequence of changes, and goes on from there.

The newest changes are kept ready in a ring; whoever is further behind reads the store. Nothing is queued per subscriber,
so a slow one costs no memory: it falls behind, is cut when it takes nothing for a while, and resumes at its place.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from itertools import islice

from collector.core import sse

RING_CHANGES = 1024
PAGE_CHANGES = 200

Stored = Callable[[int, int], Awaitable[list[tuple[int, bytes]]]]  # (after, limit) -> changes in order


class AlertFeed:
    """Belongs to the event loop; `publish` is called there, in the order of `seq`."""

    def __init__(self, stored: Stored) -> None:
        self._stored = stored
        self._ring: deque[tuple[int, bytes]] = deque(maxlen=RING_CHANGES)
        self._arrival = asyncio.Event()
        self.subscribers = 0

    def publish(self, changes: Iterable[tuple[int, bytes]]) -> None:
        """Changes as (seq, alert as JSON); each is rendered once for all subscribers."""
        self._ring.extend((seq, sse.render(seq, "alert", body)) for seq, body in changes)
        self._arrival.set()
        self._arrival = asyncio.Event()

    async def after(self, place: int, patience_s: float) -> tuple[int, bytes]:
        """The changes after `place` as rendered bytes, and the place behind them; empty when none came in time."""
        arrival = self._arrival
        place_now, rendered = await self._ready(place)
        if not rendered:
            try:
                await asyncio.wait_for(arrival.wait(), patience_s)
            except TimeoutError:
                return place, b""
            place_now, rendered = await self._ready(place)
        return place_now, rendered

    async def _ready(self, place: int) -> tuple[int, bytes]:
        if self._ring and self._ring[0][0] <= place + 1:
            start = place + 1 - self._ring[0][0]  # the ring has no holes
            fresh = list(islice(self._ring, start, start + PAGE_CHANGES))
        else:
            fresh = [(seq, sse.render(seq, "alert", body)) for seq, body in await self._stored(place, PAGE_CHANGES)]
        return (fresh[-1][0], b"".join(rendered for _, rendered in fresh)) if fresh else (place, b"")
