"""Who may pass: a browser with a session, software with a bearer token, each as far as its role goes.

What a route wants stands beside it: see access.py. What changes something, and what is refused to somebody known, is audited.
"""

import asyncio
import hmac
import time
from contextlib import suppress
from ipaddress import ip_address
from urllib.parse import urlsplit

from aiohttp import web
from msgspec import Struct

from collector.core.roles import Who, may
from collector.web.access import ASKED, WHO, Access, Handler, access_of, allow, asked
from collector.web.services import SERVICES, Services

COOKIE = "kerbwatch_session"
PUBLIC_FOLDER = "/static/"  # the program of the console, no data
MACHINE = Who("token:api-token", "admin")  # who can read the data folder can do everything anyway
READS = ("GET", "HEAD")

routes = web.RouteTableDef()


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse foreign host names (DNS rebinding), foreign origins (CSRF) and strangers."""
    services = request.app[SERVICES]
    host = _host_of(f"//{request.host}")
    if host not in services.allowed_hosts:
        raise web.HTTPMisdirectedRequest(text=f"host {host[:80]!r} is not served here; see http.allowed_hosts")
    if request.method not in READS and not same_origin(request):
        raise web.HTTPForbidden(text="a request from another origin")
    who = request[WHO] = await known(request, services)
    access = _wanted(request)
    if access.role is not None:
        if who is None:
            raise _stranger(request)
        if not may(who.role, access.role):
            await remember(request, _operation(request), request.path, outcome="refused", detail=f"as {who.role}")
            raise web.HTTPForbidden(text=f"wants the role {access.role}, and {who.name} is {who.role}")
    if access_of(request.match_info.handler) is not None:
        request[ASKED] = asked(request, access.query)
    response = await handler(request)
    if request.method not in READS and access.role is not None:
        await remember(request, _operation(request), request.path, outcome="ok" if response.status < 400 else "refused")
    return response


async def known(request: web.Request, services: Services) -> Who | None:
    """Who asks; None for a stranger, and for somebody whose session or token is over."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        if _is_secret(token.strip(), services.api_token):
            return MACHINE
        return await asyncio.to_thread(services.accounts.tokens.who, token.strip(), time.time())
    session = request.cookies.get(COOKIE)
    return None if session is None else await asyncio.to_thread(services.accounts.who, session)


async def authenticated(request: web.Request, services: Services) -> bool:
    """Still? For streams, which outlive the look at their beginning."""
    return await known(request, services) is not None


def who(request: web.Request) -> Who:
    """Who asks, for the handlers of routes that want a role."""
    somebody = request[WHO]
    assert somebody is not None  # noqa: S101 - or the guard would not have let it come so far
    return somebody


async def remember(
    request: web.Request, action: str, target: str = "", *, outcome: str = "ok", detail: str = "", name: str | None = None
) -> None:
    """An entry of the audit log: `name`, or who asks, did it, from his address. It is on the disk when this returns."""
    services = request.app[SERVICES]
    doer = name if name is not None else who(request).name
    address = address_of(request, services.behind_proxy)
    write = services.accounts.audit.write
    await asyncio.to_thread(write, doer, action, target, outcome=outcome, address=address, detail=detail)


def _wanted(request: web.Request) -> Access:
    """What the route declares; paths that do not exist are nobody's business but a viewer's."""
    if request.path.startswith(PUBLIC_FOLDER):
        return Access(None)
    return access_of(request.match_info.handler) or Access("viewer")


def _operation(request: web.Request) -> str:
    resource = request.match_info.route.resource
    return f"{request.method} {resource.canonical if resource else '?'}"


def _stranger(request: web.Request) -> web.HTTPException:
    if request.path.startswith("/api/") or "text/html" not in request.headers.get("Accept", ""):
        how = "log in, or send Authorization: Bearer <token>"
        return web.HTTPUnauthorized(text=how, headers={"WWW-Authenticate": "Bearer"})
    return web.HTTPSeeOther("/login")


def _is_secret(given: str, secret: str) -> bool:
    """Headers may hold any byte; and no secret is never a secret that somebody knows."""
    return secret != "" and hmac.compare_digest(given.encode(errors="surrogatepass"), secret.encode())


class LogIn(Struct):
    username: str
    password: str


class Outcome(Struct):
    """What the page tells: `failed` or `locked` stand there without a value."""

    failed: str | None = None
    locked: str | None = None


@routes.post("/login")
@allow(None, body=LogIn)
async def log_in(request: web.Request) -> web.Response:
    """Form fields username and password; answers with a redirect: to the console, or back with ?failed or ?locked."""
    services = request.app[SERVICES]
    if request.content_type != "application/x-www-form-urlencoded":
        raise web.HTTPUnsupportedMediaType(text="body: expected a form, application/x-www-form-urlencoded")
    try:
        form = await request.post()
    except (LookupError, ValueError):  # a charset that nobody knows, bytes that are not of it
        raise web.HTTPBadRequest(text="body: expected a form in UTF-8") from None
    name, password = str(form.get("username", ""))[:80], str(form.get("password", ""))
    watched = (f"account {name}", f"address {address_of(request, services.behind_proxy)}")
    attempts = services.accounts.attempts
    if not await asyncio.to_thread(attempts.begin, watched, time.time()):
        raise web.HTTPSeeOther("/login?locked")  # not audited: it could be written full; the failures before it are there
    if not await asyncio.to_thread(services.accounts.check, name, password):
        await remember(request, "log in", name, outcome="failed", name="")
        raise web.HTTPSeeOther("/login?failed")
    await asyncio.to_thread(attempts.succeed, watched)
    await remember(request, "log in", name=name)
    answer = web.HTTPSeeOther("/")
    token = await asyncio.to_thread(services.accounts.open_session, name)
    answer.set_cookie(COOKIE, token, httponly=True, samesite="Strict", secure=request.secure or services.behind_proxy)
    raise answer


@routes.post("/logout")
@allow("viewer")
async def log_out(request: web.Request) -> web.Response:
    services = request.app[SERVICES]
    await remember(request, "log out")
    await asyncio.to_thread(services.accounts.close_session, request.cookies.get(COOKIE, ""))
    answer = web.HTTPSeeOther("/login")
    answer.del_cookie(COOKIE)
    raise answer


def address_of(request: web.Request, behind_proxy: bool) -> str:
    """Who asks: the peer, or, where a proxy near us is the peer, the last address in its X-Forwarded-For."""
    peer = request.remote or "unknown"
    if behind_proxy and _is_near(peer):
        named = ",".join(request.headers.getall("X-Forwarded-For", [])).rpartition(",")[2].strip()
        with suppress(ValueError):
            return str(ip_address(named))
    return peer


def _is_near(address: str) -> bool:
    with suppress(ValueError):
        return ip_address(address).is_private  # loopback is
    return False


def same_origin(request: web.Request) -> bool:
    """Browsers name the origin of every POST; software that names none is not a browser under someone else's control."""
    origin = request.headers.get("Origin")
    if origin is None:
        return request.headers.get("Sec-Fetch-Site", "none") in ("none", "same-origin")
    with suppress(ValueError):
        return urlsplit(origin).netloc == request.host
    return False


def _host_of(address: str) -> str:
    """Empty where the address reads like none, as in `[`."""
    with suppress(ValueError):
        return urlsplit(address).hostname or ""
    return ""
