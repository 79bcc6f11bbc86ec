"""A clip's frames by number, exactly, and so a clip backwards in bounded memory. Inside the capture child only."""

from array import array
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

import cv2

from edge_agent.config import ClipSource
from edge_agent.sources.decode import open_capture, position_s, retrieve
from edge_agent.sources.pipe import Pixels

CHUNK_BYTES = 32 << 20  # what is held in memory while playing backwards
FIRST_CHUNK = 8  # frames, until their size is known
FIRST_STEP_BACK = 16


def survey(capture: cv2.VideoCapture, working: Callable[[], None]) -> "array[float]":
    """The container's timestamp of every frame that can be decoded; `working` is called after each."""
    positions = array("d")
    while capture.grab():
        positions.append(position_s(capture))
        working()
    return positions


class ExactReader:
    """Seeking lands near a frame, not on it; where it landed is told by the timestamp, which the survey knows.

    A timestamp that occurs twice tells nothing; where none helps, the clip is decoded from its beginning.
    """

    def __init__(self, source: ClipSource, positions: Sequence[float]) -> None:
        self._source = source
        seen = Counter(positions)
        self._number_of = {position: number for number, position in enumerate(positions) if seen[position] == 1}
        self._reopen()

    def read(self, number: int) -> Pixels | None:
        """Cheap where `number` is not far behind the frame read last. None where it cannot be decoded."""
        if number < self._at:
            self._seek_before(number)
        while self._at < number:
            if not self._capture.grab():
                return None
            self._at += 1
        return retrieve(self._capture)

    def _seek_before(self, number: int) -> None:
        back = FIRST_STEP_BACK
        while back < number:
            self._capture.set(cv2.CAP_PROP_POS_FRAMES, number - back)
            if self._capture.grab():
                self._at = self._number_of.get(position_s(self._capture), number + 1)
                if self._at <= number:
                    return
            back *= 4
        self._reopen()

    def _reopen(self) -> None:
        self._capture = open_capture(self._source)
        self._at = -1


def read_backwards(
    reader: ExactReader, numbers: Sequence[int], prepare: Callable[[Pixels], Pixels]
) -> Iterator[tuple[int, Pixels]]:
    """The frames of `numbers` (descending) that can be decoded: chunks are read forwards and given last first."""
    done, length = 0, FIRST_CHUNK
    while done < len(numbers):
        chunk = numbers[done : done + length]
        ready = [(n, prepare(pixels)) for n in reversed(chunk) if (pixels := reader.read(n)) is not None]
        yield from reversed(ready)
        done += len(chunk)
        if ready:
            length = max(1, CHUNK_BYTES // ready[0][1].nbytes)
