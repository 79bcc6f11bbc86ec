"""One side of the comparison: a clip from its file to the outbox, as the agent sees it. Prints its account as JSON."""

import json
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from edge_agent import __version__
from edge_agent.app.analyse import media_voice
from edge_agent.app.detecting import build_detector
from edge_agent.app.scenes import load_scene, private_masks, unseen_areas
from edge_agent.config import DetectorConfig, OutboxConfig
from edge_agent.core.pipeline import Pipeline
from edge_agent.core.wire import outgoing
from edge_agent.image_checks.check import PictureCheck
from edge_agent.sinks.clock import boot_id, read_clock
from edge_agent.sinks.origin import Origin
from edge_agent.sinks.outbox import Outbox
from edge_agent.sources.clip import read_clip
from scripts.benchmarks.beside.account import WARM_UP, Account
from scripts.benchmarks.processes import cpu_s, pss_mb


def main() -> None:
    clip, scene_path, model, frames, threads, score = sys.argv[1:]
    scene, _ = load_scene(Path(scene_path))
    detector = build_detector(DetectorConfig(model=model, threads=int(threads), score_threshold=float(score)))
    pipeline, check, account = Pipeline(scene), PictureCheck(unseen_areas(scene)), Account()
    detector.infer = account.twice(detector.infer)  # type: ignore[method-assign]
    voice, boot = media_voice(scene.camera, 0.0, pipeline), boot_id()
    origin = Origin("bench", "00000000", boot, "", __version__, lambda: read_clock(boot))
    spent_on: Counter[str] = Counter()
    clocked(pipeline, "update", spent_on)
    clocked(pipeline._tracker, "update", spent_on, of="tracker")
    clocked(check, "look", spent_on)
    boxes, tracked = 0, 0
    with tempfile.TemporaryDirectory() as folder, read_clip(Path(clip), masks=private_masks(scene)) as reader:
        outbox = Outbox.open(Path(folder) / "outbox.db", origin, OutboxConfig())
        for frame in reader:
            found = detector.detect(frame.pixels)
            said = pipeline.update(frame.at_s, found, check.look(frame.at_s, frame.pixels))
            if said:
                outbox.append([outgoing(one, voice) for one in said])
            boxes, tracked = boxes + len(found.boxes), tracked + sum(user.track.seen for user in pipeline.road_users)
            if account.tick():
                decoded_s = cpu_s(reader.child_pid)
                spent_on.clear()
            if frame.index + 1 == int(frames) + WARM_UP:
                break
        spent = account.ms_per_frame()
        decode = (cpu_s(reader.child_pid) - decoded_s) * 1000 / int(frames)
        spent["whole"] += decode  # the capture child's
        spent["rules"] = (spent_on["update"] + spent_on["look"] - spent_on["tracker"]) * 1000 / int(frames)
        pss = pss_mb() + pss_mb(reader.child_pid)
        outbox.close()
    seen = frame.index + 1
    print(json.dumps({**spent, "decode": decode, "pss_mb": pss, "boxes": boxes / seen, "tracked": tracked / seen}))


def clocked(owner: Any, name: str, spent_on: Counter[str], of: str = "") -> None:
    step = getattr(owner, name)

    def timed(*arguments: Any) -> Any:
        began_s = time.thread_time()
        result = step(*arguments)
        spent_on[of or name] += time.thread_time() - began_s  # type: ignore[assignment]
        return result

    setattr(owner, name, timed)


if __name__ == "__main__":
    main()
