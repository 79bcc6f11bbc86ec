"""A recorded scene -> the events that it gives, as JSON documents.

`python -m tests.golden.replaying` writes them anew. With `FOLDER...`, as `edge-agent capture` makes them, it takes these in.
"""

import shutil
import sys
from pathlib import Path
from typing import Any

import msgspec

from edge_agent.app.evaluate import recorded_detections
from edge_agent.app.replay import replay as replay_frames
from edge_agent.app.scenes import load_scene
from edge_agent.core.truth_format import parse_truth
from edge_agent.sources.recorded import read_detections

FOLDER = Path(__file__).parent
FPS = 10.0  # of folders without a truth.json
KEPT = ("scene.json", "detections.txt", "truth.json")


def folders() -> list[Path]:
    return sorted(path.parent for path in FOLDER.glob("*/scene.json"))


def replay(folder: Path, into: Path) -> list[dict[str, Any]]:
    """Run the folder's detections through the pipeline, write its events `into` a file, and read them back."""
    scene, _ = load_scene(folder / "scene.json")
    recorded, truth = folder / "detections.txt", folder / "truth.json"
    if truth.exists():
        replay_frames(scene, recorded_detections(recorded, scene, parse_truth(truth.read_bytes())), into)
    else:
        frames = read_detections(recorded, scene.ref_resolution, FPS)
        replay_frames(scene, ((at_s, found) for at_s, _, found in frames), into)
    return read_events(into)


def take_in(captured: Path) -> None:
    """A folder from the field becomes a golden one of the same name: what was seen, never the pixels."""
    folder = FOLDER / captured.name
    folder.mkdir()
    for name in KEPT:
        shutil.copyfile(captured / name, folder / name)


def read_events(path: Path) -> list[dict[str, Any]]:
    return [msgspec.json.decode(line) for line in path.read_bytes().splitlines()]


def main() -> int:
    """Look at the differences before you commit them."""
    for captured in sys.argv[1:]:
        take_in(Path(captured))
    for folder in folders():
        events = replay(folder, folder / "events.jsonl")
        kinds = [event["data"]["kind"] for event in events if event["data"].get("phase") == "new"]
        print(f"{folder.name}: {len(events)} events, begun: {', '.join(kinds) or 'none'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
