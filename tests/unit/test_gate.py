"""Pictures, the real detector and the rules: the detector is spared, and the same is told."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge_agent.app.analyse import EVERY_FRAME, Analysis, analyse
from edge_agent.app.gate import build_gate
from edge_agent.config import AttentionConfig, DetectorConfig
from edge_agent.core.types import Frame
from tests.roads import scene
from tests.unit.drawn_road import HEIGHT, WIDTH, drawn_road

FPS, SECONDS = 5, 16
LANE = [[0.39, 0.37], [0.61, 0.37], [1.0, 1.0], [0.0, 1.0]]
SCENE = {
    "camera": "drawn",
    "ref_resolution": [WIDTH, HEIGHT],
    "lanes": [{"id": "1", "polygon": LANE, "centreline": [[0.5, 1.0], [0.5, 0.37]]}],
}


@pytest.fixture(scope="module")
def road(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two cars stand for 16 s before a camera with some noise."""
    folder = tmp_path_factory.mktemp("road")
    (folder / "scene.json").write_text(json.dumps(SCENE))
    writer = cv2.VideoWriter(str(folder / "clip.avi"), cv2.VideoWriter.fourcc(*"MJPG"), FPS, (WIDTH, HEIGHT))
    random, picture = np.random.default_rng(3), drawn_road()
    for _ in range(SECONDS * FPS):
        writer.write(np.clip(picture + random.normal(0, 2, (HEIGHT, WIDTH, 1)), 0, 255).astype(np.uint8))
    writer.release()
    return folder


def analysed(road: Path, attention: AttentionConfig) -> Analysis:
    return analyse(road / "clip.avi", road / "scene.json", detector=DetectorConfig(threads=1), attention=attention)


def test_a_stopped_vehicle_is_told_alike_with_fewer_looks(road: Path) -> None:
    every, some = analysed(road, EVERY_FRAME), analysed(road, AttentionConfig())
    assert every.looks == every.frames == some.frames == SECONDS * FPS
    assert some.looks <= 0.75 * every.looks
    told = [[(one.kind, one.phase, one.lane, one.updated_s) for one in found.incidents] for found in (every, some)]
    assert ("stopped_vehicle", "new") in [one[:2] for one in told[0]]
    assert [one[:3] for one in told[0]] == [one[:3] for one in told[1]]
    assert np.allclose([one[3] for one in told[0]], [one[3] for one in told[1]], rtol=0, atol=1.0)


@pytest.mark.parametrize("enabled", [True, False])
def test_nobody_looks_for_a_camera_that_is_blind(enabled: bool) -> None:
    gate = build_gate(AttentionConfig(enabled=enabled), scene())
    random = np.random.default_rng(1)
    frames = [Frame("test", index, index / FPS, random.integers(0, 255, (90, 160, 3), np.uint8)) for index in range(5)]
    assert [gate.opens(frame, "blind") for frame in frames[:3]] == [False] * 3
    assert [gate.opens(frame, "moving") for frame in frames[3:]] == [True] * 2


def test_a_gate_that_is_switched_off_lets_every_frame_through() -> None:
    gate, still = build_gate(EVERY_FRAME, scene()), np.full((90, 160, 3), 90, np.uint8)
    assert all(gate.opens(Frame("test", index, index / FPS, still), "nobody") for index in range(20))
    resting = build_gate(AttentionConfig(), scene())
    assert [resting.opens(Frame("test", index, index / FPS, still), "nobody") for index in range(20)].count(True) == 6
