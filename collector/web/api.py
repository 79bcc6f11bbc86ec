"""The HTTP API: what the store knows, as JSON, and the alert stream."""

import asyncio
import time
from typing import Any

import msgspec
from aiohttp import web

from collector.core import sse
from collector.store import queries
from collector.web.login import authenticated
from collector.web.services import SERVICES

KEEP_ALIVE_S = 15.0
SLOW_AFTER_S = 30.0
RETRY_MS = 2000

routes = web.RouteTableDef()


def answer(content: Any, status: int = 200) -> web.Response:
    return web.Response(body=msgspec.json.encode(content), content_type="application/json", status=status)


@routes.get("/api/v1/alerts")
async def alerts(request: web.Request) -> web.Response:
    state = request.query.get("state", "all")
    if state not in ("open", "closed", "all"):
        raise web.HTTPBadRequest(text=f"state: expected open, closed or all, got {state[:40]!r}")
    before = number(request, "before")
    return answer({"alerts": await ask(request, queries.alerts, state, limit(request), before)})


@routes.get("/api/v1/events")
async def events(request: web.Request) -> web.Response:
    after = number(request, "after") or 0
    only = {"event_class": request.query.get("class"), "device": request.query.get("device")}
    found = await ask(request, queries.events, after, limit(request), **only, kind=request.query.get("kind"))
    return answer({"events": found, "next": found[-1]["n"] if found else after})


@routes.get("/api/v1/devices")
async def devices(request: web.Request) -> web.Response:
    return answer({"devices": await ask(request, queries.devices)})


@routes.get("/api/v1/streams")
async def streams(request: web.Request) -> web.Response:
    return answer({"streams": await ask(request, queries.streams, request.query.get("device"))})


@routes.get("/api/v1/traffic")
async def traffic(request: web.Request) -> web.Response:
    minutes = number(request, "minutes", 1, 120) or 1
    query = request.query
    return answer({"minutes": await ask(request, queries.traffic, minutes, query.get("device"), query.get("camera"))})


@routes.get("/api/v1/dead-letters")
async def dead_letters(request: web.Request) -> web.Response:
    return answer({"dead_letters": await ask(request, queries.dead_letters, limit(request), number(request, "before"))})


@routes.get("/api/v1/summary")
async def summary(request: web.Request) -> web.Response:
    counted = await ask(request, queries.summary)
    return answer({**counted, **request.app[SERVICES].status()})


@routes.get("/api/v1/alerts/stream")
async def alert_stream(request: web.Request) -> web.StreamResponse:
    """Every change after Last-Event-ID, from the store and then live, without a gap between; without one, live only.

    Of a place older than what is kept: `reset`, "forget what you know", and all that is kept, every open alert among it.
    It ends within KEEP_ALIVE_S of the session that it was opened with: on log-out, expiry or a new password.
    """
    services = request.app[SERVICES]
    place = await _place(request)
    too_old = place + 1 < await ask(request, queries.oldest_change)
    response = web.StreamResponse(
        headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    )
    await response.prepare(request)
    services.feed.subscribers += 1
    try:
        await response.write(sse.retry(RETRY_MS) + (sse.RESET if too_old else b""))
        place = 0 if too_old else place
        known_until = time.monotonic() + KEEP_ALIVE_S
        while True:
            place, rendered = await services.feed.after(place, KEEP_ALIVE_S)
            if not rendered or time.monotonic() >= known_until:
                if not await authenticated(request, services):
                    break
                known_until = time.monotonic() + KEEP_ALIVE_S
            await asyncio.wait_for(response.write(rendered or sse.KEEP_ALIVE), SLOW_AFTER_S)
    except (ConnectionError, TimeoutError):
        if request.transport is not None:
            request.transport.abort()  # it has taken nothing for a while; it comes back with its Last-Event-ID
    finally:
        services.feed.subscribers -= 1
    return response


@routes.get("/healthz")
async def healthz(_request: web.Request) -> web.Response:
    """Alive; says nothing else, for anyone may ask."""
    return answer({"status": "ok"})


@routes.get("/readyz")
async def readyz(request: web.Request) -> web.Response:
    """Ready when the store answers and the broker is connected."""
    await ask(request, queries.newest_change)
    status = request.app[SERVICES].status()
    return answer({"ready": status["broker"]["connected"], **status}, 200 if status["broker"]["connected"] else 503)


async def ask(request: web.Request, question: Any, *args: Any, **kwargs: Any) -> Any:
    return await request.app[SERVICES].reader.ask(question, *args, **kwargs)


def number(request: web.Request, name: str, least: int = 0, most: int = 2**62) -> int | None:
    """A whole number from the query, or None when it is not given."""
    text = request.query.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit()) or len(text) > 19 or not least <= int(text) <= most:
        raise web.HTTPBadRequest(text=f"{name}: expected a number from {least} to {most}, got {text[:40]!r}")
    return int(text)


def limit(request: web.Request) -> int:
    return number(request, "limit", 1, queries.PAGE_LIMIT) or 100


async def _place(request: web.Request) -> int:
    given = request.headers.get("Last-Event-ID", request.query.get("last_event_id"))
    newest: int = await ask(request, queries.newest_change)
    if given is None:
        return newest
    if not (given.isascii() and given.isdigit()) or len(given) > 18:
        raise web.HTTPBadRequest(text=f"Last-Event-ID: expected a number, got {given[:40]!r}")
    return min(int(given), newest)  # a number from the future was another database's
