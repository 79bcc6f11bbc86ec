"""The page's API as an OpenAPI 3.1 document, generated from what the routes declare; docs/openapi-device.json holds it, too."""

from collections.abc import Iterable
from typing import Any

from aiohttp import web

from edge_agent import __version__
from edge_agent.web.access import JSON, Access, access_of, allow, answer
from edge_agent.web.guard import COOKIE, CSRF, READS
from edge_agent.web.problems import CONTENT_TYPE, Problem
from event_contract.openapi import Json, named, placed, queried, schemas_of

ROUTES: web.AppKey[list[web.RouteDef]] = web.AppKey("routes", list)
_REASONS = {
    400: "Wrong question", 401: "Log in first", 403: "Not from there, or without the session's token", 404: "Not there",
    421: "Another host was asked for", 503: "Ask again later",
}  # fmt: skip
_OF_BODIES = {408: "It came too slowly", 409: "Not as things stand", 413: "Too long", 415: "Another type is expected"}
_FORM = "application/x-www-form-urlencoded"

routes = web.RouteTableDef()


@routes.get("/openapi.json")
@allow("technician", answer=dict[str, Any])
async def openapi(request: web.Request) -> web.Response:
    """This document."""
    told: list[web.RouteDef] = request.app[ROUTES]
    return answer(document(told))


def document(told: Iterable[web.RouteDef]) -> Json:
    """Only what has a declaration: see access.py."""
    declared = [(one, access) for one in told if (access := access_of(one.handler)) is not None]
    told_of = (kind for _, one in declared for kind in (one.body, one.answer) if kind is not None)
    of_kind, schemas = schemas_of([Problem, *told_of])
    paths: dict[str, Json] = {}
    for route, access in declared:
        path, inner = placed(route.path)
        paths.setdefault(path, {})[route.method.lower()] = _operation(route, access, inner, of_kind)
    problem = {CONTENT_TYPE: {"schema": of_kind[Problem]}}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Kerbwatch: the API of a device's own page",
            "version": __version__,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "security": [{"session": []}],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": schemas,
            "responses": {str(code): {"description": why, "content": problem} for code, why in (_REASONS | _OF_BODIES).items()},
            "securitySchemes": {
                "session": {"type": "apiKey", "in": "cookie", "name": COOKIE},
                "token": {"type": "apiKey", "in": "header", "name": CSRF, "description": "The session's own, see /api/v1/me"},
            },
        },
    }


def _operation(route: web.RouteDef, access: Access, inner: list[Json], of_kind: dict[Any, Json]) -> Json:
    refusals = {**_REASONS, **({} if route.method in READS else _OF_BODIES)}
    told: Json = {
        **named(route.handler),
        "x-whom": access.whom,
        "parameters": [*inner, *queried(access.query)],
        "responses": {
            **_success(route, access, of_kind),
            **{str(code): {"$ref": f"#/components/responses/{code}"} for code in refusals},
        },
    }
    if access.whom == "anyone":
        told["security"] = []
    elif route.method not in READS:
        told["security"] = [{"session": [], "token": []}]
    if access.body is not None:
        sort = _FORM if route.path == "/login" else JSON
        told["requestBody"] = {"required": True, "content": {sort: {"schema": of_kind[access.body]}}}
    return told


def _success(route: web.RouteDef, access: Access, of_kind: dict[Any, Json]) -> Json:
    if (route.method, route.path) == ("POST", "/login"):
        return {"303": {"description": "On to the page, or back with the reason in the query"}}
    schema = {} if access.answer is None else {"schema": of_kind[access.answer]}
    return {"200": {"description": "As asked", "content": {access.content: schema}}}
