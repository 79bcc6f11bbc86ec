"""A few seconds of a camera, at the size in which it sends: for whoever wants to know whether it works."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from msgspec.structs import replace

from edge_agent.config import CameraConfig
from edge_agent.core.failure import Failure
from edge_agent.core.types import Frame
from edge_agent.sources.camera import START_S
from edge_agent.sources.child import Child, ChildDied, ChildStalled
from edge_agent.sources.decode import preparation
from edge_agent.sources.errors import in_words, no_frame_for
from edge_agent.sources.job import live_job
from edge_agent.sources.pipe import Ended, Fault, Picture, Polygon

WATCH_S = 5.0
KEEP_EVERY_S = 0.3


@dataclass(frozen=True, slots=True)
class Glimpse:
    """`frames`: some, as the agent looks at them; `size_px` of what the camera sends; `fps`: how many of the frames that were
    asked for came in a second."""

    frames: tuple[Frame, ...]
    size_px: tuple[int, int]
    fps: float


def glimpse(camera: CameraConfig, config_file: Path, masks: Sequence[Polygon], watch_s: float = WATCH_S) -> Glimpse:
    """Raises Failure, SourceError; what is secret in a URL is not in their words."""
    job = replace(live_job(camera, config_file, masks), width=None)
    prepare, child = preparation(camera.width, ()), Child(job)
    kept, times, size_px, due_s = list[Frame](), list[float](), (0, 0), None
    try:
        while due_s is None or time.monotonic() < due_s:
            match child.read(START_S if due_s is None else watch_s):
                case Picture(index, at_s, pixels):
                    due_s = due_s or time.monotonic() + watch_s
                    size_px = pixels.shape[1], pixels.shape[0]
                    times.append(at_s)
                    if not kept or at_s - kept[-1].at_s >= KEEP_EVERY_S:
                        kept.append(Frame(camera.name, index, at_s, prepare(pixels)))
                case Fault() as fault:
                    raise Failure(in_words(job.source, fault))
                case Ended():
                    break
    except ChildStalled:
        if not kept:
            raise Failure(no_frame_for(job.source, START_S)) from None
    except ChildDied as error:
        raise Failure(str(error)) from None
    finally:
        child.close()
    if not kept:
        raise Failure("gives no picture")
    lasted_s = times[-1] - times[0]
    return Glimpse(tuple(kept), size_px, (len(times) - 1) / lasted_s if lasted_s > 0 else 0.0)
