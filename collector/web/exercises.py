"""Staging alerts for who tries an interface out: they reach only streams, feeds and subscribers that ask for exercises."""

import secrets
import time

from aiohttp import web
from msgspec import Struct

from collector.core import answers
from collector.core.alerts import EXERCISES
from collector.core.exercises import Phase, Staged
from collector.store.alerts import exercises
from collector.web.access import allow
from collector.web.alert_actions import body, perform
from collector.web.api import answer
from event_contract.kinds import INCIDENT_KINDS

routes = web.RouteTableDef()


class Nothing(Struct, forbid_unknown_fields=True):
    """An empty object, or no body."""


class Exercise(Struct):
    """`name` is the one to go on with."""

    name: str
    alert: answers.Alert


@routes.post("/api/v1/exercises")
@allow("engineer", body=Staged, answer=Exercise)
async def begin(request: web.Request) -> web.Response:
    """Open one."""
    staged, name, now = await body(request, Staged), secrets.token_hex(4), time.time()
    if staged.kind not in INCIDENT_KINDS:
        raise web.HTTPBadRequest(text=f"kind: expected one of {', '.join(INCIDENT_KINDS)}, got {staged.kind[:40]!r}")
    alert = await perform(request, lambda book: exercises.begin(book, staged, name, now))
    return answer({"name": name, "alert": alert})


@routes.post("/api/v1/exercises/{name:[0-9a-f]{8}}/{phase:update|end}")
@allow("engineer", body=Nothing, answer=Exercise)
async def go_on(request: web.Request) -> web.Response:
    """Tell it again, or end it; what has ended stays so."""
    name, now = request.match_info["name"], time.time()
    phase: Phase = request.match_info["phase"]  # type: ignore[assignment]  # the route takes no other
    await body(request, Nothing)
    alert = await perform(request, lambda book: exercises.go_on(book, name, phase, now))
    if alert is None:
        raise web.HTTPNotFound(text=f"no exercise {EXERCISES}{name}")
    return answer({"name": name, "alert": alert})
