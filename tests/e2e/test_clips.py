"""Six real roads from end to end: forwards they are calm, backwards everyone drives the wrong way, and the video plays."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import pytest

SCENES = Path(__file__).resolve().parents[1] / "scenes"
CROSS = {"bgs_video02.avi": 43, "boof_highway_bridge_jitter.mp4": 16}  # the count lines, counted by eye
EDGE_AGENT = Path(sys.executable).parent / "edge-agent"


def analyse(shared: Path, clip: str, *options: str | Path) -> dict[str, Any]:
    """The summary that the command prints."""
    path = shared / "clips" / clip
    assert size_px(path) == json.loads((SCENES / f"{path.stem}.json").read_text())["ref_resolution"]
    finished = subprocess.run(
        [EDGE_AGENT, "analyse", path, "--scene", SCENES / f"{path.stem}.json", "--json", *options],
        capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert finished.returncode == 0, finished.stderr
    summary: dict[str, Any] = json.loads(finished.stdout)
    return summary


def size_px(clip: Path) -> list[int]:
    reader = cv2.VideoCapture(str(clip))
    found = [int(reader.get(cv2.CAP_PROP_FRAME_WIDTH)), int(reader.get(cv2.CAP_PROP_FRAME_HEIGHT))]
    reader.release()
    return found


def begun(summary: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [one for one in summary["incidents"] if one["kind"] == kind and one["phase"] == "new"]


@pytest.mark.parametrize(
    ("clip", "fps", "frames", "size_px"),
    [
        ("bgs_video02.avi", 8, 240, (960, 720)),
        ("boof_highway_bridge_jitter.mp4", 8, 153, (960, 722)),
        ("boof_street_intersection.mp4", 4, 184, (960, 720)),
        ("iacv_salitona.mp4", 6, 90, (960, 786)),
        ("intel_car-detection.mp4", 4, 121, (960, 540)),
        ("ota_Cars-Cyclist.mp4", 20, 60, (960, 720)),
    ],
)
def test_forwards_nothing_is_wrong(
    shared: Path, tmp_path: Path, clip: str, fps: int, frames: int, size_px: tuple[int, int]
) -> None:
    video = tmp_path / "seen.mp4"
    summary = analyse(shared, clip, "--fps", str(fps), "--annotate", video)
    assert summary["incidents"] == []
    assert abs(summary["frames"] - frames) <= 1
    assert frames_of(video) == (summary["frames"], size_px)
    if clip in CROSS:
        counted = sum(sum(line["forward"].values()) for line in summary["lines"])
        assert abs(counted - CROSS[clip]) <= 2
        assert all(line["backward"] == {} for line in summary["lines"])


def frames_of(video: Path) -> tuple[int, tuple[int, int]]:
    """How many frames can be decoded, and the size of the last one."""
    reader, count, size_px = cv2.VideoCapture(str(video)), 0, (0, 0)
    while True:
        read, picture = reader.read()
        if not read:
            return count, size_px
        count, size_px = count + 1, (picture.shape[1], picture.shape[0])


@pytest.mark.parametrize(
    ("clip", "fps", "drivers"),
    [
        ("bgs_video02.avi", 6, (37, 46)),  # 45 vehicles can be followed for long enough
        ("boof_highway_bridge_jitter.mp4", 6, (15, 18)),  # 17
        ("iacv_salitona.mp4", 25, (2, 4)),  # 4, at dusk
    ],
)
def test_backwards_every_driver_is_one_incident(shared: Path, clip: str, fps: int, drivers: tuple[int, int]) -> None:
    found = begun(analyse(shared, clip, "--fps", str(fps), "--reverse"), "wrong_way")
    assert drivers[0] <= len(found) <= drivers[1]
    assert {one["severity"] for one in found} == {"critical"}
