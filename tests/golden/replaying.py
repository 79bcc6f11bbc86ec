"""A recorded scene -> the events that it gives, as JSON documents. `python -m tests.golden.replaying` writes them anew."""

import sys
from pathlib import Path
from typing import Any

import msgspec

from edge_agent.app.analyse import STREAM, media_voice
from edge_agent.app.scenes import load_scene
from edge_agent.core.pipeline import Pipeline
from edge_agent.core.wire import outgoing
from edge_agent.sinks.jsonl import EventFile
from edge_agent.sources.recorded import read_detections

FOLDER = Path(__file__).parent
FPS = 10.0


def folders() -> list[Path]:
    return sorted(path.parent for path in FOLDER.glob("*/scene.json"))


def replay(folder: Path, into: Path) -> list[dict[str, Any]]:
    """Run the folder's detections through the pipeline, write its events `into` a file, and read them back."""
    scene, _ = load_scene(folder / "scene.json")
    pipeline = Pipeline(scene)
    voice = media_voice(scene.camera, 0.0, pipeline)
    with EventFile(into, "clip", STREAM) as events:
        for at_s, _, detections in read_detections(folder / "detections.txt", scene.ref_resolution, FPS):
            events.append(outgoing(one, voice) for one in pipeline.update(at_s, detections))
        events.append(outgoing(one, voice) for one in pipeline.flush())
    return read_events(into)


def read_events(path: Path) -> list[dict[str, Any]]:
    return [msgspec.json.decode(line) for line in path.read_bytes().splitlines()]


def main() -> int:
    """Look at the differences before you commit them."""
    for folder in folders():
        events = replay(folder, folder / "events.jsonl")
        kinds = [event["data"]["kind"] for event in events if event["data"].get("phase") == "new"]
        print(f"{folder.name}: {len(events)} events, begun: {', '.join(kinds) or 'none'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
