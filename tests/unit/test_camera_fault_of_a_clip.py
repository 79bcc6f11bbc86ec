"""A camera that goes black in a clip: `analyse` tells why, `evaluate` holds it against the truth."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from edge_agent.cli import group
from tests.clips import ROAD_SCENE, SIZE_PX

FPS, SECONDS, BLACK_S = 2, 16, 5


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("black")
    random = np.random.default_rng(2)
    road = np.asarray(cv2.resize(random.integers(40, 220, (24, 32, 3), np.uint8), SIZE_PX), np.uint8)
    writer = cv2.VideoWriter(str(folder / "clip.avi"), cv2.VideoWriter.fourcc(*"MJPG"), FPS, SIZE_PX)
    for index in range(FPS * SECONDS):
        noise = random.integers(-6, 7, road.shape, np.int8)
        writer.write(cv2.add(road if index < FPS * BLACK_S else np.zeros_like(road), noise, dtype=cv2.CV_8U))
    writer.release()
    (folder / "scene.json").write_text(json.dumps(ROAD_SCENE))
    truth = {"fps": FPS, "duration_s": SECONDS, "incidents": [{"kind": "camera_fault", "start_s": BLACK_S, "end_s": SECONDS}]}
    (folder / "truth.json").write_text(json.dumps(truth))
    return folder


def said(*arguments: str | Path) -> str:
    finished = CliRunner().invoke(group, [str(one) for one in arguments])
    assert finished.exit_code == 0, finished.output
    return finished.output


def test_analyse_tells_why(folder: Path) -> None:
    told = said("analyse", folder / "clip.avi", "--scene", folder / "scene.json", "--fps", "2")
    (line,) = [line for line in told.splitlines() if " new " in line]
    assert line.endswith("#1 Camera blind, covered or moved: picture black")


def test_evaluate_holds_it_against_the_truth(folder: Path) -> None:
    scores = json.loads(said("evaluate", folder, "--json"))
    fault = scores["kinds"]["camera_fault"]
    assert (fault["hits"], fault["false_alarms"], fault["duplicates"], scores["total"]["truths"]) == (1, 0, 0, 1)
    assert 7 <= fault["delay_from_start_s"]["p50"] <= 11
