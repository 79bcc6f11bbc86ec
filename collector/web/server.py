"""The web application: API, console, log-in, and the headers that every answer carries."""

from collections import Counter
from pathlib import Path

from aiohttp import web

from collector.web import (
    alert_actions,
    alert_streams,
    api,
    auditing,
    devices,
    evidence,
    exercises,
    feeds,
    gaps,
    ground,
    login,
    me,
    metrics,
    open_data,
    openapi,
    roads,
    scorecard,
    silences,
    subscriptions,
    tokens,
    users,
)
from collector.web.access import Handler, allow, demand_declarations
from collector.web.problems import ERRORS, problems
from collector.web.services import SERVICES, Services

STATIC = Path(__file__).parent / "static"
LONGEST_BODY_BYTES = 16 * 1024

PARTS = tuple(
    part.routes
    for part in (
        *(api, alert_streams, exercises, evidence, alert_actions, auditing, feeds, open_data, openapi, login, metrics),
        *(scorecard, silences, subscriptions, roads, devices, users, me, tokens, ground, gaps),
    )
)
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
@allow("viewer", content="text/html")
async def console(_request: web.Request) -> web.FileResponse:
    return web.FileResponse(STATIC / "index.html", headers={"Cache-Control": "no-store"})


@routes.get("/login")
@allow(None, query=login.Outcome, content="text/html")
async def login_page(_request: web.Request) -> web.FileResponse:
    return web.FileResponse(STATIC / "login.html", headers={"Cache-Control": "no-store"})


def all_routes() -> list[web.RouteDef]:
    """Whatever is served, but for the files of the console."""
    return [one for part in (*PARTS, routes) for one in part if isinstance(one, web.RouteDef)]


def application(services: Services) -> web.Application:
    app = web.Application(middlewares=[problems, login.guard], client_max_size=LONGEST_BODY_BYTES)
    app[SERVICES] = services
    app[ERRORS] = Counter()
    app[feeds.PAGES] = {}
    app[openapi.ROUTES] = every = all_routes()
    demand_declarations(every)
    app.add_routes(every)
    app.router.add_get("/static/{name:.+}", _files_of(STATIC))
    app.on_response_prepare.append(harden)
    return app


def _files_of(folder: Path) -> Handler:
    """Those that are there now, and no other path is ever looked for."""
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}

    async def file(request: web.Request) -> web.StreamResponse:
        if (path := files.get(request.match_info["name"])) is None:
            raise web.HTTPNotFound
        return web.FileResponse(path)

    return file


async def harden(request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(HEADERS)
    if tiles := request.app[SERVICES].map.tile_origin:
        policy = HEADERS["Content-Security-Policy"].replace("img-src 'self'", f"img-src 'self' {tiles}")
        response.headers["Content-Security-Policy"] = policy
    if request.path.startswith("/api/"):
        response.headers.setdefault("Cache-Control", "no-store")
    elif request.path.startswith("/static/"):
        response.headers.setdefault("Cache-Control", "no-cache")
