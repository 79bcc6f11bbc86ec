"""`edge-agent doctor`: a well site, and sites of which one thing is wrong; beside a running agent, and without secrets."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import msgspec
import numpy as np
import pytest
from click.testing import CliRunner

from edge_agent.app.calibrate import laid_out
from edge_agent.app.doctor import of_machine_found
from edge_agent.cli.doctor import command, lines_of
from edge_agent.config import OutboxConfig
from edge_agent.core.finding import Finding
from edge_agent.field.machine import look_at_folder
from edge_agent.health.board import OtherBoard, RaspberryPi
from edge_agent.health.machine import Machine
from edge_agent.sinks.outbox import Outbox
from edge_agent.sinks.probe import is_held, waiting
from tests.brokers import free_port, mosquitto
from tests.roads import HEIGHT_PX, WIDTH_PX, scene
from tests.unit.outbox_parts import HandClock, origin


@pytest.fixture(scope="module")
def broker_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    port = free_port()
    with mosquitto(tmp_path_factory.mktemp("broker"), port):
        yield port


def road_clip(path: Path) -> None:
    """Something to see, and a square that moves down."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 5.0, (WIDTH_PX, HEIGHT_PX))
    ground = np.random.default_rng(1).integers(40, 220, (36, 64, 3)).astype(np.uint8)
    for index in range(40):
        picture = cv2.resize(ground, (WIDTH_PX, HEIGHT_PX), interpolation=cv2.INTER_NEAREST)
        picture[8 * index : 8 * index + 40, 300:340] = 250
        writer.write(picture)
    writer.release()


def site(folder: Path, port: int, source: str = 'kind = "clip", path = "road.avi", loop = true', **changes: Any) -> Path:
    road_clip(folder / "road.avi")
    (folder / "north.json").write_bytes(laid_out({**msgspec.to_builtins(scene()), **changes}))
    path = folder / "site.toml"
    path.write_text(
        f'device = "qn-north-01"\ndata_dir = "data"\n[broker]\nport = {port}\n'
        f'[[cameras]]\nname = "north"\nscene = "north.json"\nfps = 5\nsource = {{ {source} }}\n'
    )
    return path


def looked(path: Path, *options: str) -> tuple[int, dict[str, dict[str, str]]]:
    """The exit status, and the findings by topic."""
    result = CliRunner().invoke(command, ["--config", str(path), "--json", *options])
    return result.exit_code, {one["topic"]: one for one in json.loads(result.stdout)["findings"]}


def test_a_well_site_is_told_so_and_drawn(tmp_path: Path, broker_port: int) -> None:
    still = tmp_path / "seen.png"
    status, found = looked(site(tmp_path, broker_port), "--picture", str(still))
    assert status == 0 and "fail" not in {one["verdict"] for one in found.values()}
    assert "MQTT connection" in found["broker"]["said"]
    assert found["picture"]["said"].startswith("640 x 360, ")
    assert "cars are recognised to" in found["reach"]["said"] and "lane 1 goes to 100 m: its far" in found["reach"]["said"]
    assert "12 points" in found["calibration"]["said"]
    picture = cv2.imread(str(still))
    assert picture is not None and picture.shape == (540, 960, 3)
    assert not (tmp_path / "data").exists()


def test_each_thing_that_is_wrong_is_named_with_the_next_step(tmp_path: Path) -> None:
    path = site(tmp_path, free_port(), 'kind = "rtsp", url = "rtsp://admin:geheim99@127.0.0.1:1/ch1"', calibration=None)
    status, found = looked(path)
    assert status == 1
    assert found["broker"]["verdict"] == found["picture"]["verdict"] == "fail"
    assert found["broker"]["next_step"] and found["picture"]["next_step"]
    assert found["calibration"]["verdict"] == "warn" and "edge-agent calibrate" in found["calibration"]["next_step"]
    assert "geheim99" not in json.dumps(found)


def test_a_camera_of_another_shape_than_its_scene_fails(tmp_path: Path, broker_port: int) -> None:
    status, found = looked(site(tmp_path, broker_port, ref_resolution=[640, 480]))
    assert status == 1 and "drawn on 640 x 480" in found["picture"]["next_step"]


def test_the_outbox_of_a_running_agent_is_read_and_left_alone(tmp_path: Path) -> None:
    path, clock = tmp_path / "outbox.db", HandClock()
    outbox = Outbox.open(path, origin(clock), OutboxConfig())
    assert is_held(path) and waiting(path, held=True) == 0
    outbox.close()
    files = sorted(tmp_path.iterdir())
    assert not is_held(path) and waiting(path, held=False) == 0
    assert sorted(tmp_path.iterdir()) == files


def test_a_folder_without_room_or_right_fails(tmp_path: Path) -> None:
    assert look_at_folder(tmp_path / "new", 1).verdict == "ok"
    assert look_at_folder(tmp_path, 10**18).verdict == "warn"
    assert look_at_folder(Path("/proc/1/task"), 1).verdict == "fail"


@pytest.mark.parametrize(("bits", "verdict"), [("0", "ok"), ("50000", "warn"), ("50005", "fail")])
def test_a_raspberry_pi_says_what_its_power_is_like(tmp_path: Path, bits: str, verdict: str) -> None:
    (tmp_path / "devices/platform/soc/soc:firmware").mkdir(parents=True)
    (tmp_path / "devices/platform/soc/soc:firmware/get_throttled").write_text(f"{bits}\n")
    (tmp_path / "class/thermal/thermal_zone0").mkdir(parents=True)
    (tmp_path / "class/thermal/thermal_zone0/temp").write_text("78200\n")
    found = of_machine_found(Machine(RaspberryPi(tmp_path), tmp_path, None, tmp_path, tmp_path).read())
    verdicts = {one.topic: one.verdict for one in found}
    assert verdicts == {"temperature": "warn", "power": verdict, "throttling": verdict}
    assert all(one.next_step for one in found if one.verdict != "ok")
    assert "warm, 78.2 °C" in {one.said for one in found}
    assert of_machine_found(Machine(OtherBoard(tmp_path / "no"), tmp_path, None, tmp_path, tmp_path / "no").read()) == []


def test_lines_fit_a_terminal_of_80_columns() -> None:
    finding = Finding("reach", "warn", "cars are recognised to 62 m " * 6, "cut the blind ends off " * 5, "north-camera")
    assert all(len(line) < 80 for line in lines_of(finding)[1:])
    assert lines_of(finding)[-1].startswith(" " * 27)
