"""A simulation.toml is a source like a clip: pictures of its size at its rate, and one line when it is broken."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from msgspec.structs import replace

from edge_agent.cli import group
from edge_agent.core.failure import WrongInput
from edge_agent.simulation import presets
from edge_agent.simulation.film import Film
from edge_agent.simulation.toml import to_toml
from edge_agent.sources.clip import read_clip
from edge_agent.sources.errors import SourceError

FRAMES = 6


@pytest.fixture
def plan_file(tmp_path: Path) -> Path:
    path = tmp_path / "simulation.toml"
    path.write_text(to_toml(replace(presets.load("motorway"), duration_s=FRAMES / 10, warm_up_s=10)))
    return path


def test_it_gives_the_pictures_of_its_film(plan_file: Path) -> None:
    with read_clip(plan_file, camera="c") as clip:
        assert (clip.fps, clip.frames, clip.width, clip.height) == (10, FRAMES, 640, 360)
        frames = list(clip)
    assert [frame.index for frame in frames] == list(range(FRAMES))
    assert [frame.at_s for frame in frames] == pytest.approx([number / 10 for number in range(FRAMES)])
    film = Film(replace(presets.load("motorway"), duration_s=FRAMES / 10, warm_up_s=10))
    for frame in frames:
        assert np.array_equal(frame.pixels, film.picture())


def test_it_can_be_slower_and_smaller_and_is_masked(plan_file: Path) -> None:
    left = ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0))
    with read_clip(plan_file, fps=5, width=320, masks=(left,)) as clip:
        frames = list(clip)
    assert [frame.at_s for frame in frames] == pytest.approx([0.0, 0.2, 0.4])
    for frame in frames:
        assert frame.pixels.shape == (180, 320, 3)
        assert not frame.pixels[:, :155].any() and frame.pixels[:, 165:].any()


def test_a_broken_one_is_one_line_with_file_and_key(plan_file: Path) -> None:
    plan_file.write_text(plan_file.read_text().replace("warm_up_s = ", "warm_up = "))
    with pytest.raises(WrongInput) as error:
        read_clip(plan_file)
    assert str(error.value).startswith(f"{plan_file}: ") and "warm_up" in str(error.value) and "\n" not in str(error.value)


def test_it_does_not_run_backwards(plan_file: Path) -> None:
    with pytest.raises(SourceError, match="cannot run backwards"):
        read_clip(plan_file, reverse=True)


@pytest.mark.parametrize(
    ("plan", "said"), [("nowhere", "no preset is called so (motorway, quy_nhon)"), ("nowhere.toml", "cannot be read")]
)
def test_simulate_without_a_plan_is_one_line_and_status_2(plan: str, said: str, tmp_path: Path) -> None:
    command = [sys.executable, "-c", "from edge_agent.cli import main; main()", "simulate", plan, "--out", str(tmp_path / "x")]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 2 and said in result.stderr and len(result.stderr.splitlines()) == 1
    assert result.stdout == "" and not (tmp_path / "x").exists()


def test_a_simulated_folder_can_be_judged_by_its_pictures(tmp_path: Path) -> None:
    run = CliRunner()
    out = str(tmp_path / "scenes" / "fast")
    written = run.invoke(group, ["simulate", "motorway", "--out", out, "--seconds", "2", "--seed", "3", "--quiet"])
    assert (written.exit_code, written.output) == (0, f"written: {out}\n")
    judged = run.invoke(group, ["evaluate", str(tmp_path / "scenes"), "--jobs", "1", "--json"])
    assert judged.exit_code == 0 and json.loads(judged.stdout), judged.output
