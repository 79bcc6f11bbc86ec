"""A picture of every miss, false alarm and duplicate: of the clip, painted by the simulation, or drawn from detections."""

from base64 import b64encode
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.app.evaluate import recorded_detections
from edge_agent.app.scenes import load_scene, private_masks
from edge_agent.core.scene_format import SceneFile
from edge_agent.core.scoring import Verdict
from edge_agent.core.truth_format import parse_truth
from edge_agent.core.types import Detections, Frame
from edge_agent.field.drawing import Drawing
from edge_agent.sources.clip import read_clip

Pixels = NDArray[np.uint8]
Seen = TypeVar("Seen")
WIDE_PX, QUALITY = 480, 70
GREY = 60  # of the ground where there are no pictures
BGR = {"miss": (230, 150, 40), "false_alarm": (50, 50, 225), "duplicate": (30, 160, 250)}


@dataclass(frozen=True, slots=True)
class Shot:
    scene: str
    verdict: Verdict
    jpeg_base64: str


def shots(folder: Path, verdicts: list[Verdict]) -> Iterator[Shot]:
    """In order of time. Raises what reading the folder raises."""
    scene, _ = load_scene(folder / "scene.json")
    waiting = sorted(verdicts, key=lambda verdict: verdict.at_s)
    drawing: Drawing | None = None
    with closing(_pictures(folder, scene, [verdict.at_s for verdict in waiting])) as pictures:
        for verdict, (at_s, pixels) in zip(waiting, pictures, strict=False):
            drawing = drawing or Drawing(scene, pixels.shape[1], pixels.shape[0])
            frame = Frame(scene.camera, 0, at_s, pixels)
            yield Shot(folder.name, verdict, _jpeg(drawing.draw(frame, [], []), verdict))


def _jpeg(picture: Pixels, verdict: Verdict) -> str:
    height, width = picture.shape[:2]
    if verdict.box is not None:
        left, top, right, bottom = (round(side * scale) for side, scale in zip(verdict.box, (width, height) * 2, strict=True))
        cv2.rectangle(picture, (left - 4, top - 4), (right + 4, bottom + 4), BGR[verdict.what], 4, cv2.LINE_AA)
    small = cv2.resize(picture, (WIDE_PX, round(height * WIDE_PX / width)), interpolation=cv2.INTER_AREA)
    _, jpeg = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    return b64encode(jpeg.tobytes()).decode()


def _pictures(folder: Path, scene: SceneFile, times_s: list[float]) -> Generator[tuple[float, Pixels]]:
    """One for each time, in order; those beyond the end are left out."""
    plan, clips, recorded = folder / "simulation.toml", sorted(folder.glob("clip.*")), folder / "detections.txt"
    if clips:
        with closing(read_clip(clips[0], masks=private_masks(scene), camera=scene.camera)) as frames:
            yield from _at(((frame.at_s, frame.pixels) for frame in frames), times_s)
    elif plan.exists():
        yield from _painted(plan, times_s)
    elif recorded.exists():
        truth = parse_truth((folder / "truth.json").read_bytes())
        for at_s, found in _at(recorded_detections(recorded, scene, truth), times_s):
            yield at_s, _drawn(found, scene.ref_resolution)


def _at(frames: Iterator[tuple[float, Seen]], times_s: list[float]) -> Iterator[tuple[float, Seen]]:
    """The first at or after each time."""
    frame = next(frames, None)
    for wanted_s in times_s:
        while frame is not None and frame[0] < wanted_s - 1e-6:
            frame = next(frames, None)
        if frame is None:
            return
        yield frame


def _painted(plan: Path, times_s: list[float]) -> Iterator[tuple[float, Pixels]]:
    from edge_agent.simulation.film import open_film

    film, last = open_film(plan), None
    for at_s in times_s:
        number = round(at_s * film.plan.fps) + 1
        while film.frames + 1 < number:
            film.skip()
        if last is None or film.frames < number:
            last = film.picture()
        yield at_s, last


def _drawn(found: Detections, size_px: tuple[int, int]) -> Pixels:
    """Grey ground, and the boxes that the detector gave: the surer, the brighter."""
    picture = np.full((size_px[1], size_px[0], 3), GREY, np.uint8)
    corners = np.rint(found.boxes * (size_px * 2)).astype(int).tolist()
    for (left, top, right, bottom), score in zip(corners, found.scores.tolist(), strict=True):
        grey = GREY + round(score * (255 - GREY))
        cv2.rectangle(picture, (left, top), (right, bottom), (grey, grey, grey), 1)
    return picture
