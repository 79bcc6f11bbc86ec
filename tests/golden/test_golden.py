"""Each folder is a situation that was once decided: the same detections give the same events, for ever and everywhere."""

from pathlib import Path

import pytest

from tests.golden.replaying import folders, read_events, replay


@pytest.mark.parametrize("folder", folders(), ids=lambda folder: folder.name)
def test_the_same_detections_give_the_same_events(folder: Path, tmp_path: Path) -> None:
    assert replay(folder, tmp_path / "events.jsonl") == read_events(folder / "events.jsonl")


def test_there_are_golden_folders() -> None:
    assert len(folders()) >= 5
