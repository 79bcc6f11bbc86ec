"""A clip as fast as it can be read, in media time and without loss: for `analyse` and `evaluate`."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from edge_agent.core.types import Frame
from edge_agent.sources.child import Child, ChildDied, ChildStalled
from edge_agent.sources.errors import SourceError, in_words
from edge_agent.sources.job import clip_job
from edge_agent.sources.pipe import Ended, Fault, Job, Opened, Picture, Polygon, Working

STALL_S = 30.0
SHORT_BY_S, SHORT_BY_PART = 1.0, 0.01  # containers announce a few frames more than they hold


class ClipReader(Iterator[Frame]):
    """Frames in the order of playing; each waits until it is taken. Use it as a context, or `close` it.

    `fps`, `frames` and `duration_s` are what the container announces of the whole clip (None where it does not),
    `expected` is how many frames will come about, `width` and `height` are theirs. Raises SourceError.
    """

    def __init__(self, path: Path, camera: str, job: Job) -> None:
        self._path, self._camera, self._job = path, camera, job
        self._child = Child(job)
        while not isinstance(opened := self._read(), Opened):
            pass  # nothing else comes first
        self.fps, self.frames, self.width, self.height = opened.fps, opened.frames, opened.width, opened.height
        self.duration_s = self.frames / self.fps if self.frames else None
        self.expected = round(self.duration_s * min(job.fps or self.fps, self.fps)) if self.duration_s else None

    def __next__(self) -> Frame:
        match self._read():
            case Picture(index, at_s, pixels):
                return Frame(self._camera, index, at_s, pixels)
            case Ended(duration_s=played_s):
                self.close()
                self._check_length(played_s)
        raise StopIteration

    def __enter__(self) -> "ClipReader":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def child_pid(self) -> int:
        """The capture child's, for measurements and tests."""
        return self._child.pid

    def close(self) -> None:
        self._child.close()

    def _read(self) -> Picture | Opened | Ended:
        try:
            while isinstance(item := self._child.read(STALL_S), Working):
                pass
        except ChildStalled:
            raise self._failed(f"the decoder gave nothing for {STALL_S:g} s; the file may be damaged") from None
        except ChildDied as error:
            raise self._failed(f"{error}; the file may be damaged: convert it to MP4 (H.264)") from None
        if isinstance(item, Fault):
            self.close()
            raise SourceError(in_words(self._job.source, item))
        return item

    def _check_length(self, played_s: float) -> None:
        """What could be decoded was given; that it was not all is an error all the same."""
        announced_s = self.duration_s or 0.0
        if announced_s - played_s > max(SHORT_BY_S, SHORT_BY_PART * announced_s):
            raise self._failed(f"ends after {played_s:.1f} s of {announced_s:.1f} s; it was cut off, copy it again")

    def _failed(self, reason: str) -> SourceError:
        self.close()
        return SourceError(f"clip {self._path}: {reason}")


def read_clip(
    path: Path,
    *,
    fps: float | None = None,
    width: int | None = None,
    reverse: bool = False,
    masks: Sequence[Polygon] = (),
    camera: str | None = None,
) -> ClipReader:
    """Decode `path` in a child process: at most `fps` frames a second, `width` pixels wide, `masks` painted black.

    `at_s` runs from 0 in media time, backwards too. Raises SourceError, here and while reading.
    """
    return ClipReader(path, camera or path.stem, clip_job(path, fps, width, reverse, masks))
