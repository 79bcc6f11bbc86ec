"""A plan as the text of a simulation.toml: what parse_plan reads back. The standard library only reads TOML."""

import json
from typing import Any

import msgspec

from edge_agent.simulation.plan import Simulation


def to_toml(plan: Simulation) -> str:
    """Keys with their default are left out."""
    document = _told(plan)
    lines = [f"{key} = {_value(value)}" for key, value in document.items() if not _is_tables(value)]
    for key, tables in document.items():
        if _is_tables(tables):
            for table in tables:
                lines += ["", f"[[{key}]]", *(f"{name} = {_value(value)}" for name, value in table.items())]
    return "\n".join(lines) + "\n"


def _told(value: Any) -> Any:
    """Structs as tables, without what is at its default."""
    if isinstance(value, msgspec.Struct):
        table = {}
        if tag := value.__struct_config__.tag:
            table["kind"] = tag
        for info in msgspec.structs.fields(value):
            own = getattr(value, info.name)
            usual = info.default if info.default_factory is msgspec.NODEFAULT else info.default_factory()
            if own != usual and own is not None:
                table[info.name] = _told(own)
        return table
    if isinstance(value, tuple | list):
        return [_told(one) for one in value]
    return dict(value) if isinstance(value, dict) else value


def _is_tables(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)


def _value(value: Any) -> str:
    """Strings, booleans and numbers are written in TOML as in JSON."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(str(key))} = {_value(one)}" for key, one in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, value)) + "]"
    return json.dumps(value, ensure_ascii=False)
