"""One camera: a capture child that is watched, and replaced when it stalls or dies."""

import random
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from edge_agent.config import CameraConfig, RtspSource, SourceConfig
from edge_agent.core.types import Frame
from edge_agent.sources.child import Child, ChildDied, ChildStalled
from edge_agent.sources.errors import SourceError, in_words, no_frame_for
from edge_agent.sources.job import live_job
from edge_agent.sources.mailbox import Mailbox
from edge_agent.sources.pipe import Ended, Fault, Picture, Polygon
from edge_agent.sources.redact import redacted

START_S = 20.0  # a small computer loads OpenCV from its card, the camera sends its first key frame
STALL_S = 10.0
LONGEST_WAIT_S = 8.0  # with the time to open, a camera is back within 15 s
SLACK_S = 5.0  # to start a child, on a machine that is busy
SETTLED_S = 30.0  # frames for so long: the next failure is the first again


@dataclass(frozen=True, slots=True)
class CameraStatus:
    """`failed` lasts until the next frame, with its reason; `waiting` is before the first, `ended` a clip's end.

    `beat_s` is when the camera's thread last made progress (monotonic), `frame_s` when it last got a frame.
    """

    state: Literal["waiting", "live", "failed", "ended"]
    reason: str
    frames: int
    restarts: int
    beat_s: float
    frame_s: float | None


class CaptureSource:
    """Puts the camera's frames into `mailbox` from `start` until `close`. Relative paths are the `config_file`'s."""

    def __init__(
        self,
        camera: CameraConfig,
        config_file: Path,
        mailbox: Mailbox,
        masks: Sequence[Polygon] = (),
        stall_s: float = STALL_S,
    ) -> None:
        self._camera, self._config_file, self._mailbox, self._masks = camera, config_file, mailbox, tuple(masks)
        self._stall_s = max(stall_s, 3 / camera.fps)
        self._status = CameraStatus("waiting", "", 0, 0, time.monotonic(), None)
        self._next_index = 0
        self._child: Child | None = None
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"camera {camera.name}", daemon=True)

    @property
    def status(self) -> CameraStatus:
        return self._status

    @property
    def beats_within_s(self) -> float:
        """The longest that its thread lets pass between two signs of life, `status.beat_s`."""
        return max(START_S, self._stall_s, LONGEST_WAIT_S) + SLACK_S

    @property
    def child_pid(self) -> int | None:
        """The capture child's, for measurements and tests."""
        child = self._child
        return child.pid if child else None

    def start(self) -> None:
        self._tell()  # what came before, such as a detector's loading, is not its thread's
        self._thread.start()

    def close(self) -> None:
        """Ends the child and the thread, promptly."""
        self._stop.set()
        with self._lock:
            if self._child:
                self._child.kill()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        failures = 0
        while not self._stop.is_set():
            began_s = time.monotonic()
            reason = self._capture()
            if reason is None or self._stop.is_set():
                return
            lived_s = (self._status.frame_s or began_s) - began_s
            failures = 1 if lived_s > SETTLED_S else failures + 1
            self._tell(state="failed", reason=f"camera {self._camera.name}: {reason}")
            self._stop.wait(back_off_s(failures, random.random()))  # noqa: S311
            self._tell(restarts=self._status.restarts + 1)

    def _capture(self) -> str | None:
        """One child from its start to its end: why it failed, None when there is nothing more to come."""
        try:
            job = live_job(self._camera, self._config_file, self._masks)
        except SourceError as error:
            return str(error)
        with self._lock:
            if self._stop.is_set():
                return None
            self._child = child = Child(job)
        try:
            return self._receive(child, job.source)
        finally:
            with self._lock:
                self._child = None
                child.close()

    def _receive(self, child: Child, source: SourceConfig) -> str | None:
        first_index, allowed_s = self._next_index, max(START_S, self._stall_s)
        while True:
            try:
                item = child.read(allowed_s)
            except ChildStalled:
                return no_frame_for(source, allowed_s)
            except ChildDied as error:
                return _with(f"{error}; it is started again", child, source)
            match item:
                case Picture(index, at_s, pixels):
                    allowed_s = self._stall_s
                    self._next_index = first_index + index + 1
                    self._mailbox.put(Frame(self._camera.name, first_index + index, at_s, pixels))
                    self._tell(state="live", reason="", frames=self._status.frames + 1, frame_s=time.monotonic())
                case Ended():
                    self._tell(state="ended", reason=f"camera {self._camera.name}: the clip was played to its end")
                    return None
                case Fault():
                    return _with(in_words(source, item), child, source)
                case _:
                    self._tell()

    def _tell(self, **changes: object) -> None:
        """Written by the camera's own thread only; readers get a whole status at any time."""
        self._status = replace(self._status, beat_s=time.monotonic(), **changes)  # type: ignore[arg-type]


def back_off_s(failures: int, chance: float) -> float:
    """1, 2, 4, 8, 8 ... seconds after the first, second ... failure, less up to half of it by `chance` (0..1)."""
    return min(2.0 ** (failures - 1), LONGEST_WAIT_S) * (1 - chance / 2)


def _with(words: str, child: Child, source: SourceConfig) -> str:
    """FFmpeg's own last words tell a wrong password from a wrong address."""
    said = redacted(child.last_words, source.url if isinstance(source, RtspSource) else "")
    return f"{words} ({said})" if said else words
