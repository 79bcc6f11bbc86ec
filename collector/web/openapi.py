"""The HTTP API as an OpenAPI 3.1 document, generated from what the routes declare; docs/openapi.json holds it, too."""

import inspect
import re
from collections.abc import Iterable
from typing import Any

import msgspec
from aiohttp import web

from collector import __version__
from collector.web.access import JSON, Access, access_of, allow
from collector.web.answered import Document
from collector.web.api import answer
from collector.web.problems import CONTENT_TYPE, Problem

Json = dict[str, Any]
ROUTES: web.AppKey[list[web.RouteDef]] = web.AppKey("routes", list)
_PLACE = re.compile(r"{(\w+):?((?:[^{}]|{[^{}]*})*)}")  # {name:pattern} as aiohttp has it
_REF = "#/components/schemas/{name}"
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
    in_order = sorted(kinds, key=lambda kind: kind.__name__)
    schemas, definitions = msgspec.json.schema_components(in_order, ref_template=_REF)
    of_kind = dict(zip(in_order, schemas, strict=True))
    paths: dict[str, Json] = {}
    for route, access in declared:
        path, inner = _path(route.path)
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
            "schemas": {name: _tidied(one) for name, one in sorted(definitions.items())},
            "responses": {str(code): _refusal(why, of_kind[Problem]) for code, why in (_REASONS | _OF_BODIES).items()},
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "session": {"type": "apiKey", "in": "cookie", "name": "kerbwatch_session"},
            },
        },
    }


def _tidied(schema: Json) -> Json:
    """A docstring's indentation is Python's."""
    return {**schema, "description": inspect.cleandoc(schema["description"])} if "description" in schema else schema


def _path(path: str) -> tuple[str, list[Json]]:
    """aiohttp's path as OpenAPI writes it, and the parameters in it."""
    found = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "pattern": f"^{pattern or '[^/]+'}$"}}
        for name, pattern in _PLACE.findall(path)
    ]
    return _PLACE.sub(r"{\1}", path), found


def _operation(route: web.RouteDef, access: Access, inner: list[Json], of_kind: dict[type, Json]) -> Json:
    refusals = {**_REASONS, **(_OF_BODIES if route.method not in ("GET", "HEAD") else {})}
    if access.role is None:
        refusals = {code: why for code, why in refusals.items() if code not in (401, 404)}
    content = {access.content.partition(";")[0]: {"schema": of_kind.get(access.answer, {})}}
    told: Json = {
        "operationId": f"{route.handler.__module__.rpartition('.')[2]}.{route.handler.__name__}".rstrip("_"),
        "summary": inspect.cleandoc(route.handler.__doc__ or route.handler.__name__.replace("_", " ")).partition("\n\n")[0],
        "x-role": access.role,
        "parameters": [*inner, *_query(access)],
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


def _query(access: Access) -> list[Json]:
    _, inner = msgspec.json.schema_components([access.query], ref_template=_REF)
    required = inner[access.query.__name__].get("required", [])
    return [
        {"name": name, "in": "query", "required": name in required, "schema": _given(one)}
        for name, one in inner[access.query.__name__]["properties"].items()
    ]


def _given(schema: Json) -> Json:
    """A parameter that is left out is not null: nobody can write null in a query."""
    kinds = [one for one in schema.get("anyOf", [schema]) if one != {"type": "null"}]
    return {name: value for name, value in {**schema, **kinds[0]}.items() if name not in ("anyOf",) and value is not None}
