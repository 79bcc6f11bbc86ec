"""Evidence of an alert: a link into the city's video system, and, where both sides opted in, one still on a person's request.

The device sends it by itself, with a token for this one time. Whoever looks at it is written down first.
"""

import asyncio
import secrets
import time
from typing import Annotated, Literal

import msgspec
from aiohttp import web
from msgspec import Meta, Struct

from collector.core.alerts import Alert
from collector.core.jpeg import plain
from collector.core.still_requests import PATIENCE_S, Asked, NotTaken, digest_of
from collector.outputs.telling import Telling
from collector.store.alerts import acting
from collector.store.stills import Still
from collector.web import answered
from collector.web.access import allow
from collector.web.api import answer, ask, moment
from collector.web.login import remember, who
from collector.web.services import SERVICES, Stills
from event_contract.commands import StillRequest
from event_contract.messages import encode
from event_contract.times import format_time

LONGEST_STILL_BYTES = 1024 * 1024
JPEG = "image/jpeg"
LONGEST_ID = 300
OFF = "stills are off; they need [evidence] stills = true in collector.toml, and [stills] in the device's site.toml"

routes = web.RouteTableDef()


class Upload(Struct):
    taken_at: Annotated[
        str, Meta(max_length=40, description="When the camera saw it.", extra_json_schema={"format": "date-time"})
    ]


@routes.post("/api/v1/alerts/{id:.+}/still")
@allow("operator", answer=answered.StillState)
async def ask_for_still(request: web.Request) -> web.Response:
    """Ask the alert's device for one picture of its moment. What is there already, or on its way, is not asked for again."""
    stills, alert = _stills(request), await _alert(request)
    now = time.time()
    state = await still_state(stills, alert.id, now)
    if state.state not in ("there", "asked"):
        request_id, token = secrets.token_hex(12), secrets.token_urlsafe(32)
        camera = alert.camera
        if camera is None or alert.run is None:
            raise web.HTTPConflict(text="no camera tells this alert, so there is no picture of it")
        wish = StillRequest(
            id=request_id,
            incident=alert.id.removeprefix(f"{alert.device}/"),
            camera=camera,
            at=alert.started_at,
            token=token,
            within_s=PATIENCE_S,
        )
        asked = Asked(request_id, digest_of(token), alert.id, alert.device, camera, who(request).name, now)
        if await asyncio.to_thread(stills.requests.ask, asked) and not stills.tell(alert.device, encode(wish)):
            await asyncio.to_thread(stills.requests.done, asked)
            raise web.HTTPServiceUnavailable(text="the broker is not connected, so no device can be asked; try again later")
        state = await still_state(stills, alert.id, now)
    return answer(state)


@routes.get("/api/v1/alerts/{id:.+}/still")
@allow("operator", content=JPEG)
async def look_at_still(request: web.Request) -> web.Response:
    """The picture. That somebody looks is in the audit log before it is shown."""
    stills, alert = _stills(request), request.match_info["id"][:LONGEST_ID]
    jpeg = await asyncio.to_thread(stills.kept.picture, alert, time.time())
    if jpeg is None:
        state = await still_state(stills, alert, time.time())
        raise web.HTTPNotFound(text=state.why or f"no still of this alert: {state.state}")
    await remember(request, "look at still", alert)
    return web.Response(body=jpeg, content_type=JPEG, headers={"Content-Disposition": "inline; filename=still.jpg"})


@routes.post("/api/v1/stills/{request:[0-9a-f]{24}}")
@allow(None, query=Upload, answer=answered.StillTaken, takes=JPEG)
async def take_still(request: web.Request) -> web.Response:
    """A device's picture: image/jpeg, to 1 MiB, with the token of the request as bearer token, once."""
    stills, taken_s = request.app[SERVICES].stills, moment(request, "taken_at")
    try:
        if stills is None:
            raise NotTaken(OFF)
        begin = stills.requests.begin
        asked = await asyncio.to_thread(begin, request.match_info["request"], _token(request), time.time())
    except NotTaken as error:
        raise web.HTTPUnauthorized(text=str(error), headers={"WWW-Authenticate": "Bearer"}) from None
    try:
        jpeg = plain(await _picture(request))
    except ValueError as error:
        why = f"what device {asked.device} sent is no picture: {error}"
        await asyncio.to_thread(stills.requests.spoilt, asked, why)
        raise web.HTTPUnprocessableEntity(text=f"body: {error}") from None
    now = time.time()
    still = Still(
        alert=asked.alert,
        device=asked.device,
        camera=asked.camera,
        asked_by=asked.by,
        taken_at=format_time(now if taken_s is None else taken_s),
        stored_at=now,
        expires_at=now + stills.kept.keep_s,
    )
    try:
        await asyncio.to_thread(stills.kept.put, still, jpeg)
    except OSError as error:
        why = f"the collector could not store it: {error.strerror}"
        await asyncio.to_thread(stills.requests.spoilt, asked, why)
        raise web.HTTPInsufficientStorage(text=why) from error
    await asyncio.to_thread(stills.requests.done, asked)
    await remember(request, "still taken", asked.alert, name=f"device:{asked.device}", detail=f"for {asked.by}")
    return answer({"stored": True})


async def told(request: web.Request, alert: Alert) -> answered.Evidence:
    """What an alert's answer says of its evidence."""
    services, now = request.app[SERVICES], time.time()
    link = services.desk.link(Telling(alert, now))
    if services.stills is None:
        return answered.Evidence(link=link, still=answered.StillState(state="off", code="off", why=OFF))
    return answered.Evidence(link=link, still=await still_state(services.stills, alert.id, now))


async def still_state(stills: Stills, alert: str, now: float) -> answered.StillState:
    kept = await asyncio.to_thread(stills.kept.of, alert, now)
    asked = await asyncio.to_thread(stills.requests.of, alert, now)
    if kept is not None:
        times = {"taken_at": kept.taken_at, "expires_at": format_time(kept.expires_at)}
        return answered.StillState(state="there", asked_by=kept.asked_by, **times)
    if asked is None:
        return answered.StillState(state="none")
    state: Literal["failed", "asked"] = "failed" if asked.code else "asked"
    at = format_time(asked.at)
    return answered.StillState(state=state, code=asked.code, why=asked.why, asked_by=asked.by, asked_at=at)


def _stills(request: web.Request) -> Stills:
    stills = request.app[SERVICES].stills
    if stills is None:
        raise web.HTTPConflict(text=OFF)
    return stills


async def _alert(request: web.Request) -> Alert:
    name = request.match_info["id"][:LONGEST_ID]
    found = None if "\0" in name else await ask(request, acting.whole, name)
    if found is None:
        raise web.HTTPNotFound(text=f"no alert {name!r}")
    return msgspec.json.decode(found["alert"], type=Alert)


def _token(request: web.Request) -> str:
    return request.headers.get("Authorization", "").partition(" ")[2].strip()


async def _picture(request: web.Request) -> bytes:
    """Raises ValueError when it is of another type or too long."""
    if request.content_type != JPEG:
        raise ValueError(f"expected {JPEG}, got {request.content_type[:80]}")
    parts, length = [], 0
    async for part in request.content.iter_chunked(64 * 1024):
        parts.append(part)
        length += len(part)
        if length > LONGEST_STILL_BYTES:
            raise ValueError(f"longer than {LONGEST_STILL_BYTES} bytes")
    return b"".join(parts)
