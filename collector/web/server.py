"""The web application: API, console, log-in, and the headers that every answer carries."""

from pathlib import Path

from aiohttp import web

from collector.store.opening import StoreUnavailable
from collector.web import alert_streams, api, feeds, login, metrics, open_data
from collector.web.services import SERVICES, Services

STATIC = Path(__file__).parent / "static"
LONGEST_BODY_BYTES = 16 * 1024

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; font-src 'self';"
        " media-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # with no-referrer a browser sends Origin: null with its own forms
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}

routes = web.RouteTableDef()


@routes.get("/")
async def console(_request: web.Request) -> web.FileResponse:
    return web.FileResponse(STATIC / "index.html", headers={"Cache-Control": "no-store"})


@routes.get("/login")
async def login_page(_request: web.Request) -> web.FileResponse:
    return web.FileResponse(STATIC / "login.html", headers={"Cache-Control": "no-store"})


@web.middleware
async def tell_of_store(request: web.Request, handler: login.Handler) -> web.StreamResponse:
    """A database that is away is no fault of the request: it may be asked again."""
    try:
        return await handler(request)
    except StoreUnavailable as error:
        raise web.HTTPServiceUnavailable(text=str(error), headers={"Retry-After": "5"}) from error


def application(services: Services) -> web.Application:
    app = web.Application(middlewares=[tell_of_store, login.guard], client_max_size=LONGEST_BODY_BYTES)
    app[SERVICES] = services
    app[login.ATTEMPTS] = login.Attempts()
    for part in (api.routes, alert_streams.routes, feeds.routes, open_data.routes, login.routes, metrics.routes, routes):
        app.add_routes(part)
    app.router.add_static("/static/", STATIC)
    app.on_response_prepare.append(_harden)
    return app


async def _harden(request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(HEADERS)
    if request.path.startswith("/api/"):
        response.headers.setdefault("Cache-Control", "no-store")
    elif request.path.startswith("/static/"):
        response.headers.setdefault("Cache-Control", "no-cache")
