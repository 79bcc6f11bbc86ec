"""The documents keep up with the code: generated tables are fresh, links lead somewhere, commands and their options exist."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import click
import pytest
from click.testing import CliRunner

from collector import cli as collector_cli
from edge_agent import cli as agent_cli
from scripts import build_docs

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("[!.]*/**/*.md")])
PROGRAMS: dict[str, click.Command] = {"edge-agent": agent_cli.group, "collector": collector_cli.cli}
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"^```(?!mermaid).*?^```$|`[^`\n]+`", re.DOTALL | re.MULTILINE)
CALL = re.compile(r"(?<![\w./-])(edge-agent|collector) +([a-z-][^\n`|>#]*)")


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", build_docs.PAGES, ids=name_of)
def test_the_generated_tables_are_fresh(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert build_docs.fill(text) == text, f"{name_of(page)} is stale: run scripts/build_docs.py"


def test_every_table_of_the_files_is_documented() -> None:
    pages = "".join(page.read_text(encoding="utf-8") for page in build_docs.PAGES)
    shown = {found["name"] for found in build_docs.TABLE.finditer(pages)}
    lists = {"kinds", "script.kinds", "script.keys"}
    assert shown == {*build_docs.structs(), *lists} - {"scene.Rules"}  # which is the list of the kinds


def test_a_key_without_words_is_refused() -> None:
    name = "site.ClipSource"
    words = {key: meaning for key, meaning in build_docs.words()[name].items() if key != "loop"}
    with pytest.raises(build_docs.Undocumented, match="loop"):
        build_docs.struct_table(build_docs.structs()[name], words, name)


def test_what_is_staged_is_documented_kind_by_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    table = build_docs.staged_table()
    assert "| `wrong_way` |" in table and "`speed_kmh` (45), `vehicle` (`\"car\"`), `beside_m` (0) |" in table
    monkeypatch.setattr(build_docs, "STAGED", build_docs.STAGED[1:])
    with pytest.raises(build_docs.Undocumented, match="stopped_vehicle"):
        build_docs.staged_table()


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_and_pictures_exist(page: Path) -> None:
    text = CODE.sub("", page.read_text(encoding="utf-8"))
    dead = [link for link in LINK.findall(text) if "://" not in link and not leads_somewhere(page, link)]
    assert not dead


def leads_somewhere(page: Path, link: str) -> bool:
    path, _, anchor = link.partition("#")
    target = page.parent / unquote(path) if path else page
    return target.exists() and (not anchor or anchor in anchors(target))


def anchors(page: Path) -> set[str]:
    """GitHub's: lower case, punctuation left out, spaces to hyphens."""
    headings = re.findall(r"^#+ +(.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_commands_answer_to_help_and_have_the_options_named(page: Path) -> None:
    for program, arguments in calls(page.read_text(encoding="utf-8")):
        command, path, rest = PROGRAMS[program], [], arguments.split()
        while rest and isinstance(command, click.Group) and rest[0] in command.list_commands(click.Context(command)):
            path.append(rest.pop(0))
            command = command.get_command(click.Context(command), path[-1]) or command
        named = f"{program} {' '.join(path)}"
        if isinstance(command, click.Group) and rest:
            assert rest[0].startswith("-"), f"{named}: no such command: {rest[0]}"
        assert CliRunner().invoke(PROGRAMS[program], [*path, "--help"]).exit_code == 0, named
        known = {option for parameter in command.params for option in parameter.opts} | {"--help", "--version"}
        options = {word.partition("=")[0] for word in rest if word.startswith("--")}
        assert options <= known, f"{named}: {sorted(options - known)}"


def calls(text: str) -> Iterator[tuple[str, str]]:
    """What stands in code as a call of one of the programs: (program, arguments)."""
    for code in CODE.findall(text):
        yield from CALL.findall(code)
