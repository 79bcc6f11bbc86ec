"""Numbers that are missing, over HTTP: which there are, and writing off those that will never come."""

import time

from aiohttp import web
from msgspec import Struct

from collector.core import answers
from collector.store.questions import queries
from collector.store.upkeep import writing_off
from collector.web.access import ASKED, allow
from collector.web.alert_actions import body, perform
from collector.web.api import answer, ask
from collector.web.asked import StreamsAsked
from collector.web.login import remember, who
from collector.web.silences import Name, Text

routes = web.RouteTableDef()


class GivenWriteOff(Struct, forbid_unknown_fields=True, kw_only=True):
    """Of the device, or of one of its streams, what is missing now."""

    device: Name
    stream: Name | None = None
    reason: Text


@routes.get("/api/v1/gaps")
@allow("viewer", query=StreamsAsked, answer=answers.Gaps)
async def missing(request: web.Request) -> web.Response:
    """The streams of which something is missing."""
    asked: StreamsAsked = request[ASKED]
    found = await ask(request, queries.streams, asked.device)
    told = ({name: one[name] for name in ("device", "stream", "class", "missing")} for one in found if one["missing"])
    return answer({"gaps": list(told)})


@routes.post("/api/v1/gaps/write-off")
@allow("engineer", body=GivenWriteOff, answer=answers.WrittenOff)
async def write_off(request: web.Request) -> web.Response:
    """They count as lost from now on, and their alarm ends; one that comes all the same is stored."""
    given, by, now = await body(request, GivenWriteOff), who(request).name, time.time()
    found = await perform(
        request, lambda book: writing_off.write_off(book, given.device, given.stream, given.reason, by, now)
    )
    if found is None:
        raise web.HTTPNotFound(text=f"no stream of {given.device}{f' called {given.stream}' if given.stream else ''}")
    await remember(request, "write off", given.device, detail=f"{writing_off.messages(found)} messages: {given.reason}")
    streams = [{"stream": stream, "ranges": ranges} for stream, ranges in found.items()]
    return answer({"device": given.device, "messages": writing_off.messages(found), "streams": streams})
