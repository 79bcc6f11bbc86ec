"""The live picture: Motion JPEG, as long as somebody looks and is logged in."""

import asyncio
import time
from collections.abc import Callable
from typing import TypeVar

from aiohttp import web
from msgspec import Struct

from edge_agent.web.access import allow, answer
from edge_agent.web.figures import LensAid, SeenNow
from edge_agent.web.guard import known
from edge_agent.web.services import MOST_VIEWERS, SERVICES

EVERY_S = 0.2  # five pictures a second
ASK_EVERY_S = 2.0  # is the session still one?
BOUNDARY, MOTION_JPEG = "picture", "multipart/x-mixed-replace"
T = TypeVar("T")

routes = web.RouteTableDef()


class LiveAsked(Struct, forbid_unknown_fields=True):
    """`turn`: any number, so that a browser asks anew."""

    turn: int = 0


@routes.get("/api/v1/live/{camera:[a-z0-9-]{1,63}}")
@allow("technician", query=LiveAsked, content=MOTION_JPEG)
async def live(request: web.Request) -> web.StreamResponse:
    """Motion JPEG, for an <img>. It ends with the session; looking is no use of it."""
    services, camera = request.app[SERVICES], request.match_info["camera"]
    try:
        joined = services.live.join(camera)
    except KeyError:
        raise web.HTTPNotFound(text=f"there is no camera {camera}") from None
    if not joined:
        raise web.HTTPServiceUnavailable(text=f"{MOST_VIEWERS} look already; ask again", headers={"Retry-After": "5"})
    try:
        stream = web.StreamResponse(headers={"Content-Type": f"{MOTION_JPEG}; boundary={BOUNDARY}"})
        await stream.prepare(request)
        await _show(request, stream, camera)
    finally:
        services.live.leave(camera)
    return stream


@routes.get("/api/v1/lens/{camera:[a-z0-9-]{1,63}}")
@allow("technician", answer=LensAid)
async def lens(request: web.Request) -> web.Response:
    """How sharp and how bright the camera's picture is now."""
    return answer(await _of_next_picture(request, request.app[SERVICES].live.aid))


@routes.get("/api/v1/seen/{camera:[a-z0-9-]{1,63}}")
@allow("technician", answer=SeenNow)
async def seen(request: web.Request) -> web.Response:
    """Who is in the camera's picture now and how fast, and what is open there."""
    return answer(await _of_next_picture(request, request.app[SERVICES].live.seen))


async def _of_next_picture(request: web.Request, ask: Callable[[str], T | None]) -> T:
    try:
        told = await asyncio.to_thread(ask, request.match_info["camera"])
    except KeyError:
        raise web.HTTPNotFound(text=f"there is no camera {request.match_info['camera']}") from None
    if told is None:
        raise web.HTTPServiceUnavailable(text="there is no picture; ask again", headers={"Retry-After": "1"})
    return told


async def _show(request: web.Request, stream: web.StreamResponse, camera: str) -> None:
    services, last, asked_s = request.app[SERVICES], -1, time.monotonic()
    while True:
        began_s = time.monotonic()
        shot = await asyncio.to_thread(services.live.shot, camera, last)
        if shot is not None:
            last = shot.index
            await stream.write(_part(shot.jpeg))  # who takes none is hung up on: see door.py
        if began_s - asked_s >= ASK_EVERY_S:
            asked_s = began_s
            transport = request.transport
            if transport is None or transport.is_closing() or await known(request, services, use=False) is None:
                return
        await asyncio.sleep(max(0.02, EVERY_S - (time.monotonic() - began_s)))


def _part(jpeg: bytes) -> bytes:
    head = f"--{BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
    return head.encode() + jpeg + b"\r\n"
