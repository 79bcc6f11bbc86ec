"""The tokens of software over HTTP, for admins. The secret is told once, by the answer that made it."""

import asyncio
from typing import Annotated

from aiohttp import web
from msgspec import Meta, Struct

from collector.core.errors import WrongUse
from collector.core.roles import Role
from collector.store.access.tokens import Token
from collector.web.access import allow, moment
from collector.web.alert_actions import body
from collector.web.api import answer
from collector.web.asked import Moment
from collector.web.login import remember, who
from collector.web.services import SERVICES
from event_contract.times import format_time

NAME = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}"

routes = web.RouteTableDef()


class ToldToken(Struct):
    """Times are null for never."""

    name: str
    role: Role
    made_at: str
    expires_at: str | None
    used_at: str | None
    made_by: Annotated[str, Meta(description="As the audit log names him; empty: not known.")]


class Tokens(Struct):
    tokens: list[ToldToken]


class GivenToken(Struct, forbid_unknown_fields=True):
    name: Annotated[str, Meta(pattern=f"^{NAME}$")]
    role: Role
    expires_at: Moment | None = None


class NewToken(Struct):
    """`token` is told this once."""

    name: str
    role: Role
    token: str


@routes.get("/api/v1/tokens")
@allow("admin", answer=Tokens)
async def list_(request: web.Request) -> web.Response:
    """Without their secrets, which nobody knows."""
    found = await asyncio.to_thread(request.app[SERVICES].accounts.tokens.listed)
    return answer({"tokens": [_told(one) for one in found]})


@routes.post("/api/v1/tokens")
@allow("admin", body=GivenToken, answer=NewToken)
async def create(request: web.Request) -> web.Response:
    """It works at once; the answer tells the secret, this once."""
    given = await body(request, GivenToken)
    expires_s = None if given.expires_at is None else moment("expires_at", given.expires_at)
    make = request.app[SERVICES].accounts.tokens.create
    try:
        secret = await asyncio.to_thread(make, given.name, given.role, expires_s, who(request).name)
    except WrongUse as error:
        raise web.HTTPConflict(text=str(error)) from error
    await remember(request, "create token", given.name, detail=given.role)
    return answer(NewToken(given.name, given.role, secret))


@routes.delete(f"/api/v1/tokens/{{name:{NAME}}}")
@allow("admin", answer=ToldToken)
async def revoke(request: web.Request) -> web.Response:
    """Ends it with its next request, and within seconds the streams that it opened; the answer is the token as it was."""
    name, tokens = request.match_info["name"], request.app[SERVICES].accounts.tokens
    known = next((one for one in await asyncio.to_thread(tokens.listed) if one.name == name), None)
    if known is None:
        raise web.HTTPNotFound(text=f"no token {name}")
    await asyncio.to_thread(tokens.revoke, name)
    await remember(request, "revoke token", name)
    return answer(_told(known))


def _told(token: Token) -> ToldToken:
    made, expires, used = (None if at is None else format_time(at) for at in (token.made_at, token.expires_at, token.used_at))
    return ToldToken(token.name, token.role, made or "", expires, used, token.made_by)
