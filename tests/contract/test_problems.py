"""Of every route: a bad number, time, word or body is answered with a problem that names it. Made of what routes declare."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from aiohttp import web
from msgspec import json

from collector.web.openapi import document
from collector.web.problems import CONTENT_TYPE
from collector.web.server import LONGEST_BODY_BYTES, all_routes
from tests.unit.test_collector_access import UPLOAD, example
from tests.unit.test_collector_web import Site, run

BAD_NUMBERS = ("x", "-1", "1.5", "", "9" * 30)
BAD_TIMES = ("yesterday", "2026-03-02", "2026-03-02T07:00:00", "9999-99-99T00:00:00Z", "")
JSON, FORM = "application/json", "application/x-www-form-urlencoded"
NEEDED = {  # what a body must hold before its times are looked at
    "/api/v1/silences": {"device": "d", "reason": "r", "ends": "2999-01-01T00:00:00Z"},
    "/api/v1/tokens": {"name": "n", "role": "viewer"},
}


class Bad(NamedTuple):
    """What is asked, and what the answer is to name."""

    field: str
    query: dict[str, str] | None = None
    body: bytes | None = None
    sort: str = JSON
    status: int = 400


def bad_queries(told: Any) -> Iterator[Bad]:
    parameters = [one for one in told["parameters"] if one["in"] == "query"]
    needed = {one["name"]: "x" for one in parameters if one["required"]}
    for one in parameters:
        name, schema = one["name"], one["schema"]
        values = ("no such word",) if "enum" in schema else BAD_NUMBERS if schema.get("type") == "integer" else ()
        for value in (*values, *(BAD_TIMES if schema.get("format") == "date-time" else ()), "null"):
            yield Bad(name, {**needed, name: value})
    yield Bad("no_such_name", {**needed, "no_such_name": "1"})


def bad_bodies(route: web.RouteDef, told: Any, schemas: Any) -> Iterator[Bad]:
    if "requestBody" not in told:
        return
    [(sort, one)] = told["requestBody"]["content"].items()
    yield Bad("body", body=b"x" * (LONGEST_BODY_BYTES + 1), sort=sort, status=413)
    yield Bad("body", body=b"{}", sort="text/plain", status=415)
    if sort == FORM:
        return
    yield from (Bad("body", body=raw) for raw in (b"{", b"\xff", b"[]", b"1"))
    schema = schemas[one["schema"]["$ref"].rpartition("/")[2]]
    yield Bad("no_such_name", body=json.encode({**NEEDED.get(route.path, {}), "no_such_name": 1}))
    yield from (Bad(name, body=b"{}") for name in schema["required"][:1])
    for name, inner in schema["properties"].items():
        yield Bad(name, body=json.encode({name: {"wrong": "sort"}}))
        if "date-time" in str(inner):
            needed = NEEDED[route.path]
            yield from (Bad(name, body=json.encode({**needed, name: value})) for value in BAD_TIMES)


def test_whatever_is_bad_is_named(tmp_path: Path) -> None:
    asked = [(route, bad) for route in all_routes() for bad in bad_of(route)]
    assert len(asked) > 200

    async def scene(site: Site) -> None:
        wrong = []
        for route, bad in asked:
            headers = {**site.bearer, "Content-Type": bad.sort}
            where = site.url + example(route.path)
            async with site.http.request(route.method, where, params=bad.query, data=bad.body, headers=headers) as answer:
                problem = await answer.json() if answer.content_type == CONTENT_TYPE else {}
                if (answer.status, problem.get("field"), problem.get("status")) != (bad.status, bad.field, bad.status):
                    wrong.append(f"{route.method} {route.path} {bad}: {answer.status} {problem}")
        assert not wrong, "\n".join(wrong)

    run(tmp_path, scene)


def bad_of(route: web.RouteDef) -> Iterator[Bad]:
    whole = document([route])
    [[told]] = [methods.values() for methods in whole["paths"].values()]
    if (route.method, route.path) != UPLOAD:
        yield from bad_queries(told)
        yield from bad_bodies(route, told, whole["components"]["schemas"])
