"""The audit log over HTTP, for admins."""

import asyncio
import math
from typing import Annotated, Literal

from aiohttp import web
from msgspec import Meta, Struct

from collector.core.answers import Moment
from collector.store.access.audit import NO_LIMIT, Wanted, told
from collector.web.access import ASKED, allow
from collector.web.api import answer, moment
from collector.web.asked import AuditAsked
from collector.web.services import SERVICES

routes = web.RouteTableDef()


class AuditEntry(Struct):
    n: int
    at: Moment
    who: str
    action: str
    target: str
    outcome: Literal["ok", "refused", "failed"]
    address: str
    detail: str


class AuditPage(Struct):
    entries: list[AuditEntry]
    next: Annotated[int | None, Meta(description="`after` of the next page; newest first: `before`, null at the end.")]


@routes.get("/api/v1/audit")
@allow("admin", query=AuditAsked, answer=AuditPage)
async def entries(request: web.Request) -> web.Response:
    """Who did what, in the order in which it was written down, or the newest first; go on from `next` until a page is empty."""
    question: AuditAsked = request[ASKED]
    before_s, newest_first = moment(request, "to"), question.order == "newest"
    wanted = Wanted(
        moment(request, "from") or 0.0,
        math.inf if before_s is None else before_s,
        question.after,
        NO_LIMIT if question.before is None else question.before,
        question.text,
        newest_first,
    )
    found = await asyncio.to_thread(request.app[SERVICES].accounts.audit.read, wanted, question.limit)
    over = None if newest_first else question.after
    more = found and (not newest_first or len(found) == question.limit)
    return answer({"entries": [told(one) for one in found], "next": found[-1].n if more else over})
