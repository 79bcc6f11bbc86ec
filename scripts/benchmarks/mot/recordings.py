"""Recordings with known truth: TUD (MOTChallenge 2015), KITTI tracking 0000, RoadTrack's stopped vehicles, simulated roads."""

import csv
import tarfile
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from msgspec import structs

from edge_agent.app.simulate import write_folder
from edge_agent.core.types import NO_DETECTIONS, Detections
from edge_agent.simulation import presets
from edge_agent.sources.recorded import read_detections
from scripts.benchmarks.mot.metrics import Labelled

NOBODY = Labelled(np.empty(0, np.int64), np.empty((0, 4)))
LEAST_VISIBLE, LEAST_PX = 0.3, 16.0  # of a simulated vehicle that a tracker is asked for


@dataclass(frozen=True)
class Recording:
    name: str
    fps: float
    detections: list[Detections]
    truth: list[Labelled]
    ignored: list[Labelled]  # regions where nobody knows what is there


def tud(folder: Path, fps: float = 25.0, width: int = 640, height: int = 480) -> Recording:
    """MOTChallenge text: frame from 1, id, left, top, width, height, score (absent: -1), ..."""
    truth, seen = (_by_frame((folder / name).read_text()) for name in ("gt.txt", "test.txt"))
    frames = range(1, max(truth) + 1)
    size = np.array([width, height, width, height])
    return Recording(
        folder.name,
        fps,
        [_detections([(*_corners(row), 1.0, 0) for row in seen[frame]], size) for frame in frames],
        [_labelled([(int(row[1]), *_corners(row)) for row in truth[frame]], size) for frame in frames],
        [NOBODY for _ in frames],
    )


def kitti(folder: Path, fps: float = 10.0, width: int = 1242, height: int = 375) -> Recording:
    """label_02 (frame from 0, id, type, ..., box) and YOLOv8 rows (frame, -1, left, top, right, bottom, score, class)."""
    seen: dict[int, list[tuple[float, ...]]] = defaultdict(list)
    for line in (folder / "yolov8_det_0000.txt").read_text().splitlines():
        row = [float(value) for value in line.split(",")]
        seen[int(row[0])].append(tuple(row[2:8]))
    truth: dict[int, list[tuple[float, ...]]] = defaultdict(list)
    ignored: dict[int, list[tuple[float, ...]]] = defaultdict(list)
    for line in (folder / "label_02_0000.txt").read_text().splitlines():
        frame, number, kind, _, _, _, *rest = line.split(" ")
        into = ignored if kind == "DontCare" else truth
        into[int(frame)].append((int(number), *map(float, rest[:4])))
    frames = range(max(truth) + 1)
    size = np.array([width, height, width, height])
    return Recording(
        "KITTI 0000",
        fps,
        [_detections(seen[frame], size) for frame in frames],
        [_labelled(truth[frame], size) for frame in frames],
        [_labelled(ignored[frame], size) for frame in frames],
    )


def roadtrack_stops(archive: Path, fps: float = 10.0, width: int = 640, height: int = 540) -> Iterator[Recording]:
    """The sequences of kind P; the truth holds the vehicles that stand, and nobody else."""
    texts: dict[str, dict[str, str]] = defaultdict(dict)
    with tarfile.open(archive) as members:
        for member in members:
            kind, name, file = member.name.split("/")
            if kind == "P":
                texts[name][file] = members.extractfile(member).read().decode()  # type: ignore[union-attr]
    size = np.array([width, height, width, height])
    for name, files in sorted(texts.items()):
        seen, truth = _by_frame(files["det.txt"]), _by_frame(files["gt.txt"])
        frames = range(1, max(max(seen), max(truth)) + 1)
        rows = [[(*_corners(row), row[6], row[7]) for row in seen[frame] if row[6] > 0] for frame in frames]
        yield Recording(
            name,
            fps,
            [_detections(frame, size) for frame in rows],
            [_labelled([(row[1], *_corners(row)) for row in truth[frame]], size) for frame in frames],
            [NOBODY for _ in frames],
        )


def simulated(preset: str, seconds: float, detector: str = "nanodet-g-416") -> Recording:
    """A simulated road as the model of this detector sees it, and its tracks.csv. What is hidden or tiny is ignored."""
    plan = structs.replace(presets.load(preset), duration_s=seconds)
    size, fps = plan.camera.size_px, plan.fps
    truth: dict[int, list[tuple[float, ...]]] = defaultdict(list)
    ignored: dict[int, list[tuple[float, ...]]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as name:
        write_folder(plan, Path(name), detector)
        with (Path(name) / "tracks.csv").open() as file:
            for row in csv.DictReader(file):
                left, top, width, height = (float(row[side]) for side in ("left", "top", "width", "height"))
                clear = float(row["visible"]) >= LEAST_VISIBLE and height >= LEAST_PX
                into = truth if clear else ignored
                into[int(row["frame"])].append((float(row["id"]), left, top, left + width, top + height))
        seen = [found for _, _, found in read_detections(Path(name) / "detections.txt", size, fps)]
    frames = range(1, len(seen) + 1)
    sides = np.array([*size, *size])
    return Recording(
        f"simulated {preset}",
        fps,
        seen,
        [_labelled(truth[frame], sides) for frame in frames],
        [_labelled(ignored[frame], sides) for frame in frames],
    )


def _by_frame(text: str) -> dict[int, list[list[float]]]:
    """Lines of MOTChallenge text by their frame."""
    frames: dict[int, list[list[float]]] = defaultdict(list)
    for line in text.splitlines():
        row = [float(value) for value in line.split(",")]
        frames[int(row[0])].append(row)
    return frames


def _corners(row: list[float]) -> tuple[float, float, float, float]:
    left, top, width, height = row[2:6]
    return left, top, left + width, top + height


def _detections(rows: Sequence[tuple[float, ...]], size: np.ndarray) -> Detections:
    """Rows of left, top, right, bottom, score, class -> detections, best first."""
    if not rows:
        return NO_DETECTIONS
    table = np.array(sorted(rows, key=lambda row: -row[4]))
    boxes = (table[:, :4] / size).astype(np.float32)
    return Detections(boxes, table[:, 4].astype(np.float32), table[:, 5].astype(np.int32))


def _labelled(rows: Sequence[tuple[float, ...]], size: np.ndarray) -> Labelled:
    if not rows:
        return NOBODY
    table = np.array(rows)
    return Labelled(table[:, 0].astype(np.int64), table[:, 1:5] / size)
