"""What every route declares: which role it wants, what may be asked of it, what it answers. Who forgets it stops the start.

    @routes.get("/api/v1/alerts")
    @allow("viewer", query=AlertsAsked, answer=Alerts)
    async def alerts(request: web.Request) -> web.Response: ...
"""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

import msgspec
import msgspec.inspect
from aiohttp import web
from msgspec import Struct

from collector.core.roles import Role, Who
from event_contract.explain import validate
from event_contract.times import parse_time

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
H = TypeVar("H", bound=Callable[[web.Request], Awaitable[web.StreamResponse]])
JSON = "application/json"


class Nothing(Struct, forbid_unknown_fields=True):
    """No parameters."""


@dataclass(frozen=True, slots=True)
class Access:
    """`role` None: anybody, known or not. `query` and `body` are Structs; `answer` is a type, told as `content`.
    `takes`: the media type of a body that is no JSON."""

    role: Role | None
    query: type[Struct] = Nothing
    body: type[Struct] | None = None
    answer: Any = None
    content: str = JSON
    takes: str | None = None


class Undeclared(RuntimeError):
    """A route of which nobody said who may use it."""


WHO: web.RequestKey[Who | None] = web.RequestKey("who", Who)
ASKED: web.RequestKey[Any] = web.RequestKey("asked", Struct)  # the query, as the Struct that its route declares
_declared: dict[Any, Access] = {}


def allow(role: Role | None, **told: Any) -> Callable[[H], H]:
    """The fields of Access; stands below the decorator that names the path."""
    access = Access(role, **told)

    def declare(handler: H) -> H:
        _declared[handler] = access
        return handler

    return declare


def access_of(handler: Any) -> Access | None:
    return _declared.get(handler)


def demand_declarations(routes: Iterable[web.RouteDef]) -> None:
    """Raises Undeclared, naming all of them."""
    forgotten = [f"{one.method} {one.path}" for one in routes if access_of(one.handler) is None]
    if forgotten:
        raise Undeclared(f"no role declared for {', '.join(forgotten)}; put @allow(role) below the decorator with the path")


def asked(request: web.Request, kind: type[Struct]) -> Any:
    """The query as `kind`. Raises HTTPBadRequest, whose text begins with the name of the parameter."""
    known = {one.encode_name for one in msgspec.structs.fields(kind)}
    given = request.query
    for name in given:
        if name not in known:
            expected = f"expected one of {', '.join(sorted(known))}" if known else "none is taken here"
            raise web.HTTPBadRequest(text=f"{name[:40]}: unknown parameter; {expected}")
        if len(given.getall(name)) > 1:
            raise web.HTTPBadRequest(text=f"{name}: expected once, got {len(given.getall(name))} times")
        if given[name] == "null":  # which would be taken for nothing asked
            raise web.HTTPBadRequest(text=f"{name}: expected a value, got 'null'; leave it out instead")
    for name in given.keys() & _moments(kind):
        moment(name, given[name])
    try:
        return validate(dict(given), kind, strict=False)
    except ValueError as error:
        raise web.HTTPBadRequest(text=_with_choices(str(error), kind)) from None


def moment(name: str, text: str) -> float:
    """A time with its offset from a query, in Unix seconds. Raises HTTPBadRequest."""
    try:
        return parse_time(text.replace(" ", "+"))  # a plus sign that was not encoded
    except (ValueError, OverflowError):
        raise web.HTTPBadRequest(text=f"{name}: expected a time such as 2026-03-02T07:00:00Z, got {text[:40]!r}") from None


@cache
def _moments(kind: type[Struct]) -> frozenset[str]:
    """The parameters that are times."""
    _, inner = msgspec.json.schema_components([kind])
    return frozenset(name for name, one in inner[kind.__name__]["properties"].items() if "date-time" in str(one))


def _with_choices(text: str, kind: type[Struct]) -> str:
    """Of a word that is none of some, `expected` says which."""
    name, invalid, got = text.partition(": invalid enum value ")
    choices = next((one.type for one in msgspec.inspect.type_info(kind).fields if one.encode_name == name), None)  # type: ignore[attr-defined]
    while isinstance(choices, msgspec.inspect.Metadata):
        choices = choices.type
    if not invalid or not isinstance(choices, msgspec.inspect.LiteralType):
        return text
    return f"{name}: expected one of {', '.join(map(str, choices.values))}, got {got.partition(', got ')[2]}"
