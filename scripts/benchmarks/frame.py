"""What a frame costs: ms per stage, the whole as a ratio to bare inference, the memory of a running agent, and a peer.

    ./scripts/bench frame [--clip CLIP --scene SCENE] [--frames N] [--threads N] [--runs N] [--json]

Bare inference is `InferenceSession.run` on the same frames, one by one in turn with the whole chain, so that both see
the same machine. Decoding happens in the capture child; it is told apart and not part of the ratio. The peer is ultralytics'
`track`, on one thread: what it costs beyond inference, and its memory, beside ours with decoding, rules and outbox.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from edge_agent import __version__
from edge_agent.app.analyse import media_voice
from edge_agent.app.detecting import build_detector
from edge_agent.app.scenes import load_scene, unseen_areas
from edge_agent.config import DetectorConfig, OutboxConfig
from edge_agent.core.pipeline import Pipeline
from edge_agent.core.types import Frame
from edge_agent.core.wire import outgoing
from edge_agent.image_checks.check import PictureCheck
from edge_agent.sinks.clock import boot_id, read_clock
from edge_agent.sinks.origin import Origin
from edge_agent.sinks.outbox import Outbox
from edge_agent.sources.clip import read_clip
from scripts.benchmarks.beside.compare import compare
from scripts.benchmarks.beside.compare import table as beside_table
from scripts.benchmarks.processes import cpu_s, pss_mb
from scripts.benchmarks.road_clip import ROAD_SCENE, write_road_clip

CLIPS = Path(__file__).resolve().parents[3] / "shared" / "clips"
SCENES = Path(__file__).resolve().parents[2] / "tests" / "scenes"
DEFAULT = "bgs_video02.avi"
STAGES = ("preprocess", "inference", "postprocess", "picture_checks", "tracking", "locating", "incidents", "outbox")
AIM_RATIO, AIM_MB = 1.15, 300
AGENT_S = 12.0


def main() -> int:
    parser = argparse.ArgumentParser(prog="./scripts/bench frame", description=__doc__.partition("\n")[0])
    parser.add_argument("--clip", type=Path)
    parser.add_argument("--scene", type=Path)
    parser.add_argument("--frames", type=int, default=300)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--runs", type=int, default=5, help="of each side beside its peer; 0: no peer")
    parser.add_argument("--model", default=DetectorConfig().model)
    parser.add_argument("--json", action="store_true", dest="as_json")
    options = parser.parse_args()
    if bool(options.clip) != bool(options.scene):
        parser.error("--clip and --scene belong together")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        clip, scene = _clip_and_scene(options, folder)
        result = measure(clip, scene, options.frames, options.threads, options.model, folder)
        result["agent_pss_mb"] = measure_agent(clip, scene, folder)
        try:
            beside = compare(clip, scene, options.frames, 1, options.runs, folder) if options.runs else None
        except ImportError as missing:
            beside = None
            print(f"bench frame: {missing}", file=sys.stderr)
    result["clip"], result["aim"] = clip.name, {"ratio": AIM_RATIO, "pss_mb": AIM_MB}
    if options.as_json:
        print(json.dumps({**result, "beside": beside}))
    else:
        print(table(result), *([beside_table(beside)] if beside else []), sep="\n")
    return 0


def _clip_and_scene(options: argparse.Namespace, folder: Path) -> tuple[Path, Path]:
    """The one asked for, real footage where it lies beside the repository, else a drawn road."""
    if options.clip and options.scene:
        return options.clip, options.scene
    if (CLIPS / DEFAULT).exists():
        return CLIPS / DEFAULT, SCENES / Path(DEFAULT).with_suffix(".json").name
    scene = folder / "scene.json"
    scene.write_text(json.dumps(ROAD_SCENE))
    return write_road_clip(folder / "road.avi", options.frames), scene


def measure(clip: Path, scene_path: Path, frames: int, threads: int, model: str, folder: Path) -> dict[str, Any]:
    pictures, decode_ms = _decode(clip, frames)
    scene, _ = load_scene(scene_path)
    detector = build_detector(DetectorConfig(model=model, threads=threads))
    pipeline, check = Pipeline(scene), PictureCheck(unseen_areas(scene))
    voice = media_voice(scene.camera, 0.0, pipeline)
    boot = boot_id()
    origin = Origin("bench", "00000000", boot, "", __version__, lambda: read_clock(boot))
    outbox = Outbox.open(folder / "outbox.db", origin, OutboxConfig())
    spent: Counter[str] = Counter()
    _time_inside(pipeline, spent)
    bare_s, road_users, events = 0.0, 0, 0
    for picture in pictures[:5]:
        detector.detect(picture.pixels)
    for picture in pictures:
        blob = detector.preprocess(picture.pixels)
        bare_s += _timed(spent, "bare", lambda blob=blob: detector.infer(blob))[1]
        prepared, _ = _timed(spent, "preprocess", lambda p=picture: detector.preprocess(p.pixels))
        outputs, _ = _timed(spent, "inference", lambda p=prepared: detector.infer(p))
        found, _ = _timed(spent, "postprocess", lambda o=outputs, p=prepared: detector.postprocess(o, p))
        seen, _ = _timed(spent, "picture_checks", lambda p=picture: check.look(p.at_s, p.pixels))
        said, _ = _timed(spent, "pipeline", lambda p=picture, f=found, r=seen: pipeline.update(p.at_s, f, r))
        if said:
            _timed(spent, "outbox", lambda s=said: outbox.append([outgoing(one, voice) for one in s]))
        road_users, events = road_users + len(pipeline.road_users), events + len(said)
    minutes = pipeline.flush()  # the traffic state of the minute that these frames began
    _timed(spent, "outbox", lambda: outbox.append([outgoing(one, voice) for one in minutes]))
    outbox.close()
    spent["incidents"] = spent["pipeline"] - spent["tracking"] - spent["locating"]
    n = len(pictures)
    whole_s = sum(spent[stage] for stage in STAGES)
    return {
        "frames": n, "size": f"{pictures[0].pixels.shape[1]}x{pictures[0].pixels.shape[0]}", "model": model,
        "threads": threads or os.cpu_count(), "road_users_per_frame": round(road_users / n, 1), "events": events + len(minutes),
        "decode_ms": round(decode_ms, 3), "stages_ms": {stage: round(spent[stage] / n * 1000, 3) for stage in STAGES},
        "whole_ms": round(whole_s / n * 1000, 3), "bare_ms": round(bare_s / n * 1000, 3),
        "ratio": round(whole_s / bare_s, 3),
    }  # fmt: skip


def _decode(clip: Path, frames: int) -> tuple[list[Frame], float]:
    """The first frames, and the CPU time that the capture child takes for one, in ms."""
    kept: list[Frame] = []
    with read_clip(clip, width=640) as reader:
        (child,) = _children(os.getpid())
        before_s = cpu_s(child)
        for frame in reader:
            kept.append(frame)
            if len(kept) == frames:
                break
        used_s = cpu_s(child) - before_s
    return kept, used_s / len(kept) * 1000


def _time_inside(pipeline: Pipeline, spent: Counter[str]) -> None:
    """Clocks around two steps of the recipe; the rest of it is the rules'."""
    tracker, scene = pipeline._tracker, pipeline.scene
    for owner, name, stage in ((tracker, "update", "tracking"), (scene, "locate", "locating")):
        step = getattr(owner, name)

        def clocked(*arguments: Any, step: Callable[..., Any] = step, stage: str = stage) -> Any:
            return _timed(spent, stage, lambda: step(*arguments))[0]

        setattr(owner, name, clocked)


def _timed(spent: Counter[str], stage: str, work: Callable[[], Any]) -> tuple[Any, float]:
    began_s = time.perf_counter()
    result = work()
    took_s = time.perf_counter() - began_s
    spent[stage] += took_s  # type: ignore[assignment]
    return result, took_s


def measure_agent(clip: Path, scene: Path, folder: Path) -> float:
    """Proportional set size of a real agent on this clip as a camera, all its processes together, in MB."""
    site = folder / "site.toml"
    site.write_text(
        'device = "bench"\ndata_dir = "agent"\n[broker]\nport = 9\n[[cameras]]\nname = "road"\nfps = 10\n'
        f"scene = {json.dumps(str(scene.resolve()))}\n"
        f'source = {{ kind = "clip", path = {json.dumps(str(clip.resolve()))}, loop = true }}\n'
    )
    program = Path(sys.executable).with_name("edge-agent")
    agent = subprocess.Popen([program, "run", "--config", site, "--quiet"], stderr=subprocess.DEVNULL)
    try:
        time.sleep(AGENT_S)
        return round(sum(pss_mb(pid) for pid in [agent.pid, *_children(agent.pid)]), 1)
    finally:
        agent.send_signal(signal.SIGINT)
        agent.wait(30)


def _children(pid: int) -> list[int]:
    found = subprocess.run(["ps", "-o", "pid=,comm=", "--ppid", str(pid)], capture_output=True, text=True, check=False)
    return [int(pid) for pid, name in (line.split() for line in found.stdout.splitlines()) if name != "ps"]


def table(result: dict[str, Any]) -> str:
    rows = [
        f"{result['clip']} {result['size']}, {result['frames']} frames, {result['model']}, {result['threads']} threads, "
        f"{result['road_users_per_frame']} road users a frame, {result['events']} events",
        f"  decode (capture child, CPU)  {result['decode_ms']:8.3f} ms",
    ]
    rows += [f"  {stage:27}  {ms:8.3f} ms" for stage, ms in result["stages_ms"].items()]
    rows += [
        f"  from a decoded frame on      {result['whole_ms']:8.3f} ms",
        f"  bare InferenceSession.run    {result['bare_ms']:8.3f} ms",
        f"  ratio                        {result['ratio']:8.3f}     (aim <= {AIM_RATIO})",
        f"  memory of a running agent    {result['agent_pss_mb']:8.1f} MB  (PSS of all its processes; aim <= {AIM_MB})",
    ]
    return "\n".join(rows)


if __name__ == "__main__":
    sys.exit(main())
