"""What the page shows, as JSON."""

import asyncio
from typing import Annotated, Literal

from aiohttp import web
from msgspec import Meta, Struct

from edge_agent.core.health.snapshot import Trend
from edge_agent.core.health.words import SAID, TODO, TOPICS
from edge_agent.web.access import allow, answer
from edge_agent.web.audit import Entry
from edge_agent.web.figures import Overview, ToldEvent
from edge_agent.web.services import ASKED, SERVICES
from event_contract.kinds import CAMERA_FAULTS, DEVICE_FAULTS, INCIDENT_KINDS, Words

routes = web.RouteTableDef()

WORDS: dict[str, dict[str, Words]] = {
    "topics": TOPICS,
    "said": SAID,
    "todo": TODO,
    "kinds": {name: Words(kind.vi, kind.en) for name, kind in INCIDENT_KINDS.items()},
    "reasons": CAMERA_FAULTS | DEVICE_FAULTS,
}
Limit = Annotated[int, Meta(ge=1, le=500)]


class EventsAsked(Struct, forbid_unknown_fields=True):
    event_class: Literal["incident", "state", "telemetry"] | None = None
    camera: Annotated[str, Meta(max_length=63)] | None = None
    limit: Limit = 100


class AuditAsked(Struct, forbid_unknown_fields=True):
    limit: Limit = 100


class Trends(Struct):
    """One for each figure."""

    trends: list[Trend]


class Events(Struct):
    """The newest first."""

    events: list[ToldEvent]


class AuditLog(Struct):
    """The newest first. `unwritten`: entries that the disk did not take."""

    entries: list[Entry]
    unwritten: int


@routes.get("/api/v1/overview")
@allow("technician", answer=Overview)
async def overview(request: web.Request) -> web.Response:
    """How the device is: one verdict, what to do, and the figures behind it."""
    return answer(await asyncio.to_thread(request.app[SERVICES].overview))


@routes.get("/api/v1/trends")
@allow("technician", answer=Trends)
async def trends(request: web.Request) -> web.Response:
    """The last 24 hours of what the machine tells."""
    return answer(Trends(list(request.app[SERVICES].trends())))


@routes.get("/api/v1/words")
@allow("technician", answer=dict[str, dict[str, Words]])
async def words(_request: web.Request) -> web.Response:
    """What is told as keys, in both languages."""
    return answer(WORDS)


@routes.get("/api/v1/events")
@allow("technician", query=EventsAsked, answer=Events)
async def events(request: web.Request) -> web.Response:
    """What this run has told, as far as memory holds it."""
    wanted = request[ASKED]
    assert isinstance(wanted, EventsAsked)  # noqa: S101 - as the route declares
    fitting = [
        one
        for one in reversed(request.app[SERVICES].events())
        if wanted.event_class in (None, one.event_class) and wanted.camera in (None, one.camera)
    ]
    return answer(Events(fitting[: wanted.limit]))


@routes.get("/api/v1/audit")
@allow("technician", query=AuditAsked, answer=AuditLog)
async def audit(request: web.Request) -> web.Response:
    """Who did what here."""
    wanted, log = request[ASKED], request.app[SERVICES].audit
    assert isinstance(wanted, AuditAsked)  # noqa: S101 - as the route declares
    return answer(AuditLog(await asyncio.to_thread(log.newest, wanted.limit), log.unwritten))
