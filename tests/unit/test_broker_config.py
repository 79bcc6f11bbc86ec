"""`collector broker-config mosquitto`: what it writes, what it leaves alone, and what it says."""

import json
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from collector.broker.link import RECEIVE_MAXIMUM
from collector.broker.mosquitto import ACL, CONF, PLACEHOLDER, Mosquitto, render
from collector.cli import cli
from collector.core.errors import WrongUse
from edge_agent.core.delivery import WINDOW
from event_contract.messages import MAX_MESSAGE_BYTES


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli, ["broker-config", "mosquitto", *map(str, arguments)])


def settings(conf: Path) -> dict[str, str]:
    lines = [line for line in conf.read_text().splitlines() if line and not line.startswith("#")]
    return {name: value for name, _, value in (line.partition(" ") for line in lines)}


def test_it_writes_a_configuration_that_stands_alone(tmp_path: Path) -> None:
    assert run("--out", tmp_path, "--ca", tmp_path / "ca.pem", "--port", "8884", "--bind", "10.0.0.1").exit_code == 0
    said = settings(tmp_path / CONF)
    assert said["listener"] == "8884 10.0.0.1"
    assert said["cafile"] == str(tmp_path / "ca.pem") and said["acl_file"] == str(tmp_path / ACL)
    assert not PLACEHOLDER.search((tmp_path / CONF).read_text() + (tmp_path / ACL).read_text())
    assert stat.S_IMODE((tmp_path / ACL).stat().st_mode) == 0o644  # the broker runs as another user
    assert sorted(path.name for path in tmp_path.iterdir()) == [ACL, CONF]


def test_its_limits_let_through_what_both_sides_send(tmp_path: Path) -> None:
    run("--out", tmp_path)
    said = {name: int(value) for name, value in settings(tmp_path / CONF).items() if value.isdigit()}
    assert said["max_inflight_messages"] >= max(RECEIVE_MAXIMUM, *WINDOW.values())
    assert said["max_packet_size"] > MAX_MESSAGE_BYTES + 1024
    assert said["max_queued_messages"] >= 2 * said["max_connections"]  # after a restart: a birth and more from each


def test_each_collector_speaks_for_itself(tmp_path: Path) -> None:
    run("--out", tmp_path, "--collector-name", "binh-dinh-1", "--collector-name", "binh-dinh-2")
    rules = (tmp_path / ACL).read_text()
    for name in ("binh-dinh-1", "binh-dinh-2"):
        assert f"\nuser {name}\n" in rules and f"\ntopic write roadside/v1/collector/{name}/status\n" in rules
    assert "collector-1" not in rules


def test_it_tells_a_program_where_the_files_are_and_which_certificates_are_missing(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").touch()
    files = "--ca", tmp_path / "ca.pem", "--cert", tmp_path / "b.pem"
    told = json.loads(run("--out", tmp_path / "new", *files, "--json").stdout)
    assert told["conf"] == str(tmp_path / "new" / CONF) and told["acl"] == str(tmp_path / "new" / ACL)
    assert told["missing"] == [str(tmp_path / "b.pem"), "/etc/mosquitto/certs/broker.key"]


def test_what_says_something_else_is_kept_unless_forced(tmp_path: Path) -> None:
    assert run("--out", tmp_path).exit_code == run("--out", tmp_path).exit_code == 0
    (tmp_path / ACL).write_text("mine\n")
    refused = run("--out", tmp_path, "--port", "8884")
    assert isinstance(refused.exception, WrongUse) and CONF in str(refused.exception) and "--force" in str(refused.exception)
    assert (tmp_path / ACL).read_text() == "mine\n" and settings(tmp_path / CONF)["listener"] == "8883 "
    assert run("--out", tmp_path, "--port", "8884", "--force").exit_code == 0
    assert settings(tmp_path / CONF)["listener"] == "8884 " and "pattern" in (tmp_path / ACL).read_text()


@pytest.mark.parametrize("name", ["collector", "+", "a b", "Binh-Dinh", "x" * 64, "", "a\ntopic readwrite #"])
def test_a_collector_has_a_plain_name(tmp_path: Path, name: str) -> None:
    with pytest.raises(WrongUse, match="--collector-name"):
        render(Mosquitto(tmp_path, collectors=(name,)))


@pytest.mark.parametrize("field", ["bind", "ca"])
def test_no_line_is_smuggled_into_the_configuration(tmp_path: Path, field: str) -> None:
    value = "x\nallow_anonymous true"
    asked = Mosquitto(tmp_path, bind=value) if field == "bind" else Mosquitto(tmp_path, ca=Path(value))
    with pytest.raises(WrongUse, match="allow_anonymous"):
        render(asked)


def test_a_folder_that_cannot_be_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    failed = run("--out", tmp_path / "file" / "below")
    assert failed.exit_code == 1 and "choose another --out" in str(failed.exception)


def test_alerts_have_a_topic_of_their_own_for_those_named(tmp_path: Path) -> None:
    run("--out", tmp_path, "--alerts-publisher", "alerts-1", "--alerts-reader", "ioc", "--alerts-topic", "city/alerts")
    rules = (tmp_path / ACL).read_text()
    assert "\nuser alerts-1\ntopic write city/alerts/#\n" in rules and "\nuser ioc\ntopic read city/alerts/#\n" in rules
    run("--out", tmp_path / "none")
    assert "alerts/#" not in (tmp_path / "none" / ACL).read_text()


@pytest.mark.parametrize(
    "options",
    [
        ("--alerts-topic", "roadside/v1"), ("--alerts-topic", "a/#"),
        ("--alerts-reader", "A"), ("--alerts-reader", "collector-1"),
    ],
)
def test_alerts_stay_out_of_the_devices_topics_and_certificates(tmp_path: Path, options: tuple[str, str]) -> None:
    with pytest.raises(WrongUse):
        CliRunner().invoke(cli, ["broker-config", "mosquitto", "--out", str(tmp_path), *options], catch_exceptions=False)
