"""Who may pass: a browser with a session, software with a bearer token; nobody else, except to the public paths."""

import asyncio
import hmac
import time
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from ipaddress import ip_address
from urllib.parse import urlsplit

from aiohttp import web

from collector.web.services import SERVICES, Services

COOKIE = "kerbwatch_session"
PUBLIC = frozenset({"/healthz", "/login"})
PUBLIC_FOLDER = "/static/"  # the program of the console, no data
FAILURES_ALLOWED = 5
FAILURES_WITHIN_S = 15 * 60.0
NAMES_WATCHED = 10_000

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
routes = web.RouteTableDef()


class Attempts:
    """Failed log-ins by account and by address: after 5 within 15 minutes both are locked until they are past."""

    def __init__(self) -> None:
        self._failures: dict[str, deque[float]] = {}

    def locked(self, names: tuple[str, ...], now: float) -> bool:
        return any(len(self._recent(name, now)) >= FAILURES_ALLOWED for name in names)

    def fail(self, names: tuple[str, ...], now: float) -> None:
        for name in names:
            recent = self._recent(name, now)
            recent.append(now)
            self._failures.pop(name, None)
            self._failures[name] = recent
        while len(self._failures) > NAMES_WATCHED:
            self._failures.pop(next(iter(self._failures)))

    def forget(self, names: tuple[str, ...]) -> None:
        for name in names:
            self._failures.pop(name, None)

    def _recent(self, name: str, now: float) -> deque[float]:
        return deque((at for at in self._failures.get(name, ()) if now - at < FAILURES_WITHIN_S), FAILURES_ALLOWED)


ATTEMPTS = web.AppKey("attempts", Attempts)


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse foreign host names (DNS rebinding), foreign origins (CSRF) and strangers."""
    services = request.app[SERVICES]
    host = _host_of(f"//{request.host}")
    if host not in services.allowed_hosts:
        raise web.HTTPMisdirectedRequest(text=f"host {host[:80]!r} is not served here; see http.allowed_hosts")
    if request.method not in ("GET", "HEAD") and not same_origin(request):
        raise web.HTTPForbidden(text="a request from another origin")
    if request.path in PUBLIC or request.path.startswith(PUBLIC_FOLDER) or await authenticated(request, services):
        return await handler(request)
    if request.path.startswith("/api/") or "text/html" not in request.headers.get("Accept", ""):
        raise web.HTTPUnauthorized(text="log in, or send Authorization: Bearer <token>", headers={"WWW-Authenticate": "Bearer"})
    raise web.HTTPSeeOther("/login")


async def authenticated(request: web.Request, services: Services) -> bool:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return _is_secret(token.strip(), services.api_token)
    session = request.cookies.get(COOKIE)
    return session is not None and await asyncio.to_thread(services.accounts.user_of, session) is not None


def _is_secret(given: str, secret: str) -> bool:
    """Headers may hold any byte; and no secret is never a secret that somebody knows."""
    return secret != "" and hmac.compare_digest(given.encode(errors="surrogatepass"), secret.encode())


@routes.post("/login")
async def log_in(request: web.Request) -> web.Response:
    """Form fields username and password; answers with a redirect: to the console, or back with ?failed or ?locked."""
    services, attempts = request.app[SERVICES], request.app[ATTEMPTS]
    if request.content_type != "application/x-www-form-urlencoded":
        raise web.HTTPUnsupportedMediaType(text="expected a form: application/x-www-form-urlencoded")
    try:
        form = await request.post()
    except (LookupError, ValueError):  # a charset that nobody knows, bytes that are not of it
        raise web.HTTPBadRequest(text="the form cannot be read; expected UTF-8") from None
    name, password = str(form.get("username", ""))[:80], str(form.get("password", ""))
    watched = (f"account {name}", f"address {address_of(request, services.behind_proxy)}")
    if attempts.locked(watched, time.monotonic()):
        raise web.HTTPSeeOther("/login?locked")
    attempts.fail(watched, time.monotonic())  # counted before the check, or many at once would slip through
    if not await asyncio.to_thread(services.accounts.check, name, password):
        raise web.HTTPSeeOther("/login?failed")
    attempts.forget(watched)
    answer = web.HTTPSeeOther("/")
    token = await asyncio.to_thread(services.accounts.open_session, name)
    answer.set_cookie(COOKIE, token, httponly=True, samesite="Strict", secure=request.secure or services.behind_proxy)
    raise answer


@routes.post("/logout")
async def log_out(request: web.Request) -> web.Response:
    services = request.app[SERVICES]
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
