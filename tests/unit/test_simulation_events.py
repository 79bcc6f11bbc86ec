"""Two runs of one seed, painted and looked at by the shipped detector in processes of their own, report the same events."""

import json
import subprocess
import sys
from pathlib import Path

import msgspec

from edge_agent.simulation.plan import parse_plan
from edge_agent.simulation.toml import to_toml
from edge_agent.simulation.truth.scenery import scene_of

PLAN = """
name = "road"
seed = 11
fps = 4
duration_s = 11
warm_up_s = 30
camera = { size_px = [480, 270], height_m = 7, focal_px = 420, tilt_deg = 16 }
[[roads]]
id = "road"
points_m = [[0, -20], [0, 160]]
right = [{ kind = "shoulder", width_m = 3 }]
lanes = [
    { id = "left", against = true, flow_per_h = { car = 600, motorcycle = 300 } },
    { id = "right" },
]
[[script]]
kind = "stopped_vehicle"
lane = "right"
at_s = 1
at_m = 42
seconds = 30
vehicle = "truck"
"""
RULES = {"stopped_vehicle": {"dwell_s": 4.0}}


def test_two_runs_of_a_seed_report_the_same_events(tmp_path: Path) -> None:
    plan = parse_plan(PLAN)
    (tmp_path / "simulation.toml").write_text(to_toml(plan))
    (tmp_path / "scene.json").write_bytes(msgspec.json.encode(scene_of(plan, RULES)))
    runs = [analysing(tmp_path, tmp_path / name) for name in ("one.jsonl", "two.jsonl")]
    for run in runs:
        _, said = run.communicate(timeout=60)
        assert run.returncode == 0, said
    one, two = ((tmp_path / name).read_text() for name in ("one.jsonl", "two.jsonl"))
    assert [json.loads(event)["data"]["kind"] for event in one.splitlines()] == ["stopped_vehicle", "traffic_minute"]
    assert one == two  # in media time even the ids and the times of sending are the same


def analysing(folder: Path, out: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", "from edge_agent.cli import main; main()", "analyse", str(folder / "simulation.toml")]
    command += ["--scene", str(folder / "scene.json"), "--out", str(out), "--threads", "1"]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
