"""The way in and the way out."""

import asyncio
import time

from aiohttp import web
from msgspec import Struct

from edge_agent.web.access import allow, answer, in_time
from edge_agent.web.guard import COOKIE, remember, who
from edge_agent.web.services import SERVICES

routes = web.RouteTableDef()


class LogIn(Struct):
    username: str
    password: str


class Me(Struct):
    """`csrf` goes as X-CSRF-Token with whatever changes something."""

    name: str
    csrf: str


@routes.post("/login")
@allow("anyone", body=LogIn)
async def log_in(request: web.Request) -> web.Response:
    """Form fields username and password; answers with a redirect: to the page, or back with ?failed, ?locked or ?nobody."""
    services = request.app[SERVICES]
    if request.content_type != "application/x-www-form-urlencoded":
        raise web.HTTPUnsupportedMediaType(text="body: expected a form, application/x-www-form-urlencoded")
    try:
        form = await in_time(request.post())
    except (LookupError, ValueError):  # a charset that nobody knows, bytes that are not of it
        raise web.HTTPBadRequest(text="body: expected a form in UTF-8") from None
    name, password = str(form.get("username", ""))[:40], str(form.get("password", ""))
    if not await asyncio.to_thread(services.accounts.names):
        raise web.HTTPSeeOther("/login?nobody")
    watched = (f"account {name}", f"address {request.remote}")
    if services.attempts.locked(watched, time.monotonic()):  # not audited: it could be written full
        raise web.HTTPSeeOther("/login?locked")
    services.attempts.fail(watched, time.monotonic())  # counted before the check, or many at once would slip through
    mark = await asyncio.to_thread(services.accounts.check, name, password)
    if mark is None:
        await remember(request, "log in", outcome="failed", name=name)
        raise web.HTTPSeeOther("/login?failed")
    services.attempts.forget(watched)
    await remember(request, "log in", name=name)
    went_in = web.HTTPSeeOther("/")
    token = services.sessions.open(name, mark, time.monotonic())
    went_in.set_cookie(COOKIE, token, httponly=True, samesite="Strict", secure=True, path="/")
    raise went_in


@routes.post("/logout")
@allow("technician", answer=Me)
async def log_out(request: web.Request) -> web.Response:
    """The session is over."""
    request.app[SERVICES].sessions.close(request.cookies.get(COOKIE, ""))
    gone = answer(Me(who(request).name, ""))
    gone.del_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="Strict")
    return gone


@routes.get("/api/v1/me")
@allow("technician", answer=Me)
async def me(request: web.Request) -> web.Response:
    """Who asks, and the token of his session."""
    return answer(Me(who(request).name, who(request).csrf))
