"""What people do with alerts, over HTTP: one, many, or take it back; and one alert with all that became of it.

A body is JSON: {"reason": "...", "seq": 17}, both optional; for many also "ids". `seq` is the newest change that the person
knew of: when somebody else has decided since, the answer is 409. Of many, each has an outcome of its own.
"""

import asyncio
import time
from typing import Annotated, Any, TypeVar

import msgspec
from aiohttp import web
from msgspec import Meta, Struct

from collector.core import answers, life
from collector.core.alerts import Alert
from collector.core.life import Word
from collector.core.standing import DEEDS, Deed
from collector.store.alerts import acting
from collector.store.alerts.acting import Done
from collector.web import answered, evidence
from collector.web.access import allow
from collector.web.api import answer, ask
from collector.web.login import who
from collector.web.services import SERVICES
from event_contract.explain import validate
from event_contract.times import format_time

LONGEST_ID = 300
STATUS = {"changed": 200, "unchanged": 200, "refused": 409, "unknown": 404}
_DEED = "{deed:" + "|".join(DEEDS) + "}"

T = TypeVar("T", bound=Struct)
routes = web.RouteTableDef()

Reason = Annotated[str, Meta(max_length=life.LONGEST_REASON, pattern=r"^[^\x00]*$")]
AlertId = Annotated[str, Meta(min_length=1, max_length=LONGEST_ID, pattern=r"^[^\x00]*$")]


class Given(Struct, forbid_unknown_fields=True):
    reason: Reason = ""
    seq: Annotated[int, Meta(ge=0, lt=2**62)] | None = None


class GivenMany(Given, kw_only=True):
    ids: Annotated[list[AlertId], Meta(min_length=1, max_length=life.MOST_AT_ONCE)]


@routes.post("/api/v1/alerts/" + _DEED)
@allow("operator", body=GivenMany, answer=answers.AllDone)
async def act_on_many(request: web.Request) -> web.Response:
    given = await body(request, GivenMany)
    done = await _act(request, given.ids, given)
    return answer({"alerts": done})


@routes.post("/api/v1/alerts/{id:.+}/" + _DEED)
@allow("operator", body=Given, answer=answers.Done)
async def act_on_one(request: web.Request) -> web.Response:
    given = await body(request, Given)
    [done] = await _act(request, [_id(request)], given)
    return answer(done, STATUS[done.outcome])


@routes.post("/api/v1/alerts/{id:.+}/undo")
@allow("operator", answer=answers.Done)
async def undo(request: web.Request) -> web.Response:
    """Take back one's own newest word, if nobody has said anything since."""
    by, at, alert = who(request).name, format_time(time.time()), _id(request)
    done: Done = await perform(request, lambda book: acting.undo(book, alert, by, at))
    return answer(done, STATUS[done.outcome])


@routes.get("/api/v1/alerts/{id:.+}")
@allow("viewer", answer=answered.AlertWithChanges)
async def one_alert(request: web.Request) -> web.Response:
    found = await ask(request, acting.whole, _id(request))
    if found is None:
        raise web.HTTPNotFound(text=f"no alert {_id(request)[:LONGEST_ID]!r}")
    alert = msgspec.json.decode(found["alert"], type=Alert)
    return answer({**found, "evidence": await evidence.told(request, alert)})


async def body(request: web.Request, kind: type[T]) -> T:
    """The request's JSON, empty where all of it may be left out."""
    raw = await request.read()
    if raw and request.content_type != "application/json":
        raise web.HTTPUnsupportedMediaType(text="body: expected application/json")
    try:
        content = msgspec.json.decode(raw or b"{}")
        if not isinstance(content, dict):
            raise web.HTTPBadRequest(text="body: expected an object")
        given: T = validate(content, kind)
    except msgspec.DecodeError as error:
        raise web.HTTPBadRequest(text=f"body: {error}") from error
    except ValueError as error:
        raise web.HTTPBadRequest(text=str(error)) from error
    return given


async def perform(request: web.Request, work: Any) -> Any:
    """The store's writer does it. Raises StoreUnavailable."""
    return await asyncio.wrap_future(request.app[SERVICES].writer.perform(work))


async def _act(request: web.Request, ids: list[str], given: Given) -> list[Done]:
    deed: Deed = request.match_info["deed"]  # type: ignore[assignment]  # the route takes no other
    word = Word(deed, who(request).name, format_time(time.time()), given.reason.strip(), given.seq)
    done: list[Done] = await perform(request, lambda book: acting.act(book, ids, word))
    return done


def _id(request: web.Request) -> str:
    given = request.match_info["id"]
    if len(given) > LONGEST_ID or "\0" in given:
        raise web.HTTPNotFound(text="no such alert")
    return given
