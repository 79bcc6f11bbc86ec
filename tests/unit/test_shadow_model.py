"""A model on trial: judged beside the live one where there are pixels, marked with its name, and nothing else is changed."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner

from edge_agent.cli.analyse import command as analyse
from edge_agent.cli.evaluate import command as evaluate
from edge_agent.core.failure import Failure
from tests.unit.test_capture_command import road as road

OTHER = "nanodet-g-416-int8"


def run(command: Any, *arguments: str | Path) -> str:
    done = CliRunner().invoke(command, [str(one) for one in arguments])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.output


def test_analyse_tells_what_it_would_tell_marked_with_its_name(road: Path, tmp_path: Path) -> None:
    clip, scene = road / "clip.avi", road / "scene.json"
    alone = json.loads(run(analyse, clip, "--scene", scene, "--out", tmp_path / "alone.jsonl", "--json"))
    as_live = json.loads(run(analyse, clip, "--scene", scene, "--model", OTHER, "--json"))
    beside = json.loads(
        run(analyse, clip, "--scene", scene, "--out", tmp_path / "both.jsonl", "--shadow-model", OTHER, "--json")
    )
    assert alone["incidents"] and beside["incidents"] == alone["incidents"]
    assert beside["shadow"] == [{**one, "shadow": OTHER} for one in as_live["incidents"]] != []
    live, both = ((tmp_path / name).read_bytes().splitlines() for name in ("alone.jsonl", "both.jsonl"))
    marked = [line for line in both if b'"shadow":true' in line]
    assert [line for line in both if line not in marked] == live
    ids = {msgspec.json.decode(line)["data"]["incident"] for line in marked}
    assert ids == {f"00000000/north/shadow-{OTHER}/{one['number']}" for one in as_live["incidents"]}


def test_evaluate_scores_it_beside_the_live_one(road: Path, tmp_path: Path) -> None:
    for name in ("clip.avi", "scene.json"):
        (tmp_path / name).write_bytes((road / name).read_bytes())
    (tmp_path / "truth.json").write_text(json.dumps({"fps": 5, "duration_s": 5, "incidents": []}))
    (tmp_path / "detections.txt").write_text("25,-1,-1,-1,-1,-1,-1,-1,-1,-1\n")  # the live one saw nothing
    scores = json.loads(run(evaluate, tmp_path, "--shadow-model", OTHER, "--json"))
    assert scores["kinds"] == {} and scores["shadow"] == {}
    assert scores["shadow_model"]["stopped_vehicle"]["false_alarms"] == 1
    assert scores["shadow_model"]["stopped_vehicle"]["more"] == {"hits": 0, "false_alarms": 1, "duplicates": 0}
    (tmp_path / "clip.avi").unlink()
    with pytest.raises(Failure, match=r"holds no clip\.\* or simulation\.toml: a model on trial looks at pixels"):
        run(evaluate, tmp_path, "--shadow-model", OTHER)
