"""The alert streams, by server-sent events and by WebSocket: every change after a place, without a gap, and then live.

Of a place older than what is kept: `reset`, "forget what you know", and all that is kept, every open alert among it. A stream
ends within KEEP_ALIVE_S of the session that it was opened with: on log-out, expiry or a new password; and for a subscriber
that takes nothing for SLOW_AFTER_S, which resumes at its place.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

from aiohttp import HttpVersion11, WSCloseCode, WSMsgType, web

from collector.core import sse
from collector.core.subscribing import Exercises
from collector.store.questions import queries
from collector.web.access import ASKED, allow
from collector.web.api import ask, number
from collector.web.asked import SocketAsked, StreamAsked
from collector.web.feed import AlertFeed, Page
from collector.web.login import authenticated, same_origin
from collector.web.services import SERVICES

KEEP_ALIVE_S = 15.0
SLOW_AFTER_S = 30.0
PING_EVERY_S = 15.0  # who does not answer within half of it is gone
RETRY_MS = 2000
LONGEST_MESSAGE_BYTES = 1024  # from a subscriber, which has nothing to say
RESET = b'{"type":"reset"}'

routes = web.RouteTableDef()


@routes.get("/api/v1/alerts/stream")
@allow("viewer", query=StreamAsked, content="text/event-stream")
async def events(request: web.Request) -> web.StreamResponse:
    """Every change after Last-Event-ID; without one, what happens from now on."""
    place, too_old = await _begin(request, _last_event(request))
    response = web.StreamResponse(
        headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    )
    await response.prepare(request)
    with _subscribed(request):
        await response.write(sse.retry(RETRY_MS) + (sse.RESET if too_old else b""))
        await _stream(request, response, place)
    return response


class _Tap:
    """Of one stream; what it pushes goes to the socket as it is, so nothing else may be written meanwhile."""

    def __init__(self, transport: asyncio.WriteTransport, chunked: bool, exercise: Exercises, place: int) -> None:
        self.place = place
        self.behind = asyncio.Event()
        self._transport, self._chunked, self._exercise = transport, chunked, exercise

    def push(self, page: Page) -> bool:
        if self._transport.get_write_buffer_size() or self._transport.is_closing():
            return False
        view = page.view(self._exercise)
        self._transport.write(view.chunk if self._chunked else view.events)
        self.place = page.last
        return True

    def fall_behind(self) -> None:
        self.behind.set()


async def _stream(request: web.Request, response: web.StreamResponse, place: int) -> None:
    """For as long as the session lasts: what it has missed page by page, then pushed with all the others."""
    services, transport = request.app[SERVICES], request.transport
    if transport is None:
        return
    exercise: Exercises = request[ASKED].exercise
    tap = _Tap(transport, request.version >= HttpVersion11, exercise, place)
    known_until = time.monotonic() + KEEP_ALIVE_S
    while True:
        if (page := await services.feed.after(tap.place, 0)) is not None:
            await asyncio.wait_for(response.write(page.view(exercise).events), SLOW_AFTER_S)
            tap.place = page.last
        elif not await _pushed(services.feed, tap, known_until - time.monotonic()):
            await asyncio.wait_for(response.write(sse.KEEP_ALIVE), SLOW_AFTER_S)
        if time.monotonic() >= known_until:
            if not await authenticated(request, services):
                return
            known_until = time.monotonic() + KEEP_ALIVE_S


async def _pushed(feed: AlertFeed, tap: _Tap, patience_s: float) -> bool:
    """Leave it to the feed until it falls behind; False when it has kept up all the time."""
    tap.behind.clear()
    feed.open(tap)
    try:
        async with asyncio.timeout(patience_s):
            await tap.behind.wait()
        return True
    except TimeoutError:
        return False
    finally:
        feed.close(tap)


@routes.get("/api/v1/alerts/ws")
@allow("viewer", query=SocketAsked, content="application/json")
async def socket(request: web.Request) -> web.StreamResponse:
    """Every change after `after`, one message each; without it, what happens from now on. Pings tell that it lives."""
    if not same_origin(request):
        raise web.HTTPForbidden(text="a WebSocket from another origin")
    place, too_old = await _begin(request, number(request, "after"))
    response = web.WebSocketResponse(heartbeat=PING_EVERY_S, max_msg_size=LONGEST_MESSAGE_BYTES, timeout=2, compress=False)
    await response.prepare(request)
    with _subscribed(request):
        if too_old:
            await response.send_frame(RESET, WSMsgType.TEXT)
        hearing = asyncio.create_task(_hear(response))
        telling = asyncio.create_task(_tell(request, response, place))
        try:
            await asyncio.wait({hearing, telling}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            hearing.cancel()
            telling.cancel()
            results = await asyncio.gather(hearing, telling, return_exceptions=True)
        for failure in results:
            if isinstance(failure, Exception):
                raise failure
        await response.close(code=WSCloseCode.POLICY_VIOLATION, message=b"the session has ended")
    return response


async def _hear(response: web.WebSocketResponse) -> None:
    """Pongs and the farewell; whatever else it says is not listened to."""
    async for _ in response:
        pass


async def _tell(request: web.Request, response: web.WebSocketResponse, place: int) -> None:
    async for page in _pages(request, place):
        async with asyncio.timeout(SLOW_AFTER_S):
            for message in page.view(request[ASKED].exercise).messages if page else ():
                await response.send_frame(message, WSMsgType.TEXT)


async def _pages(request: web.Request, place: int) -> AsyncIterator[Page | None]:
    """Page by page for as long as the session lasts; None when nothing was to be told for KEEP_ALIVE_S."""
    services = request.app[SERVICES]
    known_until = time.monotonic() + KEEP_ALIVE_S
    while True:
        page = await services.feed.after(place, KEEP_ALIVE_S)
        if page is None or time.monotonic() >= known_until:
            if not await authenticated(request, services):
                return
            known_until = time.monotonic() + KEEP_ALIVE_S
        yield page
        place = page.last if page else place


@contextmanager
def _subscribed(request: web.Request) -> Iterator[None]:
    """Counted; whoever is gone or takes nothing is cut, so that its connection holds nothing back."""
    feed = request.app[SERVICES].feed
    feed.subscribers += 1
    try:
        yield
    except (ConnectionError, TimeoutError):
        if request.transport is not None:
            request.transport.abort()
    finally:
        feed.subscribers -= 1


async def _begin(request: web.Request, given: int | None) -> tuple[int, bool]:
    """The place to begin after, and whether the one that was given is older than what is kept."""
    newest: int = await ask(request, queries.newest_change)
    place = newest if given is None else min(given, newest)  # a number from the future was another database's
    too_old = place + 1 < await ask(request, queries.oldest_change)
    return (0 if too_old else place), too_old


def _last_event(request: web.Request) -> int | None:
    given = request.headers.get("Last-Event-ID", request.query.get("last_event_id"))
    if given is None:
        return None
    if not (given.isascii() and given.isdigit()) or len(given) > 18:
        raise web.HTTPBadRequest(text=f"Last-Event-ID: expected a number, got {given[:40]!r}")
    return int(given)
