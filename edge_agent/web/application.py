"""The web application: the page's files, its API, its log-in, and the headers that every answer carries."""

from collections import Counter
from pathlib import Path

from aiohttp import web
from msgspec import Struct

from edge_agent.web import api, live, login, scenes, service
from edge_agent.web.access import allow, demand_declarations
from edge_agent.web.guard import PUBLIC_FOLDER, guard
from edge_agent.web.problems import ERRORS, problems
from edge_agent.web.services import SERVICES, Services

STATIC = Path(__file__).parent / "static"
LONGEST_BODY_BYTES = 256 * 1024  # a scene with many lanes
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self';"
        " base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # with no-referrer a browser sends Origin: null with its own forms
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}

routes = web.RouteTableDef()


class Outcome(Struct, forbid_unknown_fields=True):
    """What the log-in page tells: one of these stands there without a value."""

    failed: str | None = None
    locked: str | None = None
    nobody: str | None = None


@routes.get("/")
@allow("technician")
async def page(_request: web.Request) -> web.FileResponse:
    return web.FileResponse(STATIC / "index.html", headers={"Cache-Control": "no-store"})


@routes.get("/login")
@allow("anyone", query=Outcome)
async def login_page(_request: web.Request) -> web.FileResponse:
    return web.FileResponse(STATIC / "login.html", headers={"Cache-Control": "no-store"})


def all_routes() -> list[web.RouteDef]:
    """Whatever is served, but for the files of the page."""
    parts = routes, login.routes, api.routes, live.routes, service.routes, scenes.routes
    return [one for part in parts for one in part if isinstance(one, web.RouteDef)]


def application(services: Services) -> web.Application:
    app = web.Application(middlewares=[problems, guard], client_max_size=LONGEST_BODY_BYTES)
    app[SERVICES] = services
    app[ERRORS] = Counter()
    every = all_routes()
    demand_declarations(every)
    app.add_routes(every)
    app.router.add_static(PUBLIC_FOLDER, STATIC)
    app.on_response_prepare.append(harden)
    return app


async def harden(request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(HEADERS)
    response.headers.setdefault("Cache-Control", "no-cache" if request.path.startswith("/static/") else "no-store")
