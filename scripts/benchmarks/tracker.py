"""Which tracker follows the road best? Ours and the libraries on recordings with known truth, and their time per frame."""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from edge_agent.core.overlap import pairwise_iou
from edge_agent.core.types import Detections
from scripts.benchmarks.mot.metrics import Labelled, Score, score
from scripts.benchmarks.mot.peers import FOLLOWERS, Begin
from scripts.benchmarks.mot.recordings import Recording, kitti, roadtrack_stops, simulated, tud
from scripts.benchmarks.mot.stops import LEAST_IOU, strayed

SHARED = Path(__file__).resolve().parents[3] / "shared"
COUNTS = (10, 50, 200)
SIMULATED_S = 120.0
INSTALL = "./scripts/bench tracker --install"


def follow(begin: Begin, fps: float, detections: Sequence[Detections]) -> list[Labelled]:
    update = begin(fps)
    return [update(index / fps, seen) for index, seen in enumerate(detections)]


def judge(recording: Recording, begin: Begin) -> Score:
    tracks = follow(begin, recording.fps, recording.detections)
    return score(recording.truth, [_outside(*pair) for pair in zip(tracks, recording.ignored, strict=True)])


def judge_stops(recording: Recording, begin: Begin) -> tuple[Score, int]:
    """Score against the standing vehicles, and the tracks that left one."""
    tracks = follow(begin, recording.fps, recording.detections)
    return score(recording.truth, tracks, LEAST_IOU), strayed(recording.truth, tracks)


def _outside(tracks: Labelled, ignored: Labelled) -> Labelled:
    """Tracks without those in regions that nobody labelled."""
    clear = pairwise_iou(tracks.boxes, ignored.boxes).max(axis=1, initial=0.0) < 0.3
    return Labelled(tracks.ids[clear], tracks.boxes[clear])


def synthetic(count: int, frames: int = 120, fps: float = 15.0, seed: int = 1) -> list[Detections]:
    """Vehicles that cross the picture in straight lines, one in ten unseen in each frame."""
    random = np.random.default_rng(seed)
    centre, size = random.random((count, 2)), random.uniform(0.02, 0.06, (count, 2))
    speed = random.normal(0.0, 0.03, (count, 2))
    result = []
    for frame in range(frames):
        now = (centre + speed * frame / fps) % 1.0
        boxes = np.concatenate([now - size / 2, now + size / 2], axis=1) + random.normal(0.0, 0.001, (count, 4))
        seen = random.random(count) < 0.9
        scores = random.uniform(0.3, 0.95, seen.sum()).astype(np.float32)
        result.append(Detections(boxes[seen].astype(np.float32), scores, np.full(seen.sum(), 2, np.int32)))
    return result


def ms_per_update(begin: Begin, count: int, fps: float = 15.0) -> float:
    """Median of the processor time, blind to what else the machine does, after a warm-up in which tracks are confirmed."""
    update, times_ms = begin(fps), []
    for index, seen in enumerate(synthetic(count, fps=fps)):
        started = time.process_time()
        update(index / fps, seen)
        times_ms.append((time.process_time() - started) * 1e3)
    return statistics.median(times_ms[20:])


def measure(begin: Begin, recordings: Sequence[Recording], stops: Sequence[Recording]) -> dict[str, Any]:
    """Everything about one tracker; ImportError when its library is missing."""
    figures: dict[str, Any] = {
        "ms per frame,": {f"{count} objects": round(ms_per_update(begin, count), 3) for count in COUNTS}
    }
    for recording in recordings:
        total = judge(recording, begin)
        figures[recording.name] = {"idf1": round(total.idf1, 3), "mota": round(total.mota, 3), **_changes(total)}
    if stops:
        total, away = Score(), 0
        for recording in stops:
            one, strays = judge_stops(recording, begin)
            total, away = total + one, away + strays
        recall = round(total.matches / total.truths, 4)
        figures["RoadTrack stops"] = {"recall": recall, **_changes(total), "strayed": away}
    return figures


def _changes(total: Score) -> dict[str, int]:
    return {"switches": total.switches, "breaks": total.breaks}


def table(results: dict[str, dict[str, Any]]) -> Table:
    drawn = Table()
    drawn.add_column("", no_wrap=True)
    for name in results:
        drawn.add_column(name.replace(" ", "\n"), justify="right", no_wrap=True)
    for group, figures in results["ours"].items():
        for name in figures:
            drawn.add_row(f"{group} {name}", *(str(groups[group][name]) for groups in results.values()))
        drawn.add_section()
    return drawn


def main() -> None:
    parser = argparse.ArgumentParser(prog="./scripts/bench tracker", description=__doc__)
    parser.add_argument("--json", action="store_true", help="figures for a program")
    parser.add_argument("--full", action="store_true", help="all 86 RoadTrack sequences with stops, not every sixth")
    options = parser.parse_args()
    notes, recordings, stops = [], [], []
    if SHARED.is_dir():
        recordings = [tud(SHARED / "mot" / "TUD-Campus"), tud(SHARED / "mot" / "TUD-Stadtmitte")]
        recordings.append(kitti(SHARED / "mot" / "kitti0000"))
        stops = list(roadtrack_stops(SHARED / "roadtrack" / "sequences.tar.xz"))[:: 1 if options.full else 6]
    else:
        notes.append(f"recordings skipped: {SHARED} is missing; what is left are simulated roads and the time per frame")
    recordings += [simulated(preset, SIMULATED_S) for preset in ("motorway", "quy_nhon")]
    results: dict[str, dict[str, Any]] = {}
    missing = []
    for name, begin in FOLLOWERS.items():
        print(f"{name} ...", file=sys.stderr)
        try:
            results[name] = measure(begin, recordings, stops)
        except ImportError as error:
            missing.append(f"{name} ({error})")
    if missing:
        notes.append(f"missing: {'; '.join(missing)}; install the peers with: {INSTALL}")
    if options.json:
        print(json.dumps({"trackers": results, "notes": notes}))
        return
    Console(width=None if sys.stdout.isatty() else 160).print(table(results), *notes, sep="\n", highlight=False)


if __name__ == "__main__":
    main()
