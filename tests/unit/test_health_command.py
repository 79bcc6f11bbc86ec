"""`edge-agent health`: what a running agent tells of its device, and one look at a device on which none runs."""

import json
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from edge_agent.cli.health import command, lines_of
from edge_agent.core.failure import Failure
from edge_agent.core.health.snapshot import Health, Item, Measures
from edge_agent.field.desk import Desk
from edge_agent.field.recall import AskedHealth, Question, ask_health
from tests.unit.test_live import site_in

AT = "2026-03-02T00:15:31.240Z"
HOT = Item(id="temperature", level="bad", said="temperature.hot", todo="air", value=90.0, unit="°C", since=AT)
NORTH = Item(id="camera/north", level="ok", said="camera.ok", value=9.8, unit="fps")
DOES = Measures(frame_share=0.5, telemetry=False, held=3, unkept=2)
UNWELL = Health(at=AT, uptime_s=60.0, level="bad", items=(HOT, NORTH), measures=DOES)


def test_the_worst_comes_first_with_what_to_do() -> None:
    text = "\n".join(lines_of(UNWELL))
    assert text.index("too hot (90.0 °C), since 2026") < text.index("-> See to shade") < text.index("Camera north")
    assert "looks at 50% of the frames" in text and "telemetry to itself (3 so far)" in text
    assert "could not be written down 2 times" in text
    assert text.endswith(f"unwell at {AT}")


def test_the_running_agent_is_asked(tmp_path: Path) -> None:
    site = site_in(tmp_path)
    (tmp_path / "data").mkdir()

    def answer(line: bytes) -> bytes:
        assert isinstance(msgspec.json.decode(line, type=Question), AskedHealth)
        return msgspec.msgpack.encode(UNWELL)

    desk = Desk(tmp_path / "data", answer)
    desk.open()
    done = CliRunner().invoke(command, ["--config", str(site), "--json"])
    desk.close()
    assert msgspec.json.decode(done.stdout, type=Health) == UNWELL
    assert isinstance(done.exception, Failure) and str(done.exception) == "unwell: temperature"


def test_where_no_agent_runs_the_machine_is_looked_at(tmp_path: Path) -> None:
    done = CliRunner().invoke(command, ["--config", str(site_in(tmp_path)), "--json"])
    told = json.loads(done.stdout)
    by_id = {item["id"]: item for item in told["items"]}
    assert by_id["agent"]["said"] == "agent.absent" and told["level"] == "bad"
    assert by_id["disk"]["value"] > 0 and by_id["memory"]["value"] > 0
    assert "agent" in str(done.exception) and not (tmp_path / "data").exists()


def test_an_answer_of_another_version_is_one_line(tmp_path: Path) -> None:
    desk = Desk(tmp_path, lambda line: msgspec.msgpack.encode("well"))
    desk.open()
    with pytest.raises(Failure, match=r"cannot be read .*of this version"):
        ask_health(tmp_path)
    desk.close()
