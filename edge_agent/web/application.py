"""The web application: the page's files, its API, its log-in, and the headers that every answer carries."""

from collections import Counter
from pathlib import Path

from aiohttp import web
from msgspec import Struct

from edge_agent.web import api, live, login, openapi, scenes, service
from edge_agent.web.access import allow, demand_declarations
from edge_agent.web.guard import PUBLIC_FOLDER, guard
from edge_agent.web.openapi import ROUTES
from edge_agent.web.problems import ERRORS, problems
from edge_agent.web.services import SERVICES, Services

STATIC = Path(__file__).parent / "static"
FILES = {file.relative_to(STATIC).as_posix(): file for file in STATIC.rglob("*") if file.is_file()}
HTML = "text/html"
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
@allow("technician", content=HTML)
async def page(_request: web.Request) -> web.FileResponse:
    """The page."""
    return web.FileResponse(STATIC / "index.html", headers={"Cache-Control": "no-store"})


@routes.get("/login")
@allow("anyone", query=Outcome, content=HTML)
async def login_page(_request: web.Request) -> web.FileResponse:
    """Where a name and a password are asked for."""
    return web.FileResponse(STATIC / "login.html", headers={"Cache-Control": "no-store"})


@routes.get(f"{PUBLIC_FOLDER}{{name:.+}}")
@allow("anyone", content="*/*")
async def static(request: web.Request) -> web.FileResponse:
    """The program of the page, no data: one of the files that are there, and no other path leads anywhere."""
    file = FILES.get(request.match_info["name"])
    if file is None:
        raise web.HTTPNotFound
    return web.FileResponse(file)


def all_routes() -> list[web.RouteDef]:
    """Whatever is served."""
    parts = routes, login.routes, api.routes, live.routes, service.routes, scenes.routes, openapi.routes
    return [one for part in parts for one in part if isinstance(one, web.RouteDef)]


def application(services: Services) -> web.Application:
    app = web.Application(middlewares=[problems, guard], client_max_size=LONGEST_BODY_BYTES)
    app[SERVICES] = services
    app[ERRORS] = Counter()
    every = all_routes()
    demand_declarations(every)
    app.add_routes(every)
    app[ROUTES] = every
    app.on_response_prepare.append(harden)
    return app


async def harden(request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(HEADERS)
    response.headers.setdefault("Cache-Control", "no-cache" if request.path.startswith("/static/") else "no-store")
