#!/usr/bin/env python3
"""Writes the tables of docs/configuration.md, scene.md and simulation.md anew, from the Structs that read these files.

Types, limits and defaults come from the Structs, the words from scripts/doc_words.toml. A table stands between two comments,
`table: NAME` and `/table`; what is outside is written by hand. Run it after a change; a test fails when a table is stale.
"""

import re
import sys
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, get_args

import msgspec
from msgspec import Struct
from msgspec import inspect as types

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from collector import config as collector_config  # noqa: E402
from edge_agent import config as agent_config  # noqa: E402
from edge_agent.core import scene_format  # noqa: E402
from edge_agent.core.incidents.rule import KindRule, Rule  # noqa: E402
from edge_agent.core.incidents.rules import Rules  # noqa: E402
from edge_agent.simulation import plan as simulation_plan  # noqa: E402
from edge_agent.simulation import script  # noqa: E402
from event_contract.kinds import INCIDENT_KINDS  # noqa: E402

PAGES = tuple(ROOT / "docs" / f"{name}.md" for name in ("configuration", "scene", "simulation"))
WORDS = ROOT / "scripts" / "doc_words.toml"
TABLE = re.compile(r"(?P<begin><!-- table: (?P<name>[\w.]+) -->\n).*?(?P<end><!-- /table -->)", re.DOTALL)
FILES: dict[str, type[Struct]] = {
    "site": agent_config.AgentConfig,
    "collector": collector_config.Config,
    "scene": scene_format.SceneFile,
    "simulation": simulation_plan.Simulation,
}
STAGED: tuple[type[Struct], ...] = get_args(script.Staged)
STAGED_ALL = ("at_s", "every_s")  # keys of everything that is staged


class Undocumented(Exception):
    """A key without words, or words without a key."""


def fill(text: str) -> str:
    """The page with every table as the code says today. Raises Undocumented."""
    return TABLE.sub(lambda found: f"{found['begin']}{table(found['name'])}\n{found['end']}", text)


def table(name: str) -> str:
    if name in (special := {"kinds": kinds_table, "script.kinds": staged_table, "script.keys": staged_keys_table}):
        return special[name]()
    return struct_table(structs()[name], words().get(name, {}), name)


def structs() -> dict[str, type[Struct]]:
    """`site.CameraConfig` -> the Struct, for all that a file may hold; `rules.Rule` is what the rules have in common.
    What is staged has two tables for all its Structs."""
    found = {f"{file}.{cls.__name__}": cls for file, root in FILES.items() for cls in reachable(root) if cls not in STAGED}
    return {**found, "rules.Rule": Rule}


def reachable(root: type[Struct]) -> list[type[Struct]]:
    """The Struct and those in its fields, each once, in the order of their first mention."""
    found = [root]
    for cls in found:
        for field in struct_type(cls).fields:
            found += [inner for inner in structs_in(field.type) if inner not in found]
    return found


def structs_in(kind: types.Type) -> list[type[Struct]]:
    match kind:
        case types.StructType(cls=cls):
            return [cls]
        case types.UnionType(types=several):
            return [cls for one in several for cls in structs_in(one)]
        case types.VarTupleType(item_type=item):
            return structs_in(item)
    return []


def struct_type(cls: type[Struct]) -> types.StructType:
    described = types.type_info(cls)
    assert isinstance(described, types.StructType)
    return described


def struct_table(cls: type[Struct], meanings: dict[str, str], name: str) -> str:
    """One row per key. A rule's table leaves out what all rules have in common."""
    common = Rule.__struct_fields__ if issubclass(cls, KindRule) and cls is not Rule else ()
    fields = [field for field in struct_type(cls).fields if field.name not in common]
    rows = [(field.encode_name, type_words(field.type), default_words(field)) for field in fields]
    if isinstance(tag := cls.__struct_config__.tag, str):
        rows.insert(0, (str(cls.__struct_config__.tag_field), f'`"{tag}"`', "required"))
    agree(name, {key for key, *_ in rows}, meanings)
    return markdown(("key", "type", "default", "meaning"), ((f"`{row[0]}`", *row[1:], meanings[row[0]]) for row in rows))


def agree(name: str, keys: set[str], meanings: dict[str, str]) -> None:
    """Raises Undocumented when a key has no words, or words have no key."""
    if odd := keys ^ set(meanings):
        raise Undocumented(f"{WORDS.name}: [{name}]: only in the code, or only there: {', '.join(sorted(odd))}")


def staged_table() -> str:
    """What can be staged: its own keys beside those that all have, with their defaults."""
    said, kinds = words()["script.kinds"], {str(cls.__struct_config__.tag): cls for cls in STAGED}
    agree("script.kinds", set(kinds), said)
    rows = []
    for kind, cls in kinds.items():
        own = [field for field in struct_type(cls).fields if field.name not in STAGED_ALL]
        keys = (f"`{field.name}`" + ("" if field.required else f" ({default_words(field)})") for field in own)
        rows.append((f"`{kind}`", said[kind], ", ".join(keys)))
    return markdown(("kind", "what happens", "its keys (default)"), rows)


def staged_keys_table() -> str:
    """Every key of what can be staged; a key means the same wherever it stands."""
    said, kinds = words()["script.keys"], dict.fromkeys(STAGED_ALL, "")
    for field in (field for cls in STAGED for field in struct_type(cls).fields):
        before, kinds[field.name] = kinds.get(field.name), type_words(field.type)
        if before and before != kinds[field.name]:
            raise Undocumented(f"script: {field.name}: {before} here, {kinds[field.name]} there; one key is of one type")
    agree("script.keys", set(kinds), said)
    return markdown(("key", "type", "meaning"), ((f"`{key}`", kind, said[key]) for key, kind in kinds.items()))


def kinds_table() -> str:
    """The rules that there are, with the names that operators read."""
    kinds = ((kind, INCIDENT_KINDS[kind]) for kind in Rules.__struct_fields__)
    rows = ((f"[`{kind}`](#{kind})", said.severity, said.en, said.vi) for kind, said in kinds)
    return markdown(("rule", "severity", "English", "Vietnamese"), rows)


def type_words(kind: types.Type) -> str:
    match kind:
        case types.BoolType():
            return "true or false"
        case types.IntType() | types.FloatType():
            return ("whole number" if isinstance(kind, types.IntType) else "number") + limits(kind)
        case types.StrType(pattern=str(pattern)):
            return f"name `{pattern}`"
        case types.StrType():
            return "text"
        case types.LiteralType(values=values):
            return " or ".join(f"`{value}`" for value in values)
        case types.UnionType(types=several):
            return " or ".join(dict.fromkeys(type_words(one) for one in several if not isinstance(one, types.NoneType)))
        case types.VarTupleType(item_type=types.StrType()):
            return f"list of text{length(kind)}"
        case types.VarTupleType(item_type=types.LiteralType() as item):
            return f"list of {type_words(item)}{length(kind)}"
        case types.VarTupleType(item_type=item):
            each = type_words(item)
            return f"list of {f'[{each}]' if each[0].isdigit() else f'{each}s'}{length(kind)}"
        case types.TupleType(item_types=(types.FloatType(ge=0, le=1), types.FloatType(ge=0, le=1))):
            return "point"
        case types.TupleType(item_types=(types.IntType() | types.FloatType() as one, *rest)) if rest == [one] * len(rest):
            return f"{1 + len(rest)} {type_words(one).replace('number', 'numbers', 1)}"
        case types.TupleType(item_types=items):
            return f"[{', '.join(type_words(item) for item in items)}]"
        case types.DictType(value_type=value):
            return f"class: {type_words(value)}"
        case types.StructType():
            return "table"
    raise TypeError(f"no words for {kind}")


def limits(kind: types.IntType | types.FloatType) -> str:
    if kind.ge is not None and kind.le is not None:
        return f" {figure(kind.ge)} to {figure(kind.le)}"
    signs = {"ge": ">=", "gt": ">", "le": "<=", "lt": "<"}
    said = [f"{sign} {figure(getattr(kind, name))}" for name, sign in signs.items() if getattr(kind, name) is not None]
    return f" {', '.join(said)}" if said else ""


def length(kind: types.VarTupleType) -> str:
    match kind.min_length, kind.max_length:
        case int(least), int(most):
            return f", {least} to {most}"
        case int(least), None:
            return f", at least {least}"
        case None, int(most):
            return f", at most {most}"
    return ""


def default_words(field: types.Field) -> str:
    if field.required:
        return "required"
    if field.default_factory is not msgspec.NODEFAULT:
        return "its defaults" if isinstance(field.type, types.StructType) else "empty"
    match field.default:
        case None:
            return "none"
        case ():
            return "empty"
        case bool():
            return str(field.default).lower()
        case "":
            return "empty"
        case Struct():
            inner = (f'{key} = "{value}"' for key, value in msgspec.structs.asdict(field.default).items())
            return f"`{{ {', '.join(inner)} }}`"
        case tuple():
            return f"`{list(field.default)}`".replace("'", '"')
        case str():
            return f'`"{field.default}"`'
    return figure(field.default)


def figure(value: float) -> str:
    """10, 0.3, 1883, 256_000_000."""
    return f"{value:_}" if isinstance(value, int) and value >= 100_000 else f"{value:g}"


def markdown(head: tuple[str, ...], rows: Iterable[Iterable[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def words() -> dict[str, Any]:
    """`{"site.CameraConfig": {key: meaning}}`."""
    return {
        f"{file}.{struct}": meanings
        for file, of_file in tomllib.loads(WORDS.read_text(encoding="utf-8")).items()
        for struct, meanings in of_file.items()
    }


if __name__ == "__main__":
    for page in PAGES:
        page.write_text(fill(page.read_text(encoding="utf-8")), encoding="utf-8")
