"""Where the zones of a camera's scene are drawn, and its calibration is made: read, check, save, versions, a still."""

import asyncio
from collections.abc import Callable
from typing import Annotated, Any, ParamSpec, TypeVar

import msgspec
from aiohttp import web
from msgspec import Meta, Struct

from edge_agent.core.scene_format import SceneError
from edge_agent.web.access import JSON, allow, answer, given
from edge_agent.web.drawn import LaneClicks, LaneSolved, SceneChanged, SceneChecked, SceneNow, SceneRefused
from edge_agent.web.guard import who
from edge_agent.web.services import SERVICES

P = ParamSpec("P")
T = TypeVar("T")

routes = web.RouteTableDef()
CAMERA = "{camera:[a-z0-9-]{1,63}}"
JPEG = "image/jpeg"


class GivenScene(Struct, forbid_unknown_fields=True):
    scene: dict[str, Any]


class SavedScene(Struct, forbid_unknown_fields=True):
    """`base`: SHA-256 of the scene that was changed."""

    scene: dict[str, Any]
    base: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]


class Turn(Struct, forbid_unknown_fields=True):
    """Any number, so that a browser asks anew."""

    turn: int = 0


@routes.get(f"/api/v1/scenes/{CAMERA}")
@allow("technician", answer=SceneNow)
async def scene(request: web.Request) -> web.Response:
    """The zones of a camera and its calibration, as they are in the file, and the versions before."""
    return answer(await _asked(request.app[SERVICES].scenes.read, request.match_info["camera"]))


@routes.get(f"/api/v1/scenes/{CAMERA}/versions/" + "{number:[0-9]{1,9}}")
@allow("technician", answer=dict[str, Any])
async def version(request: web.Request) -> web.Response:
    """The scene as it was."""
    found = request.match_info
    text = await _asked(request.app[SERVICES].scenes.version, found["camera"], int(found["number"]))
    return web.Response(body=text, content_type=JSON)


@routes.post(f"/api/v1/scenes/{CAMERA}/check")
@allow("technician", body=GivenScene, answer=SceneChecked, changes=False)
async def check(request: web.Request) -> web.Response:
    """What is wrong with what is being drawn, and what its calibration is worth. Nothing is changed."""
    drawn: GivenScene = await given(request, GivenScene)
    text = msgspec.json.encode(drawn.scene)
    return answer(await _asked(request.app[SERVICES].scenes.check, request.match_info["camera"], text))


@routes.post(f"/api/v1/scenes/{CAMERA}")
@allow("technician", body=SavedScene, answer=SceneNow)
async def save(request: web.Request) -> web.Response:
    """The agent goes by it after a restart."""
    drawn: SavedScene = await given(request, SavedScene)
    text, by = msgspec.json.encode(drawn.scene), who(request).name
    return answer(await _asked(request.app[SERVICES].scenes.save, request.match_info["camera"], text, drawn.base, by))


@routes.post("/api/v1/lane-calibration")
@allow("technician", body=LaneClicks, answer=LaneSolved, changes=False)
async def lane(request: web.Request) -> web.Response:
    """From a lane's width and its dashes: the `calibration` of a scene. Nothing is changed."""
    return answer(await _asked(request.app[SERVICES].scenes.lane, await given(request, LaneClicks)))


@routes.get(f"/api/v1/still/{CAMERA}")
@allow("technician", query=Turn, content=JPEG)
async def still(request: web.Request) -> web.Response:
    """The last picture with nothing drawn on it but private masks."""
    jpeg = await _asked(request.app[SERVICES].scenes.still, request.match_info["camera"])
    if jpeg is None:
        raise web.HTTPServiceUnavailable(text="there is no picture yet; ask again", headers={"Retry-After": "1"})
    return web.Response(body=jpeg, content_type=JPEG)


@routes.get(f"/api/v1/scenes/{CAMERA}/then")
@allow("technician", query=Turn, content=JPEG)
async def then(request: web.Request) -> web.Response:
    """The still of when the scene was drawn, where it was drawn here."""
    jpeg = await _asked(request.app[SERVICES].scenes.then, request.match_info["camera"])
    return web.Response(body=jpeg, content_type=JPEG)


async def _asked(ask: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """In a thread; what goes wrong there in the words of HTTP."""
    try:
        return await asyncio.to_thread(ask, *args, **kwargs)
    except KeyError as error:
        raise web.HTTPNotFound(text=f"there is no {error}") from None
    except SceneChanged as error:
        raise web.HTTPConflict(text=str(error)) from None
    except SceneRefused as error:
        raise web.HTTPBadRequest(text=str(error)) from None
    except (SceneError, OSError) as error:
        raise web.HTTPServiceUnavailable(text=f"the scene's file: {error}") from None
