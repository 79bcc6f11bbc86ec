"""The HTTP API: what the store knows, as JSON."""

import asyncio
import time
from typing import Any

import msgspec
from aiohttp import web

from collector.core import rollup
from collector.core.delivery import LATEST_S
from collector.store import letters, queries, rollups, searching
from collector.web.services import SERVICES
from event_contract.times import parse_time

MOST_SUMS = 10_000  # hours or days in one answer
TOLD_BY = {"hour": 2.0 * rollup.DAY_S, "day": 60.0 * rollup.DAY_S}  # what is told of without `from`

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
    """From number `after` + 1 on. With `from` or `to` a page may hold few or none: go on from `next` until `newest`."""
    after = number(request, "after") or 0
    device, event_class, kind = (request.query.get(name) for name in ("device", "class", "kind"))
    first_s, before_s = moment(request, "from"), moment(request, "to")
    if first_s is None and before_s is None:
        found = await ask(request, queries.events, after, limit(request), event_class=event_class, device=device, kind=kind)
        return answer({"events": found, "next": found[-1]["n"] if found else after})
    span = searching.Wanted(first_s or 0.0, LATEST_S if before_s is None else before_s, device, event_class, kind)
    page = await ask(request, searching.search, span, after, limit(request))
    return answer({"events": page.events, "next": page.next, "newest": page.newest})


@routes.get("/api/v1/devices")
async def devices(request: web.Request) -> web.Response:
    return answer({"devices": await ask(request, queries.devices)})


@routes.get("/api/v1/streams")
async def streams(request: web.Request) -> web.Response:
    return answer({"streams": await ask(request, queries.streams, request.query.get("device"))})


@routes.get("/api/v1/traffic")
async def traffic(request: web.Request) -> web.Response:
    """By minute: the newest `minutes` of each camera. By hour or day: the sums between `from` and `to`."""
    by, device, camera = (request.query.get(name) for name in ("by", "device", "camera"))
    if by in (None, "minute"):
        minutes = number(request, "minutes", 1, 120) or 1
        return answer({"minutes": await ask(request, queries.traffic, minutes, device, camera)})
    if by not in rollups.SPANS:
        raise web.HTTPBadRequest(text=f"by: expected minute, hour or day, got {by[:40]!r}")
    before_s = moment(request, "to")
    before_s = time.time() if before_s is None else before_s
    first_s = moment(request, "from")
    first_s = before_s - TOLD_BY[by] if first_s is None else first_s
    most = number(request, "limit", 1, MOST_SUMS) or MOST_SUMS
    found = await ask(request, rollups.read, rollups.Wanted(by, first_s, before_s, device, camera), most + 1)
    return answer({f"{by}s": found[:most], "more": len(found) > most})


@routes.get("/api/v1/dead-letters")
async def dead_letters(request: web.Request) -> web.Response:
    device, reason = request.query.get("device"), request.query.get("reason")
    wanted = letters.Wanted(device, reason, moment(request, "from"), moment(request, "to"))
    return answer({"dead_letters": await ask(request, letters.find, limit(request), number(request, "before"), wanted)})


@routes.get("/api/v1/dead-letters/{n:[0-9]{1,18}}")
async def dead_letter(request: web.Request) -> web.Response:
    return answer(await _letter(request))


@routes.post("/api/v1/dead-letters/{n:[0-9]{1,18}}/replay")
async def replay_dead_letter(request: web.Request) -> web.Response:
    """Read it again: what is understood now is stored, and the letter gone; otherwise the answer says why it stays."""
    writer = request.app[SERVICES].letters
    return answer(_there(request, await asyncio.wrap_future(writer.replay(int(request.match_info["n"])))))


@routes.delete("/api/v1/dead-letters/{n:[0-9]{1,18}}")
async def delete_dead_letter(request: web.Request) -> web.Response:
    """Delete it for good; the answer is the letter as it was."""
    letter = await _letter(request)
    await asyncio.wrap_future(request.app[SERVICES].letters.drop_letter(letter["n"]))
    return answer(letter)


@routes.get("/api/v1/summary")
async def summary(request: web.Request) -> web.Response:
    counted = await ask(request, queries.summary)
    return answer({**counted, **request.app[SERVICES].status()})


@routes.get("/healthz")
async def healthz(_request: web.Request) -> web.Response:
    """Alive; says nothing else, for anyone may ask."""
    return answer({"status": "ok"})


@routes.get("/readyz")
async def readyz(request: web.Request) -> web.Response:
    """Ready when the store answers and takes what comes, and the broker is connected."""
    await ask(request, queries.newest_change)
    status = request.app[SERVICES].status()
    ready = status["broker"]["connected"] and status["store"]["unavailable"] is None
    return answer({"ready": ready, **status}, 200 if ready else 503)


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


def moment(request: web.Request, name: str) -> float | None:
    """A time with its offset from the query, in Unix seconds, or None when it is not given."""
    text = request.query.get(name)
    if text is None:
        return None
    try:
        return parse_time(text.replace(" ", "+"))  # a plus sign that was not encoded
    except (ValueError, OverflowError):
        raise web.HTTPBadRequest(text=f"{name}: expected a time such as 2026-03-02T07:00:00Z, got {text[:40]!r}") from None


async def _letter(request: web.Request) -> dict[str, Any]:
    found: dict[str, Any] = _there(request, await ask(request, letters.whole, int(request.match_info["n"])))
    return found


def _there(request: web.Request, found: Any) -> Any:
    if found is None:
        raise web.HTTPNotFound(text=f"no dead letter {request.match_info['n']}")
    return found
