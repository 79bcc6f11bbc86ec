"""Who asks, and his own password, over HTTP."""

import asyncio
import time
from typing import Annotated

from aiohttp import web
from msgspec import Meta, Struct

from collector.core.roles import Role
from collector.store.access.accounts import LONGEST_PASSWORD
from collector.web.access import allow
from collector.web.alert_actions import body
from collector.web.api import answer
from collector.web.login import address_of, remember, who
from collector.web.services import SERVICES

SHORTEST_PASSWORD = 8

routes = web.RouteTableDef()


class Me(Struct):
    """A user by name, or a token as `token:<name>`."""

    name: str
    role: Role


class GivenPassword(Struct, forbid_unknown_fields=True):
    old: Annotated[str, Meta(max_length=LONGEST_PASSWORD)]
    new: Annotated[str, Meta(min_length=SHORTEST_PASSWORD, max_length=LONGEST_PASSWORD)]


@routes.get("/api/v1/me")
@allow("viewer", answer=Me)
async def me(request: web.Request) -> web.Response:
    """Who asks, and what he may do."""
    return answer(who(request))


@routes.post("/api/v1/me/password")
@allow("viewer", body=GivenPassword, answer=Me)
async def change_password(request: web.Request) -> web.Response:
    """For people, who give the old one as well. Ends all of their sessions, this one too; guessing locks as a log-in does."""
    given, somebody = await body(request, GivenPassword), who(request)
    services = request.app[SERVICES]
    attempts = services.accounts.attempts
    watched = (f"account {somebody.name}", f"address {address_of(request, services.behind_proxy)}")
    if not await asyncio.to_thread(attempts.begin, watched, time.time()):
        raise web.HTTPTooManyRequests(text="old: too many wrong ones; wait 15 minutes")
    if not await asyncio.to_thread(services.accounts.check, somebody.name, given.old):
        raise web.HTTPBadRequest(text="old: expected the password that you log in with")
    await asyncio.to_thread(attempts.succeed, watched)
    await asyncio.to_thread(services.accounts.set_password, somebody.name, given.new)
    await remember(request, "set password", somebody.name)
    return answer(somebody)
