"""Bad input gets one line that names the thing and the next step, the right exit status, and no traceback."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.brokers import free_port
from tests.clips import ROAD_SCENE, write_clip

PROGRAMS = Path(sys.executable).parent


def run(program: str, *arguments: str | Path, timeout_s: float = 60) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PROGRAMS / program, *arguments], capture_output=True, text=True, timeout=timeout_s, stdin=subprocess.DEVNULL
    )


def assert_one_line(finished: subprocess.CompletedProcess[str], code: int, *words: str) -> None:
    said = finished.stderr.strip().splitlines()
    assert finished.returncode == code, finished.stderr
    assert len(said) == 1, finished.stderr
    for word in words:
        assert word in said[0], said[0]


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return write_clip(tmp_path / "clip.avi")


@pytest.fixture
def scene(tmp_path: Path) -> Path:
    path = tmp_path / "scene.json"
    path.write_text(json.dumps(ROAD_SCENE))
    return path


def test_a_good_clip_is_analysed(clip: Path, scene: Path) -> None:
    finished = run("edge-agent", "analyse", clip, "--scene", scene, "--json")
    assert finished.returncode == 0, finished.stderr
    assert json.loads(finished.stdout)["frames"] == 30


@pytest.mark.parametrize("option", ["--out", "--annotate"])
def test_inputs_are_not_overwritten(clip: Path, scene: Path, option: str) -> None:
    before = clip.read_bytes(), scene.read_bytes()
    assert_one_line(run("edge-agent", "analyse", clip, "--scene", scene, option, clip), 2, clip.name, "overwritten")
    assert_one_line(run("edge-agent", "analyse", clip, "--scene", scene, option, scene), 2, scene.name)
    assert (clip.read_bytes(), scene.read_bytes()) == before


def test_an_output_that_cannot_be_written(clip: Path, scene: Path, tmp_path: Path) -> None:
    for out, words in ((tmp_path / "no" / "e.jsonl", "there is no folder"), (tmp_path, "is a folder")):
        assert_one_line(run("edge-agent", "analyse", clip, "--scene", scene, "--out", out), 2, words)


def test_a_missing_clip(tmp_path: Path, scene: Path) -> None:
    assert_one_line(run("edge-agent", "analyse", tmp_path / "no.mp4", "--scene", scene), 1, "no.mp4", "check the path")


def test_a_random_file_as_clip(tmp_path: Path, scene: Path) -> None:
    noise = tmp_path / "noise.mp4"
    noise.write_bytes(bytes(range(256)) * 400)
    assert_one_line(run("edge-agent", "analyse", noise, "--scene", scene), 1, "noise.mp4", "cannot be decoded")


def test_a_decoder_that_aborts(tmp_path: Path, scene: Path) -> None:
    """Some files abort the process inside OpenCV; SIGABRT to the capture child stands in for such a file."""
    long_clip = write_clip(tmp_path / "long.avi", frames=3000)
    agent = subprocess.Popen(
        [PROGRAMS / "edge-agent", "analyse", long_clip, "--scene", scene], stderr=subprocess.PIPE, text=True
    )
    child = _wait_for(lambda: _children(agent.pid))[0]
    time.sleep(0.5)  # inside the clip, not at its beginning
    os.kill(child, signal.SIGABRT)
    _, said = agent.communicate(timeout=60)
    assert agent.returncode == 1
    assert len(said.strip().splitlines()) == 1
    assert "SIGABRT" in said and "long.avi" in said


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"lanes": [{**ROAD_SCENE["lanes"][0], "polygon": [[0, 0], [1, 1]]}]}, ("lanes[0].polygon", "at least 3 points")),
        ({"rules": {"teleporting": {}}}, ("unknown rule 'teleporting'", "stopped_vehicle")),
        ({"rules": {"stopped_vehicle": {"dwel_s": 3}}}, ("rules.stopped_vehicle", "unknown key 'dwel_s'")),
        ({"rules": {"stopped_vehicle": {"dwell_s": -3}}}, ("rules.stopped_vehicle.dwell_s", "-3")),
        ({"zones": []}, ("unknown key 'zones'",)),
        ({"rules": {"wrong_way": {"lanes": ["9"]}}}, ("rules.wrong_way.lanes", "'9'")),
        ({"rules": {"wrong_way": {"classes": ["tank"]}}}, ("rules.wrong_way.classes[0]", "'tank'")),
        ({"lanes": [{**ROAD_SCENE["lanes"][0], "centreline": [[0.5, 0.5], [1.5, 0.5]]}]}, ("lanes[0].centreline", "1.5")),
        ({"count_lines": [{"id": "c", "line": [[0, 0], [1, 1]], "lane": "9"}]}, ("count_lines[0].lane", "'9'")),
        (
            {"calibration": {"pairs": [{"image": [x / 10, x / 10], "road_m": [x, 2 * x]} for x in range(5)]}},
            ("calibration.pairs", "line"),
        ),
    ],
)  # fmt: skip
def test_a_wrong_scene(clip: Path, tmp_path: Path, change: dict[str, Any], words: tuple[str, ...]) -> None:
    wrong = tmp_path / "wrong.json"
    wrong.write_text(json.dumps({**ROAD_SCENE, **change}))
    assert_one_line(run("edge-agent", "analyse", clip, "--scene", wrong), 2, "wrong.json", *words)


def test_broken_json(clip: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.json"
    broken.write_text('{"camera": "north", ')
    assert_one_line(run("edge-agent", "analyse", clip, "--scene", broken), 2, "broken.json", "not valid JSON")


def test_an_unknown_model(clip: Path, scene: Path) -> None:
    finished = run("edge-agent", "analyse", clip, "--scene", scene, "--model", "yolo99")
    assert_one_line(finished, 2, "yolo99", "nanodet-g-416")


def test_a_model_with_a_wrong_sha256(clip: Path, scene: Path, tmp_path: Path) -> None:
    models = tmp_path / "models"
    models.mkdir()
    (models / "mine.onnx").write_bytes(b"not the file that was meant")
    (models / "manifest.toml").write_text(
        f'[[model]]\nname = "mine"\nfamily = "yolox"\nfile = "mine.onnx"\nsha256 = "{"0" * 64}"\nbytes = 27\n'
        'input = [416, 416]\nlicence = "Apache-2.0"\norigin = "here"\n'
    )
    finished = run("edge-agent", "analyse", clip, "--scene", scene, "--model", "mine", "--models-dir", models)
    assert_one_line(finished, 2, "mine", "SHA-256")


def test_a_provider_that_is_not_there(clip: Path, scene: Path) -> None:
    finished = run("edge-agent", "analyse", clip, "--scene", scene, "--provider", "warp")
    assert_one_line(finished, 2, "warp", "cpu")


def test_a_wrong_configuration(tmp_path: Path) -> None:
    site = tmp_path / "site.toml"
    site.write_text(
        'device = "d"\n[[cameras]]\nname = "n"\nscene = "s.json"\nfps = 300\nsource = { kind = "usb" }\n'
    )
    finished = run("edge-agent", "config", "check", site)
    assert_one_line(finished, 2, "site.toml", "cameras[0].fps", "<= 30", "300")


def test_a_broker_on_another_machine_without_tls(tmp_path: Path) -> None:
    site = tmp_path / "site.toml"
    camera = '[[cameras]]\nname = "n"\nscene = "s.json"\nsource = { kind = "usb" }\n'
    site.write_text(f'device = "d"\n[broker]\nhost = "broker.example"\n{camera}')
    assert_one_line(run("edge-agent", "config", "check", site), 2, "broker.ca", "broker.example", "plaintext")
    site.write_text(f'device = "d"\n[broker]\nhost = "127.0.0.1.example"\n{camera}')
    assert_one_line(run("edge-agent", "config", "check", site), 2, "broker.ca", "127.0.0.1.example")
    (tmp_path / "s.json").write_text(json.dumps(ROAD_SCENE))
    site.write_text(f'device = "d"\n[broker]\nhost = "broker.example"\nplaintext = true\n{camera}')
    assert run("edge-agent", "config", "check", site).returncode == 0


def test_evaluate_without_scenes(tmp_path: Path) -> None:
    assert_one_line(run("edge-agent", "evaluate", tmp_path), 2, str(tmp_path), "truth.json")


def test_a_missed_requirement_fails(tmp_path: Path) -> None:
    (tmp_path / "scene.json").write_text(json.dumps(ROAD_SCENE))
    missed = {"kind": "wrong_way", "start_s": 1.0, "end_s": 2.0}
    (tmp_path / "truth.json").write_text(json.dumps({"fps": 10, "duration_s": 3.0, "incidents": [missed]}))
    (tmp_path / "detections.txt").write_text("30,-1,-1,-1,-1,-1,-1,-1,-1,-1\n")
    assert run("edge-agent", "evaluate", tmp_path).returncode == 0
    assert_one_line(run("edge-agent", "evaluate", tmp_path, "--require", "recall=0.9"), 1, "recall is 0", "0.9")
    assert_one_line(run("edge-agent", "evaluate", tmp_path, "--require", "beauty=1"), 2, "beauty")
    assert run("edge-agent", "evaluate", tmp_path, "--require", "kind.pedestrian.false_alarms=0").returncode == 0
    assert_one_line(run("edge-agent", "evaluate", tmp_path, "--require", "hits=1"), 1, "hits is 0", "at least 1")


def test_a_port_in_use(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        for option, other in (("--http-port", "--mqtt-port"), ("--mqtt-port", "--http-port")):
            finished = run(
                "collector", "serve", "--embedded-broker", "--data-dir", tmp_path / "data",
                option, str(port), other, str(free_port()),
            )  # fmt: skip
            assert finished.returncode == 1
            assert "Traceback" not in finished.stderr
            assert str(port) in finished.stderr.splitlines()[-1] and "in use" in finished.stderr.splitlines()[-1]


def test_a_broker_that_refuses_is_said_and_waited_for(clip: Path, scene: Path, tmp_path: Path) -> None:
    """The agent keeps watching the road: events wait in the outbox."""
    site = tmp_path / "site.toml"
    site.write_text(
        f'device = "d"\ndata_dir = "data"\n[broker]\nport = {free_port()}\nfirst_wait_s = 0.1\n'
        f'[[cameras]]\nname = "n"\nscene = "{scene}"\nsource = {{ kind = "clip", path = "{clip}", loop = true }}\n'
    )
    agent = subprocess.Popen(
        [PROGRAMS / "edge-agent", "run", "--config", site], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    assert agent.stdout is not None
    lines: list[str] = []
    for line in agent.stdout:
        lines.append(line)
        if "refused" in line:
            break
    agent.send_signal(signal.SIGINT)
    _, said = agent.communicate(timeout=60)
    assert "is a broker running there?" in lines[-1]
    assert agent.returncode == 130
    assert "Traceback" not in said


def test_help_needs_neither_opencv_nor_the_runtime() -> None:
    code = "import sys, edge_agent.cli; sys.exit(any(name in sys.modules for name in ('cv2', 'onnxruntime', 'numpy')))"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
    assert run("edge-agent", "--help").returncode == 0


def _children(pid: int) -> list[int]:
    found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False)
    return [int(child) for child in found.stdout.split()]


def _wait_for(find: Callable[[], list[int]], patience_s: float = 20) -> list[int]:
    deadline = time.monotonic() + patience_s
    while not (found := find()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return found


@pytest.mark.parametrize(("program", "typed", "meant"), [("collector", "sevre", "serve"), ("edge-agent", "analyze", "analyse")])
def test_who_mistypes_a_command_is_told_what_it_may_be(program: str, typed: str, meant: str) -> None:
    finished = run(program, typed)
    assert finished.returncode == 2
    assert finished.stderr.splitlines()[-1] == f"Error: No such command '{typed}'. Did you mean '{meant}'?"
    assert "Did you mean" not in run(program, "qqqq").stderr
