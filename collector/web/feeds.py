"""Alerts and traffic in the formats of others: CAP 1.2, DATEX II, NGSI-LD, GeoJSON. Who may read the API may read these.

Each alert feed begins with what changed last and holds what has not ended and what ended not long ago; a full page links to
the next one. The same contents have the same ETag, so that asking often costs little.
"""

import asyncio
import hashlib
import time
from collections.abc import Callable
from typing import Any

import msgspec
from aiohttp import ETag, web

from collector.outputs import atom, cap, datex2, geojson, ngsi_ld
from collector.outputs.telling import Telling
from collector.store.alerts import exercises
from collector.store.questions import feeding, queries
from collector.web import asked
from collector.web.access import ASKED, allow
from collector.web.api import ask, number
from collector.web.services import SERVICES

REVALIDATE = "private, no-cache"
PAGES_KEPT = 16
PAGES: web.AppKey[dict[tuple[str, tuple[int, ...]], bytes]] = web.AppKey("pages", dict)
TYPES = ("Alert", "Device", "TrafficFlowObserved")

routes = web.RouteTableDef()


@routes.get("/api/v1/feeds/cap")
@allow("viewer", query=asked.FeedAsked, content=atom.CONTENT_TYPE)
async def cap_feed(request: web.Request) -> web.Response:
    """An Atom feed; every entry links to the CAP document of the alert's newest change."""
    desk, (tellings, following) = request.app[SERVICES].desk, await _page(request)
    base = _base(request)
    itself, after = f"{base}{request.rel_url}", f"{base}{following}" if following else None

    def address(telling: Telling) -> str:
        return f"{base}/api/v1/feeds/cap/{telling.alert.seq}"

    def render() -> bytes:
        return atom.render(tellings, desk, itself, after, address)

    return await told(request, render, atom.CONTENT_TYPE, _newest(tellings), known=_seqs(tellings))


@routes.get("/api/v1/feeds/cap/{seq:[0-9]{1,18}}")
@allow("viewer", content=cap.CONTENT_TYPE)
async def cap_document(request: web.Request) -> web.Response:
    """One change of one alert."""
    seq = request.match_info["seq"]
    found = await ask(request, feeding.change, int(seq))
    if found is None:
        raise web.HTTPNotFound(text=f"no change {seq} of an alert, or it is too old to be kept")
    stored, older = found
    telling = Telling(stored.alert, stored.at_s, tuple(Telling(one.alert, one.at_s) for one in older))
    return await told(request, lambda: cap.render(telling, request.app[SERVICES].desk), cap.CONTENT_TYPE, stored.at_s)


@routes.get("/api/v1/feeds/datex2")
@allow("viewer", query=asked.FeedAsked, content=datex2.CONTENT_TYPE)
async def datex2_feed(request: web.Request) -> web.Response:
    desk, (tellings, following) = request.app[SERVICES].desk, await _page(request)
    known, newest_s = _seqs(tellings), _newest(tellings)
    return await told(request, lambda: datex2.render(tellings, desk), datex2.CONTENT_TYPE, newest_s, following, known)


@routes.get("/api/v1/feeds/ngsi-ld")
@allow("viewer", query=asked.NgsiAsked, content=ngsi_ld.CONTENT_TYPE)
async def ngsi_ld_feed(request: web.Request) -> web.Response:
    """Alerts; and, on the first page, the newest minute of traffic of each camera, and the devices. `type` chooses."""
    wanted = request.query.get("type", ",".join(TYPES)).split(",")
    if not set(wanted) <= set(TYPES):
        raise web.HTTPBadRequest(text=f"type: expected some of {', '.join(TYPES)}, got {','.join(wanted)[:80]!r}")
    desk, (tellings, following) = request.app[SERVICES].desk, await _page(request)
    first = _is_first(request)
    devices = await _devices(request) if first and "Device" in wanted else []
    minutes = await _minutes(request) if first and "TrafficFlowObserved" in wanted else []

    def render() -> bytes:
        alerts = ngsi_ld.alerts(tellings, desk) if "Alert" in wanted else []
        beside = [*ngsi_ld.devices(devices, tellings, desk), *ngsi_ld.traffic(minutes, tellings, desk)]
        return msgspec.json.encode(alerts + beside)

    return await told(request, render, ngsi_ld.CONTENT_TYPE, _newest(tellings), following)


@routes.get("/api/v1/feeds/geojson")
@allow("viewer", query=asked.FeedAsked, content=geojson.CONTENT_TYPE)
async def geojson_feed(request: web.Request) -> web.Response:
    """Alerts; and, on the first page, the devices."""
    desk, (tellings, following) = request.app[SERVICES].desk, await _page(request)
    devices = await _devices(request) if _is_first(request) else []

    def render() -> bytes:
        features = [geojson.alert(one, desk) for one in tellings] + [geojson.device(one, desk) for one in devices]
        return msgspec.json.encode(geojson.collection(features))

    return await told(request, render, geojson.CONTENT_TYPE, _newest(tellings), following)


async def told(
    request: web.Request,
    render: Callable[[], bytes],
    content_type: str,
    newest_s: float | None = None,
    following: str | None = None,
    known: tuple[int, ...] | None = None,
) -> web.Response:
    """What is rendered, in a thread, for a full page takes as long as many other answers; or 304 when the reader has it.

    Only the ETag decides on that: a second has room for two changes. `known`: which changes make the page, where nothing else
    does; then what was rendered is kept until other pages take its place.
    """
    body = await asyncio.to_thread(render) if known is None else await _kept(request, known, render)
    tag = ETag(hashlib.sha256(body).hexdigest()[:32])
    had = request.if_none_match or ()
    fresh = any(one.value in (tag.value, "*") for one in had)
    charset = None if content_type.endswith("json") else "utf-8"
    response = web.Response(status=304) if fresh else web.Response(body=body, content_type=content_type, charset=charset)
    response.etag, response.last_modified = tag, newest_s
    response.headers["Cache-Control"] = REVALIDATE
    if following:
        response.headers["Link"] = f'<{following}>; rel="next"'
    return response


async def _kept(request: web.Request, known: tuple[int, ...], render: Callable[[], bytes]) -> bytes:
    pages, key = request.app[PAGES], (str(request.url), known)
    if (kept := pages.get(key)) is not None:
        return kept
    pages[key] = body = await asyncio.to_thread(render)
    if len(pages) > PAGES_KEPT:
        del pages[next(iter(pages))]
    return body


def _seqs(tellings: list[Telling]) -> tuple[int, ...]:
    return tuple(one.alert.seq for one in tellings)


async def _page(request: web.Request) -> tuple[list[Telling], str | None]:
    """What is told on this page, the newest first, and the address of the next one when this one is full."""
    most = number(request, "limit", 1, queries.PAGE_LIMIT) or queries.PAGE_LIMIT
    since_s = time.time() - request.app[SERVICES].desk.feeds.ended_h * 3600
    question = exercises.current if request[ASKED].exercise == "only" else feeding.current
    tellings = [Telling(alert, at_s) for alert, at_s in await ask(request, question, since_s, most, number(request, "before"))]
    return tellings, str(request.rel_url.update_query(before=tellings[-1].alert.seq)) if len(tellings) == most else None


def _is_first(request: web.Request) -> bool:
    """Of the pages of what is so: devices and traffic are no exercise."""
    return "before" not in request.query and request[ASKED].exercise == "no"


async def _devices(request: web.Request) -> list[feeding.KnownDevice]:
    found: list[feeding.KnownDevice] = await ask(request, feeding.devices)
    return found


async def _minutes(request: web.Request) -> list[ngsi_ld.Minute]:
    found: list[dict[str, Any]] = await ask(request, queries.traffic, 1, None, None)
    return [
        ngsi_ld.Minute(one["device"], one["site"], one["camera"], one["from"], one["lanes"], one["lines"]) for one in found
    ]


def _newest(tellings: list[Telling]) -> float | None:
    return max((one.at_s for one in tellings), default=None)


def _base(request: web.Request) -> str:
    """As the reader knows us; behind a proxy with TLS we ourselves hear plain HTTP."""
    scheme = "https" if request.app[SERVICES].behind_proxy else request.scheme
    return f"{scheme}://{request.host}"
