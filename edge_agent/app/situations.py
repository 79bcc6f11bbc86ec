"""What `edge-agent capture` keeps: frames as the detector sees them, from a clip, or from a camera of a site."""

import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import NamedTuple

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from edge_agent import __version__
from edge_agent.app.detecting import build_detector
from edge_agent.app.paths import resolved_detector
from edge_agent.app.scenes import load_scene, private_masks
from edge_agent.config import AgentConfig, CameraConfig, DetectorConfig, resolve
from edge_agent.core.failure import Failure, WrongInput
from edge_agent.core.types import Detections
from edge_agent.detectors.detector import OnnxDetector
from edge_agent.field.recall import Asked, recall, unpacked
from edge_agent.sources.camera import CaptureSource
from edge_agent.sources.clip import ClipReader, read_clip
from edge_agent.sources.mailbox import Mailbox

TAKE_S = 0.25  # how often is looked up when no frame comes


class Sighting(NamedTuple):
    """One frame as it was seen. `pixels` are None where nobody kept them; private masks are painted in."""

    at_s: float
    detections: Detections
    pixels: NDArray[np.uint8] | None


class Origin(Struct, frozen=True, kw_only=True):
    """Where frames come from. `first_frame_at` is the wall clock's, none for a clip."""

    camera: str
    device: str | None = None
    first_frame_at: str | None = None
    model: str
    model_sha256: str
    software: str = __version__


@dataclass(frozen=True, slots=True)
class Situation:
    """`fps` as it is asked for, `expected` frames about; `sightings` can be run through once. With `is_live` their times are
    the monotonic clock's."""

    origin: Origin
    scene_text: bytes
    fps: float
    expected: int | None
    sightings: Iterable[Sighting]
    is_live: bool = True


def of_clip(
    clip: Path, scene_path: Path, detector: DetectorConfig, *, from_s: float = 0.0, seconds: float | None = None,
    fps: float | None = None, width: int | None = None,
) -> Situation:  # fmt: skip
    """From `from_s` on, for `seconds` or to its end. Raises SceneError, ModelError, SourceError."""
    scene, text = load_scene(scene_path)
    eye = build_detector(detector)
    reader = read_clip(clip, fps=fps, width=width, masks=private_masks(scene), camera=scene.camera)
    rate = min(fps or reader.fps, reader.fps)
    left_s = None if reader.duration_s is None else max(0.0, reader.duration_s - from_s)
    wanted_s = min(filter(None, (seconds, left_s)), default=None)
    origin = Origin(camera=scene.camera, model=eye.model.name, model_sha256=eye.model.sha256)
    expected = None if wanted_s is None else round(wanted_s * rate)
    return Situation(origin, text, rate, expected, _of_clip(reader, eye, from_s, seconds), is_live=False)


def of_camera(config: AgentConfig, config_file: Path, name: str | None, seconds: float) -> Situation:
    """From now on, for `seconds` from its first frame. Raises WrongInput, SceneError, ModelError."""
    camera = camera_of(config, name)
    scene, text = load_scene(resolve(config_file, camera.scene))
    eye = build_detector(resolved_detector(config.detector, config_file))
    origin = Origin(camera=camera.name, device=config.device, model=eye.model.name, model_sha256=eye.model.sha256)
    mailbox = Mailbox([camera.name])
    source = CaptureSource(camera, config_file, mailbox, private_masks(scene))
    return Situation(origin, text, camera.fps, round(seconds * camera.fps), _of_camera(source, mailbox, eye, seconds))


def of_agent(config: AgentConfig, config_file: Path, name: str | None, last_s: float) -> Situation:
    """What the running agent saw last. Raises WrongInput, and Failure where no agent answers."""
    camera = camera_of(config, name)
    told = recall(resolve(config_file, config.data_dir), Asked(camera.name, last_s))
    origin = Origin(camera=camera.name, device=config.device, model=told.model, model_sha256=told.model_sha256)
    sightings = (Sighting(*unpacked(frame), None) for frame in told.frames)
    return Situation(origin, told.scene, camera.fps, len(told.frames), sightings)


def camera_of(config: AgentConfig, name: str | None) -> CameraConfig:
    """The camera of that name, or the only one. Raises WrongInput."""
    names = ", ".join(camera.name for camera in config.cameras)
    if name is None and len(config.cameras) > 1:
        raise WrongInput(f"--camera: is missing, and the site has several: {names}")
    for camera in config.cameras:
        if name in (None, camera.name):
            return camera
    raise WrongInput(f"--camera {name}: the site has no such camera; it has {names}")


def _of_clip(clip: ClipReader, eye: OnnxDetector, from_s: float, seconds: float | None) -> Iterator[Sighting]:
    until_s = inf if seconds is None else from_s + seconds
    with closing(clip):
        for frame in clip:
            if frame.at_s >= until_s:
                return
            if frame.at_s >= from_s:
                yield Sighting(frame.at_s, eye.detect(frame.pixels), frame.pixels)


def _of_camera(source: CaptureSource, mailbox: Mailbox, eye: OnnxDetector, seconds: float) -> Iterator[Sighting]:
    """What the detector is too slow for is dropped. Raises Failure when the camera gives no first frame."""
    source.start()
    first_s: float | None = None
    try:
        while first_s is None or time.monotonic() - first_s < seconds:
            frame, status = mailbox.take(TAKE_S), source.status
            if frame is not None:
                first_s = frame.at_s if first_s is None else first_s
                yield Sighting(frame.at_s, eye.detect(frame.pixels), frame.pixels)
            elif first_s is None and status.state in ("ended", "failed"):
                raise Failure(status.reason)
            elif status.state == "ended":
                return
    finally:
        source.close()
