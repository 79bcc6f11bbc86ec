"""The report of an evaluation: every mistake is in it, in both languages, and nothing is loaded from elsewhere."""

import json
import re
from base64 import b64decode
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner
from msgspec.structs import replace

from edge_agent.app.contact_sheet import BGR, shots
from edge_agent.app.simulate import write_folder
from edge_agent.cli.evaluate import command
from edge_agent.core.failure import WrongInput
from edge_agent.core.scoring import Verdict
from edge_agent.simulation import presets

BOX = (0.3, 0.4, 0.5, 0.7)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scenes") / "motorway"
    write_folder(replace(presets.load("motorway"), duration_s=25.0, warm_up_s=5.0), folder, "nanodet-g-416", tracks=False)
    truth = json.loads((folder / "truth.json").read_text())
    truth["incidents"].append({"kind": "obstacle", "start_s": 3.0, "end_s": 9.0, "box": BOX})
    truth["incidents"].append({"kind": "stray_dog", "start_s": 3.0, "end_s": 9.0})  # of a kind that nobody raises
    (folder / "truth.json").write_text(json.dumps(truth))
    return folder


def test_every_mistake_has_its_picture_and_both_languages_their_words(folder: Path, tmp_path: Path) -> None:
    report = tmp_path / "out.html"
    done = CliRunner().invoke(command, [str(folder), "--list", "--report", str(report), "--jobs", "1"])
    assert done.exit_code == 0, done.output
    text = report.read_text()
    mistakes = len(re.findall(r": (miss|false_alarm|duplicate) ", done.output))
    assert mistakes >= 2
    assert text.count("data:image/jpeg;base64,") == mistakes
    assert "Obstacle on the road" in text
    assert "Vật cản trên đường" in text
    assert "missed: stray_dog" in text
    assert re.findall(r'(?:src|href)="(?!data:)', text) == []
    assert "http" not in text.replace("http://www.w3.org", "")


def picture(jpeg_base64: str) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    decoded = cv2.imdecode(np.frombuffer(b64decode(jpeg_base64), np.uint8), cv2.IMREAD_COLOR)
    return np.asarray(decoded, np.uint8)


@pytest.mark.parametrize("source", ["simulation.toml", "detections.txt"])
def test_the_box_is_drawn_where_it_is(folder: Path, tmp_path: Path, source: str) -> None:
    for name in ("scene.json", "truth.json", source):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    (shot,) = shots(tmp_path, [Verdict("false_alarm", "obstacle", 4.0, BOX)])
    seen = picture(shot.jpeg_base64)
    height, width = seen.shape[:2]
    left = round(BOX[0] * width)
    edge = seen[round(0.45 * height) : round(0.65 * height), left - 3 : left + 2].astype(float)
    off = np.abs(edge - BGR["false_alarm"]).max(axis=2).min(axis=1)
    assert np.median(off) < 60
    if source == "simulation.toml":
        assert seen.std() > 25  # a road, not a grey ground


def test_what_lies_beyond_the_end_has_no_picture(folder: Path, tmp_path: Path) -> None:
    for name in ("scene.json", "truth.json", "detections.txt"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    found = list(shots(tmp_path, [Verdict("miss", "obstacle", 3.0, None), Verdict("miss", "obstacle", 99.0, None)]))
    assert [shot.verdict.at_s for shot in found] == [3.0]


def test_a_report_that_cannot_be_written_is_one_line(folder: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(command, [str(folder), "--report", str(tmp_path / "none" / "out.html")])
    assert isinstance(done.exception, WrongInput)
    assert "none/out.html" in str(done.exception)
