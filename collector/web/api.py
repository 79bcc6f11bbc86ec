"""The HTTP API: what the store knows, as JSON."""

import asyncio
import time
from typing import Any

import msgspec
from aiohttp import web

from collector.core import answers, rollup
from collector.core.delivery import LATEST_S
from collector.store.questions import filtering, letters, queries, searching
from collector.store.upkeep import rollups
from collector.web import access, answered, asked
from collector.web.access import ASKED, allow
from collector.web.services import SERVICES
from event_contract.messages import Position

TOLD_BY = {"hour": 2.0 * rollup.DAY_S, "day": 60.0 * rollup.DAY_S}  # what is told of without `from`

routes = web.RouteTableDef()


def answer(content: Any, status: int = 200) -> web.Response:
    return web.Response(body=msgspec.json.encode(content), content_type="application/json", status=status)


@routes.get("/api/v1/alerts")
@allow("viewer", query=asked.AlertsAsked, answer=answered.AlertsPage)
async def alerts(request: web.Request) -> web.Response:
    """Alerts, the one that changed last first. With filters a page may hold few or none: go on from `next` until it is null."""
    question: asked.AlertsAsked = request[ASKED]
    page = await ask(request, filtering.find, _wanted(request, question), question.limit, question.before)
    response = answer({"alerts": page.alerts, "next": page.next})
    if page.next is not None:
        response.headers["Link"] = f'<{request.rel_url.update_query(before=page.next)}>; rel="next"'
    return response


def _wanted(request: web.Request, question: asked.AlertsAsked) -> filtering.Wanted:
    desk, state = request.app[SERVICES].desk, question.state
    area = _area(question.bbox)

    def place(seen: filtering.Seen) -> Position | None:
        return desk.place(seen.device, seen.site, seen.position).position

    return filtering.Wanted(
        live={"open": True, "closed": False}.get(state),
        state=None if state in ("all", "open", "closed") else state,
        kinds=_listed(question.kind),
        severities=_listed(question.severity),
        devices=_listed(question.device),
        sites=_listed(question.site),
        area=area,
        first_s=moment(request, "from"),
        before_s=moment(request, "to"),
        place=place,
    )


def _listed(text: str | None) -> frozenset[str]:
    return frozenset(text.split(",")) if text else frozenset()


def _area(text: str | None) -> filtering.Area | None:
    if text is None:
        return None
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError:
        west = south = east = north = float("nan")
    if not (-180 <= west <= 180 and -180 <= east <= 180 and -90 <= south <= north <= 90):
        raise web.HTTPBadRequest(text=f"bbox: expected west,south,east,north in degrees, got {text[:80]!r}")
    return west, south, east, north


@routes.get("/api/v1/events")
@allow("viewer", query=asked.EventsAsked, answer=answers.Events)
async def events(request: web.Request) -> web.Response:
    """From number `after` + 1 on. With `from` or `to` a page may hold few or none: go on from `next` until `newest`."""
    question: asked.EventsAsked = request[ASKED]
    after, device, event_class, kind = question.after, question.device, question.class_, question.kind
    first_s, before_s = moment(request, "from"), moment(request, "to")
    if first_s is None and before_s is None:
        found = await ask(request, queries.events, after, question.limit, event_class=event_class, device=device, kind=kind)
        return answer({"events": found, "next": found[-1]["n"] if found else after})
    span = searching.Wanted(first_s or 0.0, LATEST_S if before_s is None else before_s, device, event_class, kind)
    page = await ask(request, searching.search, span, after, question.limit)
    return answer({"events": page.events, "next": page.next, "newest": page.newest})


@routes.get("/api/v1/devices")
@allow("viewer", query=asked.DevicesAsked, answer=answers.Devices)
async def devices(request: web.Request) -> web.Response:
    """Who is there, what was last heard, what is missing."""
    found = await ask(request, queries.devices)
    question: asked.DevicesAsked = request[ASKED]
    return answer({"devices": found if question.streams else [{**one, "streams": []} for one in found]})


@routes.get("/api/v1/streams")
@allow("viewer", query=asked.StreamsAsked, answer=answered.Streams)
async def streams(request: web.Request) -> web.Response:
    """Of each stream what is stored, dead-lettered, lost and missing."""
    return answer({"streams": await ask(request, queries.streams, request.query.get("device"))})


@routes.get("/api/v1/traffic")
@allow("viewer", query=asked.TrafficAsked, answer=answered.Traffic)
async def traffic(request: web.Request) -> web.Response:
    """By minute: the newest `minutes` of each camera. By hour or day: the sums between `from` and `to`."""
    question: asked.TrafficAsked = request[ASKED]
    by, device, camera = question.by, question.device, question.camera
    first_s, before_s = moment(request, "from"), moment(request, "to")
    if by == "minute":
        return answer({"minutes": await ask(request, queries.traffic, question.minutes, device, camera)})
    before_s = time.time() if before_s is None else before_s
    first_s = before_s - TOLD_BY[by] if first_s is None else first_s
    found = await ask(request, rollups.read, rollups.Wanted(by, first_s, before_s, device, camera), question.limit + 1)
    return answer({f"{by}s": found[: question.limit], "more": len(found) > question.limit})


@routes.get("/api/v1/dead-letters")
@allow("engineer", query=asked.LettersAsked, answer=answers.DeadLetters)
async def dead_letters(request: web.Request) -> web.Response:
    """Messages that could not be stored as events, the newest first."""
    question: asked.LettersAsked = request[ASKED]
    wanted = letters.Wanted(question.device, question.reason, moment(request, "from"), moment(request, "to"))
    return answer({"dead_letters": await ask(request, letters.find, question.limit, question.before, wanted)})


@routes.get("/api/v1/dead-letters/{n:[0-9]{1,18}}")
@allow("engineer", answer=answered.WholeDeadLetter)
async def dead_letter(request: web.Request) -> web.Response:
    """One of them, whole."""
    return answer(await _letter(request))


@routes.post("/api/v1/dead-letters/{n:[0-9]{1,18}}/replay")
@allow("engineer", answer=answers.Replayed)
async def replay_dead_letter(request: web.Request) -> web.Response:
    """Read it again: what is understood now is stored, and the letter gone; otherwise the answer says why it stays."""
    writer = request.app[SERVICES].writer
    return answer(_there(request, await asyncio.wrap_future(writer.replay(int(request.match_info["n"])))))


@routes.delete("/api/v1/dead-letters/{n:[0-9]{1,18}}")
@allow("engineer", answer=answered.WholeDeadLetter)
async def delete_dead_letter(request: web.Request) -> web.Response:
    """Delete it for good; the answer is the letter as it was."""
    letter = await _letter(request)
    await asyncio.wrap_future(request.app[SERVICES].writer.drop_letter(letter["n"]))
    return answer(letter)


@routes.get("/api/v1/summary")
@allow("viewer", answer=answers.Summary)
async def summary(request: web.Request) -> web.Response:
    """Figures to show on one line."""
    counted = await ask(request, queries.summary)
    return answer({**counted, **request.app[SERVICES].status()})


@routes.get("/healthz")
@allow(None, answer=answered.Alive)
async def healthz(_request: web.Request) -> web.Response:
    """Alive; says nothing else, for anyone may ask."""
    return answer({"status": "ok"})


@routes.get("/readyz")
@allow("viewer", answer=answered.Ready)
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
    return None if text is None else access.moment(name, text)


async def _letter(request: web.Request) -> dict[str, Any]:
    found: dict[str, Any] = _there(request, await ask(request, letters.whole, int(request.match_info["n"])))
    return found


def _there(request: web.Request, found: Any) -> Any:
    if found is None:
        raise web.HTTPNotFound(text=f"no dead letter {request.match_info['n']}")
    return found
