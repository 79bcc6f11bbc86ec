"""`edge-agent simulate --out`: what lies in the folder already is the same, or stays and is said."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from edge_agent.app.simulate import write_folder
from edge_agent.core.failure import WrongInput
from edge_agent.simulation import presets
from edge_agent.simulation.plan import Simulation

DETECTOR = "nanodet-g-416"


def plan(seed: int = 1) -> Simulation:
    return replace(presets.load("motorway"), seed=seed, duration_s=2.0, warm_up_s=0.0)


def held(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Inode and content of every file: what is written anew has another inode."""
    return {path.name: (path.stat().st_ino, path.read_bytes()) for path in folder.iterdir()}


def refused(folder: Path, told: str, detector: str | None = None) -> None:
    before = held(folder)
    with pytest.raises(WrongInput, match=told) as raised:
        write_folder(plan(), folder, detector)
    assert str(folder) in str(raised.value) and "name " in str(raised.value)
    assert held(folder) == before


def test_the_same_plan_again_changes_nothing_and_adds_what_is_missing(tmp_path: Path) -> None:
    write_folder(plan(), tmp_path)  # an empty folder is as good as a new one
    before = held(tmp_path)
    write_folder(plan(), tmp_path)
    assert held(tmp_path) == before
    (tmp_path / "truth.json").unlink()  # as after a run that was cut short
    write_folder(plan(), tmp_path, DETECTOR)
    after = held(tmp_path)
    assert after.keys() - before.keys() == {"detections.txt", "foreground.txt"}
    assert after["truth.json"][1] == before["truth.json"][1]


def test_another_simulation_is_not_overwritten(tmp_path: Path) -> None:
    write_folder(plan(seed=2), tmp_path)
    refused(tmp_path, "holds another simulation")


@pytest.mark.parametrize("name", ["scene.json", "truth.json", "clip.mp4"])
def test_what_was_made_by_hand_is_not_overwritten(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("{}")
    refused(tmp_path, "holds files that no simulation wrote")


@pytest.mark.parametrize("name", ["scene.json", "truth.json", "tracks.csv", "detections.txt"])
def test_what_was_changed_by_hand_is_not_overwritten(tmp_path: Path, name: str) -> None:
    write_folder(plan(), tmp_path, DETECTOR)
    (tmp_path / name).write_text("changed")
    refused(tmp_path, f"{name}: is not what this plan gives", DETECTOR)


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(WrongInput, match="is a file"):
        write_folder(plan(), tmp_path / "file")
