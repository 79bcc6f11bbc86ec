"""Scenes by chance: every plan is a good one, a seed is always the same scenes, and what is staged is in the truth."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace

from edge_agent.app.simulate import write_folder
from edge_agent.simulation.casting import stages
from edge_agent.simulation.casting.cast import SITES, cast
from edge_agent.simulation.casting.sites import rural, street
from edge_agent.simulation.plan import Simulation, parse_plan
from edge_agent.simulation.script import CameraTrouble, Crash, StoppedVehicle
from edge_agent.simulation.toml import to_toml
from edge_agent.simulation.truth.scenery import scene_of

ROOT = Path(__file__).resolve().parents[2]
KINDS = {
    stages.stopped_vehicle: "stopped_vehicle", stages.wrong_way: "wrong_way", stages.pedestrian: "pedestrian",
    stages.crash: "suspected_accident", stages.lost_load: "obstacle", stages.illegal_parking: "illegal_parking",
    stages.camera_trouble: "camera_fault", stages.queue: "congestion",
    stages.speeder: "speeding", stages.slow_vehicle: "slow_vehicle",
}  # fmt: skip


@pytest.mark.parametrize("seconds", [10.0, 120.0, 600.0])
def test_every_cast_is_a_plan_that_can_be_run(seconds: float) -> None:
    for number in range(1, 61):
        plan = cast(5, number, seconds)
        assert parse_plan(to_toml(plan)) == plan
        drawn = {lane.id: lane for lane in scene_of(plan).lanes}
        assert all(0 <= staged.at_s < seconds for staged in plan.script)
        for staged in plan.script:
            assert getattr(staged, "lane", None) in {None, *drawn}
            if isinstance(staged, StoppedVehicle | Crash):
                assert not drawn[staged.lane].signalised


def test_seed_and_number_tell_the_scene() -> None:
    assert cast(5, 3, 120.0) == cast(5, 3, 120.0)
    assert len({to_toml(cast(seed, number, 120.0)) for seed in (5, 6) for number in range(1, 11)}) == 20


def test_by_day_and_without_camera_faults() -> None:
    for number in range(1, 61):
        plan = cast(5, number, 120.0, light="day", camera_faults=False)
        assert (plan.light, plan.weather) == ("day", "clear")
        assert all(staged.trouble == "shaken" for staged in plan.script if isinstance(staged, CameraTrouble))


def test_all_sites_and_kinds_come_and_some_scenes_are_harmless() -> None:
    plans = [cast(5, number, 600.0) for number in range(1, 121)]
    assert {plan.name.split("-")[0] for plan in plans} == {site.__name__ for site in SITES}
    tags = {staged.__struct_config__.tag for plan in plans for staged in plan.script}
    assert tags == {
        "stopped_vehicle", "wrong_way", "pedestrian", "queue", "crash", "lost_load", "illegal_parking", "camera", "breakdown",
        "bus_stop", "cloud", "slow_vehicle", "speeder",
    }  # fmt: skip


def test_two_runs_of_a_seed_are_equal_to_the_byte(tmp_path: Path) -> None:
    plan = replace(cast(5, 3, 10.0), warm_up_s=20.0)
    for name in ("one", "two"):
        write_folder(plan, tmp_path / name)
    for file in ("truth.json", "tracks.csv", "scene.json", "simulation.toml"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


@pytest.mark.parametrize("stage", KINDS, ids=lambda stage: stage.__name__)
def test_what_is_staged_is_in_the_truth(stage: stages.Stage, tmp_path: Path) -> None:
    site = (street if stage is stages.illegal_parking else rural)(np.random.default_rng(2))
    plan = Simulation("road", site.roads, site.camera, fps=5.0, warm_up_s=20.0)
    one = stage(np.random.default_rng(4), stages.view_of(plan))
    assert one is not None
    if stage is stages.queue:
        busy = tuple(replace(lane, flow_per_h={"car": 800.0}) for lane in site.roads[0].lanes)
        plan = replace(plan, roads=(replace(site.roads[0], lanes=busy),))
    begins_s = one.staged.at_s + (35 if stage is stages.lost_load else 5)  # what lies there from the start is the road
    plan = replace(plan, script=(replace(one.staged, at_s=begins_s),), duration_s=begins_s + min(one.lasts_s, 80.0))
    write_folder(plan, tmp_path / "scene", tracks=False)
    incidents = json.loads((tmp_path / "scene/truth.json").read_text())["incidents"]
    assert any(found["kind"] == KINDS[stage] and abs(found["start_s"] - begins_s) < 40 for found in incidents)


def _suite(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "scripts.cast_suite", "--seed", "5", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


def test_the_suite_writes_its_folders_and_never_over_others(tmp_path: Path) -> None:
    out = tmp_path / "scenes"
    arguments = ("--scenes", "2", "--seconds", "2", "--pixels", "--out", str(out))
    done = _suite(*arguments)
    assert (done.returncode, done.stdout) == (0, f"scenes=2 hours=0.00 seed=5 out={out}\n")
    assert [folder.name for folder in sorted(out.iterdir())] == ["0001", "0002"]
    assert all((folder / "truth.json").is_file() for folder in out.iterdir())
    again = _suite(*arguments)
    assert again.returncode == 2
    assert again.stderr == f"suite: {out} is not an empty folder; name a new one\n"
