"""A clip in media time, forwards or backwards, once or in a loop. Inside the capture child only."""

from array import array
from collections.abc import Callable, Iterator

from edge_agent.config import ClipSource
from edge_agent.sources.decode import announced_frames, open_capture, position_s, rate_of, retrieve
from edge_agent.sources.pipe import Picture, Pixels
from edge_agent.sources.rate import MediaClock, RateLimit
from edge_agent.sources.seek import ExactReader, read_backwards, survey


class Clip:
    """`play` yields what the rate allows; index and time count all frames, and run on when it is called again."""

    def __init__(self, source: ClipSource, fps: float | None, prepare: Callable[[Pixels], Pixels]) -> None:
        self._source, self._prepare = source, prepare
        capture = open_capture(source)
        self.is_open = capture.isOpened()
        self.fps = rate_of(capture)
        self.frames_announced = announced_frames(capture)
        self.frames_played = 0
        self._limit, self._clock = RateLimit(fps), MediaClock(self.fps)
        self._positions = array("d")
        capture.release()

    @property
    def duration_s(self) -> float:
        """How long the frames lasted that were played."""
        return self._clock.at_s + 1 / self.fps

    def play(self, working: Callable[[], None]) -> Iterator[Picture]:
        """Once from end to end. `working` is called while the clip is read through and nothing can be given yet."""
        self._clock.rewind()
        if not self._source.reverse:
            return self._forwards()
        if not self._positions:
            self._positions = survey(open_capture(self._source), working)
        return self._backwards()

    def _forwards(self) -> Iterator[Picture]:
        capture = open_capture(self._source)
        while capture.grab():
            index, at_s, kept = self._count(position_s(capture))
            if kept and (pixels := retrieve(capture)) is not None:
                yield Picture(index, at_s, self._prepare(pixels))

    def _backwards(self) -> Iterator[Picture]:
        wanted: dict[int, tuple[int, float]] = {}
        for number in reversed(range(len(self._positions))):
            index, at_s, kept = self._count(-self._positions[number])
            if kept:
                wanted[number] = index, at_s
        for number, pixels in read_backwards(ExactReader(self._source, self._positions), list(wanted), self._prepare):
            yield Picture(*wanted[number], pixels)

    def _count(self, position: float) -> tuple[int, float, bool]:
        """Index and time of the next frame, and whether it is kept."""
        at_s, index = self._clock.tick(position), self.frames_played
        self.frames_played += 1
        return index, at_s, self._limit.keep(at_s)
