"""`edge-agent web`: who may log in to the device's page, and what its administrator can know of it."""

import json
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from edge_agent import cli
from edge_agent.cli.web import command
from edge_agent.web.accounts import Accounts
from edge_agent.web.audit import Audit, Entry
from tests.unit.test_live import site_in


@pytest.fixture
def site(tmp_path: Path) -> Path:
    file = site_in(tmp_path)
    file.write_text(file.read_text() + '[web]\nhost = "0.0.0.0"\n')
    return file


def web(*arguments: str, site: Path | None = None, typed: str | None = None) -> Result:
    return CliRunner().invoke(cli.group, ["web", *arguments, *([] if site is None else ["--config", str(site)])], input=typed)


def accounts(site: Path) -> Accounts:
    return Accounts(site.parent / "data" / "web")


def test_every_command_shows_how_it_is_used_and_speaks_to_programs() -> None:
    for name, one in command.commands.items():
        told = web(name, "--help").output
        assert f"edge-agent web {name}" in told.partition("Example")[2], name
        assert "--json" in told or name == "openapi"
        assert all(option.help for option in one.params if isinstance(option, click.Option)), name


def test_a_password_is_typed_twice_given_or_made(site: Path) -> None:
    assert web("password", site=site, typed="a long enough one\na long enough one\n").exit_code == 0
    assert accounts(site).check("technician", "a long enough one")
    told = web("password", "--user", "duty", "--generate", "--json", site=site)
    made = json.loads(told.stdout)
    assert made["user"] == "duty" and len(made["password"]) == 16
    assert accounts(site).check("duty", made["password"]) and accounts(site).names() == ["duty", "technician"]
    again = web("password", "--user", "duty", "--generate", site=site).stdout.strip()
    assert again.startswith("duty: ") and again != f"duty: {made['password']}"
    assert web("password", "--password", "a long enough one", "--generate", site=site).exit_code == 2
    assert "expected 10 to 256 characters" in str(web("password", "--password", "short", site=site).exception)


def test_who_is_removed_is_gone(site: Path) -> None:
    web("password", "--user", "duty", "--password", "a long enough one", site=site)
    before = accounts(site).mark("duty")
    assert before and web("remove", "--user", "duty", "--json", site=site).stdout == '{"user": "duty"}\n'
    assert accounts(site).mark("duty") is None
    assert "there is no such user" in str(web("remove", "--user", "duty", site=site).exception)


def test_it_says_whether_the_network_is_told(site: Path) -> None:
    assert json.loads(web("show", "--json", site=site).stdout)["announced"] is True
    assert "announced to the local network" in web("show", site=site).stdout
    site.write_text(site.read_text() + "announce = false\n")
    assert json.loads(web("show", "--json", site=site).stdout)["announced"] is False


def test_what_was_done_is_listed_and_no_name_reaches_the_terminal_raw(site: Path) -> None:
    log = Audit(site.parent / "data" / "web")
    for number in range(3):
        log.write(Entry(f"2026-03-02T00:00:0{number}.000Z", "\x1b[2J", "log in", "failed", "192.168.4.17"))
    entries = json.loads(web("audit", "--limit", "2", "--json", site=site).stdout)
    assert [one["at"][17:19] for one in entries] == ["02", "01"]
    lines = web("audit", site=site).stdout
    assert len(lines.splitlines()) == 3 and "\x1b" not in lines and "192.168.4.17" in lines


def test_the_document_of_its_api_can_be_printed() -> None:
    assert json.loads(web("openapi").stdout)["info"]["title"] == "Kerbwatch: the API of a device's own page"
