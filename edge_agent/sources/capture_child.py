"""The capture child: reads its job from stdin, writes frames to stdout, and dies with its parent.

It runs on its own because OpenCV can hang for ever in a camera's stream and abort on a damaged file. The job comes by
stdin because a camera's URL holds its password, and arguments can be seen by everyone.
"""

import os
import signal
import sys
import threading
import time
from pathlib import Path

import cv2

from edge_agent.config import ClipSource, RtspSource, SimulationSource, UsbSource
from edge_agent.sources.decode import open_capture, preparation, rate_of, retrieve
from edge_agent.sources.pipe import (
    Ended,
    Fault,
    Job,
    Note,
    Opened,
    Pixels,
    Working,
    decode_job,
    encode_note,
    frame_header,
)
from edge_agent.sources.playback import Clip
from edge_agent.sources.rate import RateLimit

WORKING_EVERY_S = 1.0
LATEST_S = 1.0  # a clip in real time that falls behind by more does not try to catch up


class Out:
    """The pipe to the parent. What libraries print to stdout goes to stderr, lest it gets between the frames."""

    def __init__(self) -> None:
        self._fd = os.dup(1)
        os.dup2(2, 1)
        self.frames = 0
        self._noted_s = time.monotonic()

    def note(self, note: Note) -> None:
        self._write(encode_note(note))

    def frame(self, index: int, at_s: float, pixels: Pixels) -> None:
        height, width = pixels.shape[:2]
        self._write(frame_header(index, at_s, width, height))
        self._write(pixels.reshape(-1).data)
        self.frames += 1

    def working(self) -> None:
        if time.monotonic() - self._noted_s >= WORKING_EVERY_S:
            self._noted_s = time.monotonic()
            self.note(Working())

    def _write(self, data: bytes | memoryview) -> None:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(self._fd, rest) :]


class Pace:
    """Media time to the monotonic clock: a clip plays as fast as it was filmed."""

    def __init__(self) -> None:
        self._origin_s: float | None = None

    def wait(self, at_s: float) -> float:
        now_s = time.monotonic()
        if self._origin_s is None or now_s - (self._origin_s + at_s) > LATEST_S:
            self._origin_s = now_s - at_s
        due_s = self._origin_s + at_s
        time.sleep(max(0.0, due_s - now_s))
        return due_s


def run(job: Job, out: Out) -> Note:
    match job.source:
        case ClipSource():
            return run_clip(job, job.source, out)
        case SimulationSource():
            return run_simulation(job, job.source, out)
        case RtspSource() | UsbSource():
            return run_camera(job, job.source, out)


def run_camera(job: Job, source: RtspSource | UsbSource, out: Out) -> Note:
    """Frames as they arrive, until the stream ends. Only those that are kept are converted."""
    capture = open_capture(source)
    if not capture.isOpened():
        return Fault("not_opened")
    prepare, limit = preparation(job.width, job.masks), RateLimit(job.fps)
    index = 0
    while capture.grab():
        at_s = time.monotonic()
        if limit.keep(at_s) and (pixels := retrieve(capture)) is not None:
            pixels = prepare(pixels)
            if not out.frames:
                out.note(Opened(rate_of(capture), None, pixels.shape[1], pixels.shape[0]))
            out.frame(index, at_s, pixels)
        index += 1
    return Fault("stream_ended" if out.frames else "no_frames")


def run_clip(job: Job, source: ClipSource, out: Out) -> Note:
    """In real time when the job is live, else as fast as the parent takes them."""
    clip = Clip(source, job.fps, preparation(job.width, job.masks))
    if not clip.is_open:
        return Fault("not_opened")
    pace = Pace()
    while True:
        for picture in clip.play(out.working):
            if not out.frames:
                height, width = picture.pixels.shape[:2]
                out.note(Opened(clip.fps, clip.frames_announced, width, height))
            at_s = pace.wait(picture.at_s) if job.live else picture.at_s
            out.frame(picture.index, at_s, picture.pixels)
        if not out.frames:
            return Fault("no_frames")
        if not source.loop:
            return Ended(clip.frames_played, clip.duration_s)


def run_simulation(job: Job, source: SimulationSource, out: Out) -> Note:
    """For its duration as fast as the parent takes it; a live one has no end, and what it is late for is not painted."""
    from edge_agent.simulation.film import open_film  # only where one is painted

    film = open_film(Path(source.path))
    step_s, total = 1 / film.plan.fps, round(film.plan.duration_s * film.plan.fps)
    began_s = time.monotonic() if source.started_at is None else time.monotonic() + source.started_at - time.time()
    prepare, limit = preparation(job.width, job.masks), RateLimit(job.fps)
    while job.live or film.frames < total:
        index, at_s = film.frames, film.frames * step_s
        late = job.live and time.monotonic() > began_s + at_s + step_s
        if late or not limit.keep(at_s):
            film.skip()
            out.working()
            continue
        pixels = prepare(film.picture())
        if not out.frames:
            out.note(Opened(film.plan.fps, total, pixels.shape[1], pixels.shape[0]))
        if job.live:
            time.sleep(max(0.0, began_s + at_s - time.monotonic()))
        out.frame(index, began_s + at_s if job.live else at_s, pixels)
    return Ended(film.frames, film.frames * step_s)


def die_with_parent() -> None:
    """The parent holds the other end of stdin for as long as it lives."""
    while os.read(0, 4096):
        pass
    os._exit(0)


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    out = Out()
    job = decode_job(sys.stdin.buffer.readline())
    threading.Thread(target=die_with_parent, daemon=True).start()
    cv2.setNumThreads(1)
    try:
        out.note(run(job, out))
    except BrokenPipeError:
        os._exit(0)


if __name__ == "__main__":
    main()
