"""What computes the detector fastest here, and does it still see the same? ONNX Runtime and OpenVINO, float and 8-bit files.

    ./scripts/bench engines [--models NAME...] [--threads N...] [--rounds N] [--json]

Bare inference in turn in one process, so that all see the same machine. Agreement is with the first model in ONNX Runtime, on
frames of footage beside the repository where there is some: what share of its boxes another one finds (IoU 0.5), and what share
of the other's boxes are among its own.
"""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.core.overlap import pairwise_iou
from edge_agent.core.types import Detections
from edge_agent.detectors.catalogue import ModelError, load_model
from edge_agent.detectors.detector import ENGINES, OnnxDetector

CLIPS = Path(__file__).resolve().parents[3] / "shared" / "clips"
MODELS = ("nanodet-g-416", "nanodet-g-416-int8")
SCORE, SAME_IOU = 0.25, 0.5
EVERY, FRAMES_OF_A_CLIP = 40, 12
CALLS = 3  # of one engine, before the next has its turn


class Contestant(NamedTuple):
    model: str
    engine: str
    threads: int
    detector: OnnxDetector


def main() -> None:
    parser = argparse.ArgumentParser(prog="./scripts/bench engines", description=__doc__.partition("\n")[0])
    parser.add_argument("--models", nargs="+", default=MODELS, metavar="NAME", help="names, or .onnx files")
    parser.add_argument("--threads", nargs="+", type=int, default=(1, 2))
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--json", action="store_true", dest="as_json")
    options = parser.parse_args()
    contestants, missing = open_all(options.models, options.threads)
    pictures = list(footage()) or [np.full((360, 640, 3), 105, np.uint8)]
    times = race(contestants, pictures[0], options.rounds)
    seen = [[one.detector.detect(picture) for picture in pictures] for one in contestants]
    rows = [
        {"model": one.model, "engine": one.engine, "threads": one.threads, **figures, **agreement(seen[0], boxes)}
        for one, figures, boxes in zip(contestants, times, seen, strict=True)
    ]
    if options.as_json:
        print(json.dumps({"rows": rows, "pictures": len(pictures), "missing": sorted(missing)}))
    else:
        print(table(rows), f"{len(pictures)} pictures", *sorted(missing), sep="\n")


def open_all(models: list[str], threads: list[int]) -> tuple[list[Contestant], set[str]]:
    opened, missing = [], set()
    for count in threads:
        for name in models:
            for engine in ENGINES:
                try:
                    detector = OnnxDetector(load_model(name), engine=engine, threads=count, score_threshold=SCORE)
                except ModelError as error:
                    missing.add(str(error))
                else:
                    opened.append(Contestant(Path(name).stem, engine, count, detector))
    return opened, missing


def footage() -> Iterator[NDArray[np.uint8]]:
    for clip in sorted(path for path in CLIPS.glob("*") if path.suffix in (".avi", ".mp4")):
        video = cv2.VideoCapture(str(clip))
        for index in range(EVERY * FRAMES_OF_A_CLIP):
            if not video.grab():
                break
            if index % EVERY == 0:
                pixels = video.retrieve()[1]
                yield cv2.resize(pixels, (640, round(640 * pixels.shape[0] / pixels.shape[1])))  # type: ignore[misc]


def race(contestants: list[Contestant], picture: NDArray[np.uint8], rounds: int) -> list[dict[str, float]]:
    """Median and least ms of bare inference: processor time of all threads, and by the clock."""
    inputs = [one.detector.preprocess(picture) for one in contestants]
    cpu: list[list[float]] = [[] for _ in contestants]
    wall: list[list[float]] = [[] for _ in contestants]
    for _ in range(rounds):
        for index, one in enumerate(contestants):
            one.detector.infer(inputs[index])  # its caches again
            for _ in range(CALLS):
                began, began_wall = time.process_time(), time.perf_counter()
                one.detector.infer(inputs[index])
                cpu[index].append((time.process_time() - began) * 1000)
                wall[index].append((time.perf_counter() - began_wall) * 1000)
    return [
        {"cpu_ms": statistics.median(a), "least_cpu_ms": min(a), "wall_ms": statistics.median(b), "least_wall_ms": min(b)}
        for a, b in zip(cpu, wall, strict=True)
    ]


def agreement(reference: list[Detections], other: list[Detections]) -> dict[str, float]:
    found = expected = right = answered = 0
    for one, two in zip(reference, other, strict=True):
        same = pairwise_iou(one.boxes.astype(float), two.boxes.astype(float)) > SAME_IOU
        found, expected = found + int(same.any(axis=1).sum()), expected + len(one)
        right, answered = right + int(same.any(axis=0).sum()), answered + len(two)
    return {"finds": found / max(expected, 1), "are_its": right / max(answered, 1)}


def table(rows: list[dict[str, Any]]) -> str:
    lines = [f"{'model':22}{'engine':14}{'threads':>8}{'CPU ms (least)':>18}{'wall ms (least)':>18}{'finds':>8}{'are its':>9}"]
    for row in rows:
        cpu, wall = (f"{row[f'{of}_ms']:.1f} ({row[f'least_{of}_ms']:.1f})" for of in ("cpu", "wall"))
        lines.append(
            f"{row['model']:22}{row['engine']:14}{row['threads']:>8}{cpu:>18}{wall:>18}{row['finds']:>8.1%}{row['are_its']:>9.1%}"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
