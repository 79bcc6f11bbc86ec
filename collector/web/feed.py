"""The live alert stream: every subscriber has a place in the sequence of changes, and goes on from there.

The newest changes are kept ready in a ring; whoever is further behind reads the store. Nothing is queued per subscriber,
so a slow one costs no memory: it falls behind, is cut when it takes nothing for a while, and resumes at its place. Streams
that keep up hang on a tap: news cost each of them one write of bytes that were made once for all, and wake no task.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Protocol

from collector.core import sse
from collector.core.alerts import EXERCISES
from collector.core.subscribing import Exercises

RING_CHANGES = 1024
PAGE_CHANGES = 200
PACE_S = 0.025  # when changes come one upon another: what came in between is told at once, in one write per subscriber

_EXERCISE = b'{"id":"' + EXERCISES.encode()  # how an exercise's JSON begins, whatever else stands in it

Stored = Callable[[int, int], Awaitable[list[tuple[int, bytes]]]]  # (after, limit) -> changes in order


@dataclass(frozen=True)
class View:
    """Changes as they are told. Each form is rendered once for all subscribers that share it."""

    changes: tuple[tuple[int, bytes], ...]

    @cached_property
    def events(self) -> bytes:
        """As server-sent events."""
        return b"".join(sse.render(seq, "alert", body) for seq, body in self.changes)

    @cached_property
    def chunk(self) -> bytes:
        """The same as one chunk of HTTP/1.1 (RFC 9112, 7.1)."""
        return b"%x\r\n%b\r\n" % (len(self.events), self.events) if self.changes else b""

    @cached_property
    def messages(self) -> tuple[bytes, ...]:
        """As messages of a WebSocket, in JSON."""
        return tuple(b'{"type":"alert","seq":%d,"alert":%s}' % change for change in self.changes)


@dataclass(frozen=True)
class Page:
    """Changes in order, as (seq, alert as JSON), with exercises among them."""

    changes: tuple[tuple[int, bytes], ...]

    @property
    def last(self) -> int:
        return self.changes[-1][0]

    def view(self, exercise: Exercises) -> View:
        """What a subscriber is told of it, which may be nothing."""
        return getattr(self, exercise)  # type: ignore[no-any-return]

    @cached_property
    def also(self) -> View:
        return View(self.changes)

    @cached_property
    def only(self) -> View:
        return View(tuple(one for one in self.changes if one[1].startswith(_EXERCISE)))

    @cached_property
    def no(self) -> View:
        return View(tuple(one for one in self.changes if not one[1].startswith(_EXERCISE))) if self.only.changes else self.also


class Tap(Protocol):
    """A stream that keeps up. `push` writes a page without waiting, or says that it cannot: then the tap is closed."""

    place: int

    def push(self, page: Page) -> bool: ...
    def fall_behind(self) -> None: ...


class AlertFeed:
    """Belongs to the event loop; `publish` is called there, in the order of `seq`."""

    def __init__(self, stored: Stored) -> None:
        self._stored = stored
        self._ring: deque[tuple[int, bytes]] = deque(maxlen=RING_CHANGES)
        self._pages: dict[int, Page] = {}  # of the ring as it is, by the place that they follow
        self._taps: set[Tap] = set()
        self._arrival = asyncio.Event()
        self._waking: asyncio.TimerHandle | None = None
        self._woken_at = 0.0
        self.subscribers = 0
        self.on_news: Callable[[], None] = lambda: None

    def publish(self, changes: Iterable[tuple[int, bytes]]) -> None:
        """Changes as (seq, alert as JSON)."""
        self._ring.extend(changes)
        self._pages.clear()
        if self._waking is None:
            loop = asyncio.get_running_loop()
            self._waking = loop.call_at(max(loop.time(), self._woken_at + PACE_S), self._wake)

    def open(self, tap: Tap) -> None:
        """From now on every change is pushed, beginning with what follows its place, until it falls behind."""
        self._taps.add(tap)
        self._push(tap)

    def close(self, tap: Tap) -> None:
        self._taps.discard(tap)

    async def after(self, place: int, patience_s: float) -> Page | None:
        """The changes after `place`; None when none came in time."""
        arrival = self._arrival
        if (page := await self._ready(place)) is not None:
            return page
        try:
            async with asyncio.timeout(patience_s):  # wait_for may swallow a cancellation
                await arrival.wait()
        except TimeoutError:
            return None
        return await self._ready(place)

    def _wake(self) -> None:
        self._waking = None
        self._woken_at = asyncio.get_running_loop().time()
        for tap in tuple(self._taps):
            self._push(tap)
        self._arrival.set()
        self._arrival = asyncio.Event()
        self.on_news()

    def _push(self, tap: Tap) -> None:
        if not self._ring:
            return
        if self._reaches(tap.place):
            while (page := self._page(tap.place)) is not None and tap.push(page):
                pass
            if page is None:
                return
        self._taps.discard(tap)
        tap.fall_behind()

    def _reaches(self, place: int) -> bool:
        return bool(self._ring) and self._ring[0][0] <= place + 1

    async def _ready(self, place: int) -> Page | None:
        if self._reaches(place):
            return self._page(place)
        stored = await self._stored(place, PAGE_CHANGES)
        return Page(tuple(stored)) if stored else None

    def _page(self, place: int) -> Page | None:
        """Of the ring, which reaches that far."""
        if place not in self._pages:
            start = place + 1 - self._ring[0][0]  # the ring has no holes
            fresh = tuple(islice(self._ring, start, start + PAGE_CHANGES))
            if not fresh:
                return None
            self._pages[place] = Page(fresh)
        return self._pages[place]
