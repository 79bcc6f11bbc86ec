"""The demo's account of what was staged and what arrived."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from scripts.staged import Staged

STARTED_AT = 1_700_000_000.0


def staged(folder: Path, until_s: float, *incidents: dict[str, Any]) -> Staged:
    (folder / "truth.json").write_text(json.dumps({"incidents": list(incidents)}))
    return Staged({"north": folder / "truth.json"}, STARTED_AT, until_s)


def stored(kind: str, at_s: float, *, lane: str = "1", camera: str = "north", phase: str = "new", late_s: float = 0.5) -> Any:
    def text(s: float) -> str:
        return datetime.fromtimestamp(STARTED_AT + s, UTC).isoformat()

    data = {"kind": kind, "phase": phase, "camera": camera, "lane": lane, "updated_at": text(at_s)}
    return {"received_at": text(at_s + late_s), "event": {"data": data}}


WRONG_WAY = {"kind": "wrong_way", "lane": "1", "start_s": 20.0, "end_s": 24.0}


def test_an_alert_is_held_against_what_was_staged_and_its_delay_told(tmp_path: Path) -> None:
    play = staged(tmp_path, 60, WRONG_WAY)
    assert "its alert came after  2.5 s" in (play.arrived(stored("wrong_way", 22.0)) or "")
    assert play.missing == []


def test_what_is_no_alert_of_it_leaves_it_missing(tmp_path: Path) -> None:
    play = staged(tmp_path, 60, WRONG_WAY)
    for other in (
        stored("wrong_way", 22.0, lane="2"), stored("wrong_way", 22.0, camera="south"), stored("pedestrian", 22.0),
        stored("wrong_way", 18.0), stored("wrong_way", 29.5),
    ):  # fmt: skip
        assert (play.arrived(other) or "").startswith("unstaged")
    assert play.arrived(stored("wrong_way", 22.0, phase="update")) is None
    assert [one.kind for one in play.missing] == ["wrong_way"]


def test_one_alert_is_not_taken_for_two_incidents(tmp_path: Path) -> None:
    play = staged(tmp_path, 60, WRONG_WAY, WRONG_WAY | {"start_s": 21.0})
    play.arrived(stored("wrong_way", 22.0))
    assert len(play.missing) == 1


def test_what_begins_too_late_to_be_recognised_is_not_asked_for_and_is_no_surprise(tmp_path: Path) -> None:
    stop = {"kind": "stopped_vehicle", "lane": "1", "start_s": 20.0, "end_s": 90.0}
    short, long = staged(tmp_path, 30, stop), staged(tmp_path, 40, stop)
    assert short.missing == [] and len(long.missing) == 1
    assert (short.arrived(stored("stopped_vehicle", 29.9)) or "").startswith("staged")


def test_beyond_the_known_truth_an_alert_is_neither_staged_nor_unstaged(tmp_path: Path) -> None:
    play = staged(tmp_path, 60, WRONG_WAY, WRONG_WAY | {"start_s": 58.0, "end_s": 60.0})
    assert (play.arrived(stored("wrong_way", 59.9, lane="2")) or "").startswith("unstaged")
    assert (play.arrived(stored("wrong_way", 60.5)) or "").startswith("staged")  # of what began before
    assert play.arrived(stored("wrong_way", 60.5)) is None
    assert play.arrived(stored("wrong_way", -300.0)) is None  # of an earlier demo in the same folder


def test_what_comes_is_told_in_its_order(tmp_path: Path) -> None:
    play = staged(tmp_path, 60, WRONG_WAY, {"kind": "pedestrian", "start_s": 8.0, "end_s": 9.0})
    assert [str(one).split() for one in play.incidents] == [
        ["pedestrian", "north", "staged", "at", "8.0", "s"],
        ["wrong_way", "north", "lane", "1", "staged", "at", "20.0", "s"],
    ]
