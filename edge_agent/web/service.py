"""What a technician does here: maintenance mode, restart, a test event, the diagnostics bundle, the log."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Literal

from aiohttp import web
from msgspec import Meta, Struct

from edge_agent.web.access import allow, answer, given
from edge_agent.web.figures import LogLine, Maintenance
from edge_agent.web.guard import remember, who
from edge_agent.web.services import ASKED, SERVICES

LEVELS = ("info", "warning", "error")

routes = web.RouteTableDef()


class GivenMaintenance(Struct, forbid_unknown_fields=True):
    """It ends by itself after so many minutes."""

    minutes: Annotated[int, Meta(ge=5, le=480)]
    reason: Annotated[str, Meta(max_length=200)] = ""


class Standing(Struct):
    maintenance: Maintenance | None


class Done(Struct):
    done: str


class LogAsked(Struct, forbid_unknown_fields=True):
    """`level`: this one and what is worse; `text`: lines that hold it, in whatever case."""

    level: Literal["info", "warning", "error"] = "info"
    text: Annotated[str, Meta(max_length=100)] = ""
    limit: Annotated[int, Meta(ge=1, le=500)] = 200


class Log(Struct):
    """The newest first."""

    lines: list[LogLine]


@routes.post("/api/v1/maintenance")
@allow("technician", body=GivenMaintenance, answer=Standing)
async def begin(request: web.Request) -> web.Response:
    """Another one takes the place of the one that is."""
    wanted: GivenMaintenance = await given(request, GivenMaintenance)
    deeds = request.app[SERVICES].deeds
    with _on_disk():
        return answer(Standing(await asyncio.to_thread(deeds.begin, wanted.minutes, who(request).name, wanted.reason)))


@routes.post("/api/v1/maintenance/end")
@allow("technician", answer=Standing)
async def end(request: web.Request) -> web.Response:
    """Whether or not there is one."""
    with _on_disk():
        await asyncio.to_thread(request.app[SERVICES].deeds.end, who(request).name)
    return answer(Standing(None))


@routes.post("/api/v1/test-event")
@allow("technician", answer=Done)
async def test_event(request: web.Request) -> web.Response:
    """A message of kind device_test goes to the collector; it is no alert there."""
    request.app[SERVICES].deeds.test(who(request).name)
    return answer(Done("test-event"))


@routes.post("/api/v1/restart")
@allow("technician", answer=Done)
async def restart(request: web.Request) -> web.Response:
    """The agent ends cleanly, and its service manager starts it again."""
    request.app[SERVICES].deeds.restart()
    return answer(Done("restart"))


@routes.get("/api/v1/diagnostics")
@allow("technician", content="application/zip")
async def diagnostics(request: web.Request) -> web.Response:
    """A zip for whoever is asked for help: no password, no key, no picture is in it."""
    services = request.app[SERVICES]
    bundle = await asyncio.to_thread(services.deeds.diagnostics)
    await remember(request, "diagnostics")
    name = f"{services.device}-diagnostics.zip"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return web.Response(body=bundle, content_type="application/zip", headers=headers)


@routes.get("/api/v1/log")
@allow("technician", query=LogAsked, answer=Log)
async def log(request: web.Request) -> web.Response:
    """What this run has said, as far as memory holds it."""
    wanted = request[ASKED]
    assert isinstance(wanted, LogAsked)  # noqa: S101 - as the route declares
    levels, text = LEVELS[LEVELS.index(wanted.level) :], wanted.text.casefold()
    lines = reversed(request.app[SERVICES].log())
    fitting = [line for line in lines if line.level in levels and text in f"{line.name} {line.text}".casefold()]
    return answer(Log(fitting[: wanted.limit]))


@contextmanager
def _on_disk() -> Iterator[None]:
    """A disk that takes nothing, in the words of HTTP: things are as they were."""
    try:
        yield
    except OSError as error:
        raise web.HTTPServiceUnavailable(text=f"the device's disk: {error.strerror}; nothing is changed") from None
