"""Parts of an OpenAPI 3.1 document that types and paths tell by themselves, alike for the device's page and the collector."""

import inspect
import re
from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec import Struct

Json = dict[str, Any]
_PLACE = re.compile(r"{(\w+):?((?:[^{}]|{[^{}]*})*)}")  # {name:pattern} as aiohttp has it
_REF = "#/components/schemas/{name}"


def schemas_of(kinds: Iterable[Any]) -> tuple[dict[Any, Json], Json]:
    """What stands for each type in an operation, and what stands once under `components.schemas`."""
    in_order = sorted(set(kinds), key=lambda kind: kind.__name__)
    schemas, definitions = msgspec.json.schema_components(in_order, ref_template=_REF)
    return dict(zip(in_order, schemas, strict=True)), {name: _tidied(one) for name, one in sorted(definitions.items())}


def placed(path: str) -> tuple[str, list[Json]]:
    """aiohttp's path as OpenAPI writes it, and the parameters in it."""
    found = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "pattern": f"^{pattern or '[^/]+'}$"}}
        for name, pattern in _PLACE.findall(path)
    ]
    return _PLACE.sub(r"{\1}", path), found


def queried(kind: type[Struct]) -> list[Json]:
    """The fields of `kind` as parameters of the query."""
    _, inner = msgspec.json.schema_components([kind], ref_template=_REF)
    required = inner[kind.__name__].get("required", [])
    return [
        {"name": name, "in": "query", "required": name in required, "schema": _given(one)}
        for name, one in inner[kind.__name__]["properties"].items()
    ]


def named(handler: Any) -> Json:
    """`operationId` and `summary` of who answers: his module and name, and the first paragraph of his docstring."""
    return {
        "operationId": f"{handler.__module__.rpartition('.')[2]}.{handler.__name__}".rstrip("_"),
        "summary": inspect.cleandoc(handler.__doc__ or handler.__name__.replace("_", " ")).partition("\n\n")[0],
    }


def _tidied(schema: Json) -> Json:
    """A docstring's indentation is Python's."""
    return {**schema, "description": inspect.cleandoc(schema["description"])} if "description" in schema else schema


def _given(schema: Json) -> Json:
    """A parameter that is left out is not null: nobody can write null in a query."""
    kinds = [one for one in schema.get("anyOf", [schema]) if one != {"type": "null"}]
    return {name: value for name, value in {**schema, **kinds[0]}.items() if name not in ("anyOf",) and value is not None}
