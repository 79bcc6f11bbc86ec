"""Recorded detections: MOTChallenge text in and out, so that a scene replays without its pixels.

    frame (from 1), id or -1, left, top, width, height (pixels), confidence, COCO class, -1, -1
A row of -1 after the frame marks an empty frame; a frame without any row is empty too.
"""

import math
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge_agent.core.types import CLASS_OF_COCO, NO_DETECTIONS, Detections
from edge_agent.files import whole_file
from edge_agent.sources.errors import SourceError

FRAME, LEFT, WIDTH, SCORE, CLASS = 0, 2, 4, 6, 7  # columns
COLUMNS = 8  # what follows is not read
MAX_FRAME = 10_000_000  # eleven days at ten a second
EMPTY_ROW = ",-1" * 9


def read_detections(
    path: Path, ref_resolution: tuple[int, int], fps: float, frames: int | None = None
) -> Iterator[tuple[float, int, Detections]]:
    """(at_s, index from 0, detections) of every frame up to the last that is named, or up to `frames`.

    Rows of other classes than road users' are left out. Raises SourceError with file and line.
    """
    rows = _parse(path)
    count = int(rows[-1, FRAME]) if len(rows) else 0
    rows = rows[(rows[:, WIDTH] > 0) & np.isin(rows[:, CLASS], list(CLASS_OF_COCO))]
    sides = rows[:, LEFT:SCORE].reshape(-1, 2, 2) / ref_resolution
    sides[:, 1] += sides[:, 0]
    boxes, scores = sides.reshape(-1, 4).astype(np.float32), rows[:, SCORE].astype(np.float32)
    classes = rows[:, CLASS].astype(np.int32)
    count = count if frames is None else frames
    ends = np.searchsorted(rows[:, FRAME], np.arange(count + 1), side="right").tolist()
    return (
        (index / fps, index, Detections(boxes[a:b], scores[a:b], classes[a:b]) if a < b else NO_DETECTIONS)
        for index, (a, b) in enumerate(pairwise(ends))
    )


def write_detections(
    path: Path, frames: Iterable[Detections], ref_resolution: tuple[int, int], *, replace: bool = True, digits: int = 2
) -> None:
    """What `read_detections` reads back, to so many digits of a pixel and two more of the score; whole or not at all, as
    `whole_file` has it. With 4 digits a replay gives the same events: boxes are float32, which hold no more."""
    with whole_file(path, replace=replace) as file:
        for number, found in enumerate(frames, start=1):
            rows = _rows(number, found, ref_resolution, digits) if len(found) else [f"{number}{EMPTY_ROW}\n"]
            file.writelines(row.encode("ascii") for row in rows)


def _rows(number: int, found: Detections, ref_resolution: tuple[int, int], digits: int) -> Iterator[str]:
    sides = found.boxes.astype(np.float64).reshape(-1, 2, 2) * ref_resolution
    sides[:, 1] -= sides[:, 0]
    for box, score, cls in zip(sides.reshape(-1, 4).tolist(), found.scores, found.classes, strict=True):
        yield f"{number},-1,{','.join(f'{side:.{digits}f}' for side in box)},{score:.{digits + 2}f},{cls},-1,-1\n"


def _parse(path: Path) -> NDArray[np.float64]:
    """Rows in order of frame, within a frame the best score first. numpy reads them at once; lines only on error."""
    try:
        lines = path.read_text(encoding="ascii").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not plain text"
        raise SourceError(f"{path}: cannot be read ({reason}); expected detections as MOTChallenge text") from None
    if not any(line.strip() for line in lines):
        return np.empty((0, COLUMNS))
    try:
        rows = np.loadtxt(lines, delimiter=",", comments=None, ndmin=2, usecols=range(COLUMNS))
    except (ValueError, IndexError):
        rows = np.full((1, COLUMNS), math.nan)
    numbers = rows[:, FRAME]
    good = np.isfinite(rows).all() and (numbers == np.rint(numbers)).all()
    if not good or numbers.min() < 1 or numbers.max() > MAX_FRAME:
        raise SourceError(_complaint(path, lines))
    return rows[np.lexsort((-rows[:, SCORE], numbers))]


def _complaint(path: Path, lines: list[str]) -> str:
    for number, line in enumerate(lines, start=1):
        fields = line.split(",")
        if not line.strip():
            continue
        if len(fields) < COLUMNS:
            return f"{path}:{number}: expected at least {COLUMNS} numbers separated by commas, got {len(fields)}"
        for field in fields[:COLUMNS]:
            if not _is_number(field):
                return f"{path}:{number}: expected a number, got {field.strip()[:40]!r}"
        frame = float(fields[FRAME])
        if not (frame.is_integer() and 1 <= frame <= MAX_FRAME):
            return f"{path}:{number}: expected a frame number from 1 to {MAX_FRAME}, got {fields[FRAME].strip()[:40]}"
    return f"{path}: is not MOTChallenge text"


def _is_number(field: str) -> bool:
    try:
        return math.isfinite(float(field))
    except ValueError:
        return False
