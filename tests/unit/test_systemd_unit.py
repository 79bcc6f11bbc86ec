"""The agent's unit: systemd reads it, it is locked up well, and what hangs is restarted in the time that is promised."""

import shutil
import subprocess
from pathlib import Path

import pytest

from edge_agent.app import health, vitals
from edge_agent.bundled import folder
from edge_agent.config import CameraConfig, ClipSource
from edge_agent.sources.camera import CaptureSource
from edge_agent.sources.mailbox import Mailbox
from edge_agent.web import server

UNIT = folder("firmware_configs") / "systemd" / "kerbwatch-agent.service"
RESTARTED_S = 45.0
EXPOSURE = 25  # tenths
analyze = shutil.which("systemd-analyze")


def settings() -> dict[str, str]:
    """The last of each name."""
    lines = (line.partition("=") for line in UNIT.read_text().splitlines() if "=" in line and not line.startswith("#"))
    return {name: value for name, _, value in lines}


def test_what_hangs_is_started_again_in_time() -> None:
    unit = settings()
    camera = CameraConfig("north", "scene.json", ClipSource("clip.avi"))
    camera_s = CaptureSource(camera, Path("site.toml"), Mailbox(["north"])).beats_within_s
    slowest_s = max(vitals.MAIN_WITHIN_S, vitals.SINK_WITHIN_S, health.READ_WITHIN_S, server.BEAT_WITHIN_S, camera_s)
    assert unit["Type"] == "notify" and unit["Restart"] == "on-failure"
    takes_s = slowest_s + sum(float(unit[name]) for name in ("WatchdogSec", "TimeoutAbortSec", "RestartSec"))
    assert takes_s <= RESTARTED_S


def test_the_manual_shows_it() -> None:
    shown = Path(__file__).parents[2].joinpath("docs/health.md").read_text().split("```ini\n")[1].split("```")[0]
    unit = UNIT.read_text().splitlines()
    assert len(shown.splitlines()) > 5 and all(line in unit for line in shown.splitlines())


@pytest.mark.skipif(analyze is None, reason="systemd-analyze is not there")
@pytest.mark.parametrize("check", [["verify", "--man=no"], ["security", "--offline=true", f"--threshold={EXPOSURE}"]])
def test_systemd_reads_it_and_finds_it_locked_up(check: list[str]) -> None:
    done = subprocess.run([str(analyze), *check, UNIT], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
