"""The HTTP API as an OpenAPI 3.1 document, generated from what the routes declare; docs/openapi.json holds it, too."""

from collections.abc import Iterable

from aiohttp import web

from collector import __version__
from collector.web.access import JSON, Access, access_of, allow
from collector.web.answered import Document
from collector.web.api import answer
from collector.web.problems import CONTENT_TYPE, Problem
from event_contract.openapi import Json, named, placed, queried, schemas_of

ROUTES: web.AppKey[list[web.RouteDef]] = web.AppKey("routes", list)
_REASONS = {400: "Wrong question", 401: "Nobody we know", 403: "Not with this role", 404: "Not there", 503: "Ask again later"}
_OF_BODIES = {409: "Not as things stand", 413: "Too long", 415: "Another type is expected"}
_FORM = "application/x-www-form-urlencoded"

routes = web.RouteTableDef()


@routes.get("/openapi.json")
@allow("viewer", answer=Document)
async def openapi(request: web.Request) -> web.Response:
    """This document."""
    told: list[web.RouteDef] = request.app[ROUTES]
    return answer(document(told))


def document(told: Iterable[web.RouteDef]) -> Json:
    """Only what has a declaration: see access.py."""
    declared = [(one, access) for one in told if (access := access_of(one.handler)) is not None]
    kinds = {kind for _, one in declared for kind in (one.body, one.answer) if kind is not None} | {Problem}
    of_kind, schemas = schemas_of(kinds)
    paths: dict[str, Json] = {}
    for route, access in declared:
        path, inner = placed(route.path)
        paths.setdefault(path, {})[route.method.lower()] = _operation(route, access, inner, of_kind)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Kerbwatch: the collector's API",
            "version": __version__,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "security": [{"token": []}, {"session": []}],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": schemas,
            "responses": {str(code): _refusal(why, of_kind[Problem]) for code, why in (_REASONS | _OF_BODIES).items()},
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "session": {"type": "apiKey", "in": "cookie", "name": "kerbwatch_session"},
            },
        },
    }


def _operation(route: web.RouteDef, access: Access, inner: list[Json], of_kind: dict[type, Json]) -> Json:
    refusals = {**_REASONS, **(_OF_BODIES if route.method not in ("GET", "HEAD") else {})}
    if access.role is None:
        refusals = {code: why for code, why in refusals.items() if code not in (401, 404)}
    content = {access.content.partition(";")[0]: {"schema": of_kind.get(access.answer, {})}}
    told: Json = {
        **named(route.handler),
        "x-role": access.role,
        "parameters": [*inner, *queried(access.query)],
        "responses": {
            **_success(route, content),
            **{str(code): {"$ref": f"#/components/responses/{code}"} for code in refusals},
        },
    }
    if access.role is None:
        told["security"] = []
    if access.body is not None:
        sort = JSON if route.path != "/login" else _FORM
        told["requestBody"] = {"content": {sort: {"schema": of_kind[access.body]}}}
    if access.takes is not None:
        told["requestBody"] = {"required": True, "content": {access.takes: {"schema": {"type": "string", "format": "binary"}}}}
    return told


def _success(route: web.RouteDef, content: Json) -> Json:
    if route.path in ("/login", "/logout") and route.method == "POST":
        return {"303": {"description": "On to another page"}}
    if route.path == "/api/v1/alerts/ws":
        return {"101": {"description": "A WebSocket"}}
    return {"200": {"description": "As asked", "content": content}}


def _refusal(why: str, problem: Json) -> Json:
    return {"description": why, "content": {CONTENT_TYPE: {"schema": problem}}}
