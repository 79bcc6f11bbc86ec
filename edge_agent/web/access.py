"""What every route of the page declares: who may ask, and with what. Who forgets it stops the start.

    @routes.get("/api/v1/overview")
    @allow("technician", answer=Overview)
    async def overview(request: web.Request) -> web.Response: ...
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import msgspec
from aiohttp import web
from msgspec import Struct

from event_contract.explain import validate

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
H = TypeVar("H", bound=Handler)
Whom = Literal["anyone", "technician"]
T = TypeVar("T")
JSON = "application/json"
BODY_S = 10.0


class Nothing(Struct, forbid_unknown_fields=True):
    """No parameters."""


@dataclass(frozen=True, slots=True)
class Access:
    """`query` and `body` are Structs; `answer` is a type, told as `content`. `changes`: what is asked by anything but GET is
    written down."""

    whom: Whom
    query: type[Struct] = Nothing
    body: type[Struct] | None = None
    answer: Any = None
    content: str = JSON
    changes: bool = True


class Undeclared(RuntimeError):
    """A route of which nobody said who may use it."""


_declared: dict[Any, Access] = {}


def allow(whom: Whom, **told: Any) -> Callable[[H], H]:
    """The fields of Access; stands below the decorator that names the path."""

    def declare(handler: H) -> H:
        _declared[handler] = Access(whom, **told)
        return handler

    return declare


def access_of(handler: Any) -> Access | None:
    return _declared.get(handler)


def demand_declarations(routes: Iterable[web.RouteDef]) -> None:
    """Raises Undeclared, naming all of them."""
    forgotten = [f"{one.method} {one.path}" for one in routes if access_of(one.handler) is None]
    if forgotten:
        raise Undeclared(f"nobody declared for {', '.join(forgotten)}; put @allow(whom) below the decorator with the path")


def asked(request: web.Request, kind: type[Struct]) -> Any:
    """The query as `kind`. Raises HTTPBadRequest, whose text begins with the name of the parameter."""
    known = {one.encode_name for one in msgspec.structs.fields(kind)}
    for name in request.query:
        if name not in known:
            expected = f"expected one of {', '.join(sorted(known))}" if known else "none is taken here"
            raise web.HTTPBadRequest(text=f"{name[:40]}: unknown parameter; {expected}")
        if len(request.query.getall(name)) > 1:
            raise web.HTTPBadRequest(text=f"{name}: expected once, got {len(request.query.getall(name))} times")
    try:
        return validate(dict(request.query), kind, strict=False)
    except ValueError as error:
        raise web.HTTPBadRequest(text=str(error)) from None


async def given(request: web.Request, kind: type[Struct]) -> Any:
    """The JSON body as `kind`. Raises HTTPBadRequest, HTTPRequestTimeout, HTTPUnsupportedMediaType."""
    if request.content_type != JSON:
        raise web.HTTPUnsupportedMediaType(text="body: expected JSON, application/json")
    content = await in_time(request.read())
    try:
        return validate(msgspec.json.decode(content), kind)
    except (ValueError, RecursionError) as error:
        raise web.HTTPBadRequest(text=str(error) or "body: expected JSON") from None


async def in_time(reading: Awaitable[T]) -> T:
    """What reads a body. Raises HTTPRequestTimeout when it trickles."""
    try:
        return await asyncio.wait_for(reading, BODY_S)
    except TimeoutError:
        raise web.HTTPRequestTimeout(text=f"body: expected all of it within {BODY_S:g} s") from None


def answer(told: Any) -> web.Response:
    return web.Response(body=msgspec.json.encode(told), content_type=JSON)
