"""Silences and maintenance windows, and the notes of one shift to the next, over HTTP."""

import time
from typing import Annotated

from aiohttp import web
from msgspec import Meta, Struct

from collector.core.attention import Silence
from collector.store.alerts import silences
from collector.web import answered
from collector.web.access import allow
from collector.web.alert_actions import body, perform
from collector.web.api import answer, ask
from collector.web.asked import Moment
from collector.web.login import who
from event_contract.times import parse_time

LONGEST_S = 30 * 86400.0
routes = web.RouteTableDef()

Name = Annotated[str, Meta(min_length=1, max_length=120, pattern=r"^[^\x00]*$")]
Text = Annotated[str, Meta(min_length=1, max_length=500, pattern=r"^[^\x00]*$")]
Note = Annotated[str, Meta(min_length=1, max_length=4000, pattern=r"^[^\x00]*$")]


class GivenSilence(Struct, forbid_unknown_fields=True, kw_only=True):
    """At least one of the names; `begins` is now where it is not given."""

    device: Name | None = None
    camera: Name | None = None
    lane: Name | None = None
    kind: Name | None = None
    begins: Moment | None = None
    ends: Moment
    reason: Text


class GivenNote(Struct, forbid_unknown_fields=True):
    text: Note


@routes.get("/api/v1/silences")
@allow("viewer", answer=answered.Silences)
async def standing(request: web.Request) -> web.Response:
    """Those that are not over."""
    found = await ask(request, silences.standing, time.time())
    return answer({"silences": [silences.shown(one) for one in found]})


@routes.post("/api/v1/silences")
@allow("operator", body=GivenSilence, answer=answered.Silence)
async def silence(request: web.Request) -> web.Response:
    given = await body(request, GivenSilence)
    now = time.time()
    begins = now if given.begins is None else _moment("begins", given.begins)
    ends = _moment("ends", given.ends)
    if not max(now, begins) < ends <= max(now, begins) + LONGEST_S:
        raise web.HTTPBadRequest(text=f"ends: expected within 30 days after it begins, and not past; got {given.ends}")
    names = {name: getattr(given, name) for name in ("device", "camera", "lane", "kind")}
    if not any(names.values()):
        raise web.HTTPBadRequest(text="device: name a device, camera, lane or kind; nobody silences everything")
    wish = Silence(n=0, **names, begins=begins, ends=ends, reason=given.reason, author=who(request).name)
    made: Silence = await perform(request, lambda book: silences.add(book.db, wish, now))
    return answer(silences.shown(made))


@routes.delete("/api/v1/silences/{n:[0-9]{1,18}}")
@allow("operator", answer=answered.Ended)
async def end(request: web.Request) -> web.Response:
    n = int(request.match_info["n"])
    if not await perform(request, lambda book: silences.end(book.db, n, time.time())):
        raise web.HTTPNotFound(text=f"no silence {n} that is not over")
    return answer({"n": n, "ended": True})


@routes.get("/api/v1/shift-notes")
@allow("viewer", answer=answered.ShiftNotes)
async def shift_notes(request: web.Request) -> web.Response:
    """The newest first."""
    return answer({"notes": await ask(request, silences.notes)})


@routes.post("/api/v1/shift-notes")
@allow("operator", body=GivenNote, answer=answered.ShiftNote)
async def hand_over(request: web.Request) -> web.Response:
    given, by = await body(request, GivenNote), who(request).name
    return answer(await perform(request, lambda book: silences.add_note(book.db, by, given.text, time.time())))


def _moment(name: str, text: str) -> float:
    try:
        return parse_time(text)
    except (ValueError, OverflowError):
        raise web.HTTPBadRequest(text=f"{name}: expected a time such as 2026-03-02T07:00:00Z, got {text!r}") from None
