"""What a detector that rests while nothing moves saves, and whether anything is missed: simulated roads, each looked at twice.

    ./scripts/bench attention [--seconds N] [--fps N] [--model NAME] [--json]

Both see every frame in turn, one with the detector at each, one as `edge-agent run` does it. CPU is that of this process from
the decoded frame on, after the first five seconds, with one thread of inference; decoding is a capture child's.
"""

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import cv2
from msgspec.structs import replace

from edge_agent.app.detecting import build_detector
from edge_agent.app.gate import build_gate
from edge_agent.app.scenes import load_scene, unseen_areas
from edge_agent.config import AttentionConfig, DetectorConfig
from edge_agent.core.pipeline import Pipeline
from edge_agent.core.scene_format import SceneFile
from edge_agent.core.types import Frame, IncidentReport, TrafficMinute
from edge_agent.detectors.detector import OnnxDetector
from edge_agent.image_checks.check import PictureCheck
from edge_agent.simulation.plan import Simulation
from edge_agent.sources.clip import read_clip
from scripts.benchmarks.painted_roads import STAGED, empty, motorway, paint, with_traffic

AIM_SHARE, AIM_LATER_S = 0.1, 0.5  # of an empty road at night; of any incident
SETTLE_S = 5.0
SAME_S = 10.0  # within which two reports of a kind on a lane are of one incident


def roads() -> dict[str, Simulation]:
    road = motorway()
    night = replace(road, light="night")
    return {
        "empty night": empty(night),
        "empty night, rain": empty(replace(night, weather="rain")),
        "quiet night, staged": replace(with_traffic(night, 0.1), script=STAGED),
        "quiet day, staged": replace(with_traffic(road, 0.1), script=STAGED),
        "busy day, staged": replace(road, script=STAGED),
    }


class Chain:
    """One way to look at a camera's frames."""

    def __init__(self, scene: SceneFile, attention: AttentionConfig) -> None:
        self.frames, self.looks, self.cpu_s = 0, 0, 0.0
        self.said: list[IncidentReport | TrafficMinute] = []
        self._pipeline, self._check = Pipeline(scene), PictureCheck(unseen_areas(scene))
        self._gate = build_gate(attention, scene)

    def look(self, frame: Frame, detector: OnnxDetector) -> None:
        began_s = time.process_time()
        wanted = self._gate.opens(frame, self._pipeline.presence)
        detections = detector.detect(frame.pixels) if wanted else None
        self.said += self._pipeline.update(frame.at_s, detections, self._check.look(frame.at_s, frame.pixels))
        if frame.at_s >= SETTLE_S:
            self.cpu_s += time.process_time() - began_s
            self.frames += 1
            self.looks += wanted

    def begun(self) -> list[IncidentReport]:
        return [one for one in self.said if isinstance(one, IncidentReport) and one.phase == "new"]

    def counted(self) -> int:
        minutes = [one for one in [*self.said, *self._pipeline.flush()] if isinstance(one, TrafficMinute)]
        return sum(sum((line.forward | line.backward).values()) for minute in minutes for line in minute.lines)


def main() -> int:
    parser = argparse.ArgumentParser(prog="./scripts/bench attention", description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=60.0, help="of each road; default %(default)g")
    parser.add_argument("--fps", type=float, default=10.0)
    parser.add_argument("--model", default=DetectorConfig().model)
    parser.add_argument("--only", help="the road of this name")
    parser.add_argument("--json", action="store_true", dest="as_json")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    detector = build_detector(DetectorConfig(model=options.model, threads=1))
    results = []
    for name, plan in roads().items():
        if options.only not in (None, name):
            continue
        with tempfile.TemporaryDirectory() as folder:
            clip, scene = paint(plan, Path(folder), options.seconds, options.fps)
            results.append(measure(name, clip, load_scene(scene)[0], detector))
        if not options.as_json:
            print(table(results[-1]), flush=True)
    if options.as_json:
        print(json.dumps(results))
    return 0


def measure(name: str, clip: Path, scene: SceneFile, detector: OnnxDetector) -> dict[str, Any]:
    every, some = Chain(scene, AttentionConfig(enabled=False)), Chain(scene, AttentionConfig())
    with read_clip(clip, camera=scene.camera) as frames:
        for frame in frames:
            for chain in (every, some):
                chain.look(frame, detector)
    missed, added, later_s = compared(every.begun(), some.begun())
    return {
        "road": name, "frames": every.frames, "looks": some.looks, "share": round(some.cpu_s / every.cpu_s, 3),
        "every_ms": round(every.cpu_s / every.frames * 1000, 2), "some_ms": round(some.cpu_s / some.frames * 1000, 2),
        "incidents": dict(Counter(one.kind for one in every.begun())), "missed": missed, "added": added,
        "later_s": [round(one, 2) for one in later_s], "counted": [every.counted(), some.counted()],
    }  # fmt: skip


def compared(every: list[IncidentReport], some: list[IncidentReport]) -> tuple[list[str], list[str], list[float]]:
    """Kinds that only one of them told, and by how much later the other one told the rest."""
    left, missed, later_s = list(some), [], []
    for one in every:
        same = [
            other
            for other in left
            if (other.kind, other.lane) == (one.kind, one.lane) and abs(other.updated_s - one.updated_s) <= SAME_S
        ]
        if same:
            nearest = min(same, key=lambda other: abs(other.updated_s - one.updated_s))
            left.remove(nearest)
            later_s.append(nearest.updated_s - one.updated_s)
        else:
            missed.append(one.kind)
    return missed, [one.kind for one in left], later_s


def table(result: dict[str, Any]) -> str:
    told = ", ".join(f"{count} {kind}" for kind, count in result["incidents"].items()) or "none"
    later = f", at most {max(result['later_s']):.2f} s later" if result["later_s"] else ""
    return "\n".join([
        f"{result['road']}: {result['frames']} frames, the detector looked at {result['looks']}",
        f"  CPU per frame   {result['every_ms']:7.2f} ms at every frame, {result['some_ms']:7.2f} ms with rests: "
        f"{result['share']:.3f} (aim on an empty road <= {AIM_SHARE})",
        f"  incidents       {told}; missed {result['missed'] or 0}, added {result['added'] or 0}{later} (aim <= {AIM_LATER_S})",
        f"  counted         {result['counted'][0]} and {result['counted'][1]} crossings of count lines",
    ])  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
