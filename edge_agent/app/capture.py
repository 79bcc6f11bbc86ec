"""A situation in the field -> a scene folder: what the detector saw, frame by frame, and what the rules say of it.

scene.json, detections.txt, events.jsonl (what a replay of the detections gives), capture.json (where and when), and a
truth.json that a person completes. Pixels only where they are asked for.
"""

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import msgspec

from edge_agent.app.evaluate import recorded_detections
from edge_agent.app.replay import replay
from edge_agent.app.situations import Situation
from edge_agent.app.truth_draft import told, truth_document, truth_of
from edge_agent.core.failure import Failure, WrongInput
from edge_agent.core.scene_format import parse_scene
from edge_agent.core.truth_format import TrueIncident
from edge_agent.core.types import Detections
from edge_agent.field.film import Film
from edge_agent.files import whole_file, whole_folder
from edge_agent.sources.recorded import write_detections
from event_contract.times import format_time

DIGITS = 4  # of a pixel
Progress = Callable[[int, int | None], None]


@dataclass(frozen=True, slots=True)
class Captured:
    """`told`: what the rules say of it. `cut_short`: what ended it early; the folder holds what was seen until then."""

    folder: Path
    frames: int
    duration_s: float
    told: tuple[TrueIncident, ...]
    cut_short: BaseException | None


def capture(
    folder: Path, situation: Situation, *, pixels: bool = False, believe: bool = False,
    progress: Progress = lambda done, expected: None,
) -> Captured:  # fmt: skip
    """Write the folder, whole or not at all. With `believe`, truth.json says that what the rules tell is true.

    Ctrl-C or a source that fails ends it early. Raises WrongInput, OSError, and Failure when no frame came.
    """
    check_vacant(folder)
    scene = parse_scene(situation.scene_text)
    with whole_folder(folder) as draft:
        seen, cut_short = _gathered(situation, draft / "clip.avi" if pixels else None, progress)
        if not seen:
            raise cut_short or Failure(f"camera {situation.origin.camera}: no frame came, so there is nothing to keep")
        first_s = seen[0][0]
        truth = truth_of([at_s - first_s for at_s, _ in seen], situation.fps)
        recorded = draft / "detections.txt"
        write_detections(recorded, (found for _, found in seen), scene.ref_resolution, digits=DIGITS)
        analysis = replay(scene, recorded_detections(recorded, scene, truth), draft / "events.jsonl")
        incidents = told(analysis.incidents, truth.duration_s)
        _put(draft / "scene.json", situation.scene_text)
        _put(draft / "capture.json", _origin_document(situation, first_s))
        _put(draft / "truth.json", truth_document(msgspec.structs.replace(truth, incidents=incidents) if believe else truth))
    return Captured(folder, len(seen), truth.duration_s, incidents, cut_short)


def check_vacant(folder: Path) -> None:
    """A new folder or an empty one, in a folder that is there."""
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise WrongInput(f"{folder}: is there already; name a new folder with --out")
    if not folder.absolute().parent.is_dir():
        raise WrongInput(f"{folder}: there is no folder {folder.absolute().parent}; make it first")


def _gathered(
    situation: Situation, clip: Path | None, progress: Progress
) -> tuple[list[tuple[float, Detections]], BaseException | None]:
    """All frames, or those before the end came early, and why it did."""
    seen: list[tuple[float, Detections]] = []
    with ExitStack() as stack:
        film = None if clip is None else stack.enter_context(Film(clip, situation.fps))
        try:
            for at_s, detections, picture in situation.sightings:
                if film is not None and picture is not None:
                    film.write(picture)
                seen.append((at_s, detections))
                progress(len(seen), situation.expected)
        except (KeyboardInterrupt, Failure) as error:
            return seen, error
    return seen, None


def _origin_document(situation: Situation, first_s: float) -> bytes:
    origin = situation.origin
    if situation.is_live:
        first_frame_at = format_time(time.time() - time.monotonic() + first_s)
        origin = msgspec.structs.replace(origin, first_frame_at=first_frame_at)
    return msgspec.json.format(msgspec.json.encode(origin), indent=1) + b"\n"


def _put(path: Path, text: bytes) -> None:
    with whole_file(path) as file:
        file.write(text)
