"""Who may pass: somebody on the local network, who calls the device by its name or address, with a session.

What changes something wants the session's own token in a header, which no other site can know or send.
"""

import asyncio
import hmac
import time
from collections.abc import Mapping
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import urlsplit

from aiohttp import web

from edge_agent.web.access import Access, Handler, access_of, asked
from edge_agent.web.audit import Entry
from edge_agent.web.services import ASKED, SERVICES, SESSION, Services
from edge_agent.web.sessions import Session
from event_contract.times import format_time

COOKIE = "__Host-kerbwatch"
CSRF = "X-CSRF-Token"
POLL = "X-Poll"  # the page asks by itself: nobody is there for that
PUBLIC_FOLDER = "/static/"  # the program of the page, no data
READS = ("GET", "HEAD")


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    services = request.app[SERVICES]
    if not is_near(request.remote or ""):
        raise web.HTTPForbidden(text="only the local network is served")
    if not _is_ours(request, services):
        raise web.HTTPMisdirectedRequest(text="this host name is not served here; see web.names in the configuration")
    if request.method not in READS and not same_origin(request):
        raise web.HTTPForbidden(text="a request from another origin")
    session = request[SESSION] = await known(request, services)
    if session is None and not services.door.serves_stranger(request.remote or ""):
        raise web.HTTPTooManyRequests(text="log in, or ask less often", headers={"Retry-After": "5"})
    access = _wanted(request)
    if access.whom != "anyone":
        if session is None:
            raise _stranger(request)
        if request.method not in READS and not _is_secret(request.headers.get(CSRF, ""), session.csrf):
            await remember(request, _operation(request), outcome="refused", detail="without the session's token")
            raise web.HTTPForbidden(text=f"{CSRF}: expected the token of this session; see /api/v1/me")
    if access_of(request.match_info.handler) is not None:
        request[ASKED] = asked(request, access.query)
    try:
        response = await handler(request)
    except web.HTTPException as error:
        await _record(request, access, error.status)
        raise
    await _record(request, access, response.status)
    return response


async def _record(request: web.Request, access: Access, status: int) -> None:
    """What was to change something."""
    if request.method not in READS and access.whom != "anyone" and access.changes:
        await remember(request, _operation(request), outcome="ok" if status < 400 else "refused")


async def known(request: web.Request, services: Services, *, use: bool | None = None) -> Session | None:
    """Whose session it is; None for a stranger, when it is over, and when the password was changed since."""
    use = POLL not in request.headers if use is None else use
    session = services.sessions.find(request.cookies.get(COOKIE, ""), time.monotonic(), use=use)
    if session is None:
        return None
    if await asyncio.to_thread(services.accounts.mark, session.name) != session.mark:
        services.sessions.close(request.cookies.get(COOKIE, ""))
        return None
    return session


def who(request: web.Request) -> Session:
    """For the handlers of routes that want a technician."""
    session = request[SESSION]
    assert session is not None  # noqa: S101 - or the guard would not have let it come so far
    return session


async def remember(
    request: web.Request, action: str, *, outcome: str = "ok", detail: str = "", name: str | None = None
) -> None:
    """An entry of the audit log: `name`, or who asks, did it."""
    doer = who(request).name if name is None else name
    entry = Entry(format_time(time.time()), doer, action, outcome, request.remote or "", detail)
    await asyncio.to_thread(request.app[SERVICES].audit.write, entry)


def is_near(address: str) -> bool:
    """On this machine or its local network. No routable address is: not of IPv6 either."""
    with suppress(ValueError):
        parsed = _unmapped(ip_address(address.partition("%")[0]))
        return parsed.is_loopback or parsed.is_link_local or parsed.is_private
    return False


def same_origin(request: web.Request) -> bool:
    """Browsers name the origin of every POST; software that names none is not a browser under someone else's control."""
    return origin_is(request.headers, request.host)


def origin_is(headers: Mapping[str, str], host: str) -> bool:
    origin = headers.get("Origin")
    if origin is None:
        return headers.get("Sec-Fetch-Site", "none") in ("none", "same-origin")
    with suppress(ValueError):
        return urlsplit(origin).scheme == "https" and urlsplit(origin).netloc == host
    return False


def _is_ours(request: web.Request, services: Services) -> bool:
    """A name of ours, or the very address that was connected to: a foreign name that leads here (DNS rebinding) is neither."""
    host = ""
    with suppress(ValueError):
        host = (urlsplit(f"//{request.host}").hostname or "").rstrip(".")
    if host in services.names:
        return True
    local: tuple[str, int] = (request.transport and request.transport.get_extra_info("sockname")) or ("", 0)
    with suppress(ValueError):
        return _address(host) == _address(local[0])
    return False


def _address(text: str) -> IPv4Address | IPv6Address:
    return _unmapped(ip_address(text.partition("%")[0]))


def _unmapped(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    return getattr(address, "ipv4_mapped", None) or address


def _wanted(request: web.Request) -> Access:
    """What the route declares; paths that do not exist are nobody's business but a technician's."""
    return access_of(request.match_info.handler) or Access("technician")


def _operation(request: web.Request) -> str:
    resource = request.match_info.route.resource
    return f"{request.method} {resource.canonical if resource else '?'}"


def _stranger(request: web.Request) -> web.HTTPException:
    if request.path.startswith("/api/") or "text/html" not in request.headers.get("Accept", ""):
        return web.HTTPUnauthorized(text="log in at /login")
    return web.HTTPSeeOther("/login")


def _is_secret(given: str, secret: str) -> bool:
    return hmac.compare_digest(given.encode(errors="surrogatepass"), secret.encode())
