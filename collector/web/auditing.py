"""The audit log over HTTP, for admins."""

import asyncio
from typing import Literal

from aiohttp import web
from msgspec import Struct

from collector.core.answers import Moment
from collector.store.access.audit import told
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
    next: int


@routes.get("/api/v1/audit")
@allow("admin", query=AuditAsked, answer=AuditPage)
async def entries(request: web.Request) -> web.Response:
    """Who did what, in the order in which it was written down; go on from `next` until a page is empty."""
    question: AuditAsked = request[ASKED]
    read, span = request.app[SERVICES].accounts.audit.read, (moment(request, "from"), moment(request, "to"))
    found = await asyncio.to_thread(read, *span, question.after, question.limit)
    return answer({"entries": [told(one) for one in found], "next": found[-1].n if found else question.after})
