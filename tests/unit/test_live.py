"""The agent leaves no incident open that nobody watches, and says in one line why it cannot go on."""

import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import numpy as np
import pytest

from edge_agent.app import live
from edge_agent.app.live import Agent
from edge_agent.cli.run import states, summary
from edge_agent.config import load_config
from edge_agent.core.failure import WrongInput
from edge_agent.core.outgoing import Outgoing
from edge_agent.core.wire import outgoing
from event_contract.messages import HealthData, IncidentData
from tests.brokers import free_port
from tests.clips import write_clip
from tests.roads import detections, scene, standing


def site_in(folder: Path, data_dir: str = "data") -> Path:
    write_clip(folder / "clip.avi")
    (folder / "scene.json").write_bytes(msgspec.json.encode(scene()))
    site = folder / "site.toml"
    site.write_text(
        f'device = "d"\ndata_dir = "{data_dir}"\nhealth_every_s = 1\n[broker]\nport = {free_port()}\n'
        '[[cameras]]\nname = "north"\nscene = "scene.json"\nsource = { kind = "clip", path = "clip.avi", loop = true }\n'
    )
    return site


@pytest.fixture
def agent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Agent:
    """No collector is there: a clean stop need not wait for it."""
    monkeypatch.setattr(live, "FLUSH_S", 0.0)
    site = site_in(tmp_path)
    return Agent(load_config(site), site)


def saw_a_stopped_car(agent: Agent, ago_s: float) -> None:
    """For 20 s, the last frame so long ago."""
    eye = agent._eyes["north"]
    begin_s = time.monotonic() - ago_s - 20
    for at_s in (begin_s + index / 10 for index in range(200)):
        for one in eye.pipeline.update(at_s, detections([standing("car", 0, 30)], at_s)):
            outgoing(one, eye.voice)
    assert list(eye.pipeline.open_incidents) == [1]


def incidents(heard: list[Outgoing]) -> list[IncidentData]:
    return [event.body for event in heard if isinstance(event.body, IncidentData)]


def test_a_clean_stop_ends_what_is_open(agent: Agent) -> None:
    saw_a_stopped_car(agent, ago_s=1)
    heard: list[Outgoing] = []
    agent.stop()
    agent.run(heard.append)
    (end,) = incidents(heard)
    assert (end.phase, end.revision, end.detail["ended_by"]) == ("end", 2, "agent_stopped")
    assert end.ended_at is not None
    assert end.started_at < end.ended_at < end.updated_at


def test_what_a_dead_camera_saw_last_ends_though_no_frame_comes(agent: Agent, tmp_path: Path) -> None:
    (tmp_path / "clip.avi").unlink()
    saw_a_stopped_car(agent, ago_s=61)
    heard: list[Outgoing] = []

    def hear(event: Outgoing) -> None:
        heard.append(event)
        if len(incidents(heard)) == 2:
            agent.stop()

    agent.run(hear)
    road, camera, camera_end = incidents(heard)
    assert (road.kind, road.phase, road.detail["ended_by"]) == ("stopped_vehicle", "end", "unobserved")
    assert (camera.kind, camera.phase, camera.detail) == ("camera_fault", "new", {"reason": "no_frames"})
    assert (camera_end.incident, camera_end.detail["ended_by"]) == (camera.incident, "agent_stopped")


def test_what_stands_before_a_camera_is_kept_over_a_restart(agent: Agent, tmp_path: Path) -> None:
    heard: list[Outgoing] = []

    def hear(event: Outgoing) -> None:
        heard.append(event)
        if agent._eyes["north"].check.reference.is_learnt:
            agent.stop()

    agent.run(hear)
    learnt = agent._eyes["north"].check.reference
    site = tmp_path / "site.toml"
    again = Agent(load_config(site), site)._eyes["north"].check.reference
    assert again.is_learnt and again.looks == learnt.looks
    assert np.abs(again.field - learnt.field).max() < 0.01


def test_a_view_that_cannot_be_written_is_counted_and_said(agent: Agent, tmp_path: Path) -> None:
    (tmp_path / "data" / "views").write_text("in the way")
    assert "views" not in states(agent.status)

    def hear(event: Outgoing) -> None:
        if agent._eyes["north"].check.reference.is_learnt:
            agent.stop()

    agent.run(hear)
    assert states(agent.status)["views"].startswith("views: not written 1 times")


def test_the_detector_rests_while_nothing_moves_and_that_is_counted(agent: Agent, tmp_path: Path) -> None:
    write_clip(tmp_path / "clip.avi", frames=1)
    heard: list[Outgoing] = []

    def hear(event: Outgoing) -> None:
        heard.append(event)
        if agent.status.spared["north"] > 20:
            agent.stop()

    agent.run(hear)
    (camera,) = [event.body for event in heard if isinstance(event.body, HealthData)][-1].cameras
    assert camera.frames > camera.spared > 0
    (line,) = summary(agent.status)
    assert line == (
        f"frames of north: {agent.status.cameras['north'].frames}, {agent.status.dropped['north']} dropped, "
        f"{agent.status.spared['north']} without the detector"
    )


def test_a_data_dir_that_cannot_be_made(tmp_path: Path) -> None:
    site = site_in(tmp_path, "clip.avi/data")
    with pytest.raises(WrongInput, match=r"data_dir .*clip\.avi/data: .*make it") as raised:
        Agent(load_config(site), site)
    assert "\n" not in str(raised.value)


def test_a_stop_while_nothing_can_be_written_is_one_line(tmp_path: Path) -> None:
    agent = subprocess.Popen(
        [Path(sys.executable).parent / "edge-agent", "run", "--config", site_in(tmp_path)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    assert agent.stdout is not None
    next(line for line in agent.stdout if "live" in line)
    resource.prlimit(agent.pid, resource.RLIMIT_FSIZE, (0, 0))  # to the agent it is a full disk
    agent.send_signal(signal.SIGTERM)
    _, said = agent.communicate(timeout=60)
    assert agent.returncode == 1, said
    assert len(said.splitlines()) == 1, said
    assert "the service manager starts it again" in said


# Its first run is the trial at the start; on the first frame it is out of order, as a graphics card can be.
RUNTIME_FAILS = """
import onnxruntime
from edge_agent.cli import main
Session = onnxruntime.InferenceSession
class Failing(Session):
    runs = 0
    def run(self, *given):
        Failing.runs += 1
        if Failing.runs > 1:
            raise RuntimeError("CUDA failure 700\\nand more of it")
        return super().run(*given)
onnxruntime.InferenceSession = Failing
main()
"""


def test_a_detector_that_fails_is_one_line_and_a_status_that_systemd_restarts(tmp_path: Path) -> None:
    finished = subprocess.run(
        [sys.executable, "-c", RUNTIME_FAILS, "run", "--config", site_in(tmp_path)], capture_output=True, text=True, timeout=90
    )
    assert finished.returncode == 1, finished.stderr
    (line,) = finished.stderr.splitlines()
    assert line.startswith("edge-agent: the main loop died: RuntimeError: CUDA failure 700 (")
    assert line.endswith("); the service manager starts it again")
