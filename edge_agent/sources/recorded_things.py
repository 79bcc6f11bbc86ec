"""Recorded static foreground, beside recorded detections, so that obstacles replay without pixels: text in and out.

    frame (from 1), left, top, width, height (pixels), for how long it stands (s), strength
A row of -1 after the frame says that this frame was looked at and nothing was found; frames without a row were not looked at.
"""

import math
from collections.abc import Iterable
from pathlib import Path

from edge_agent.core.types import Box, PictureReading, Thing
from edge_agent.files import whole_file
from edge_agent.sources.errors import SourceError

COLUMNS = 7
NOTHING = ",-1" * (COLUMNS - 1)
Looks = dict[int, tuple[Thing, ...]]  # by the frame's index from 0


def reading_of(things: tuple[Thing, ...]) -> PictureReading:
    """A look at a picture of which nothing else was kept: nothing was wrong with its camera."""
    return PictureReading(255.0, 0.0, 0.0, 64.0, 0.0, None, things)


def read_things(path: Path, ref_resolution: tuple[int, int]) -> Looks:
    """Raises SourceError with file and line."""
    looks: Looks = {}
    try:
        lines = path.read_text(encoding="ascii").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not plain text"
        raise SourceError(f"{path}: cannot be read ({reason}); expected static foreground as text") from None
    for number, line in enumerate(lines, start=1):
        if line.strip():
            frame, *row = _numbers(path, number, line)
            things = looks.setdefault(int(frame) - 1, ())
            if row[2] > 0 and row[3] > 0:
                looks[int(frame) - 1] = (*things, _thing(row, ref_resolution))
    return looks


def write_things(path: Path, looks: Iterable[tuple[int, tuple[Thing, ...]]], ref_resolution: tuple[int, int]) -> None:
    """(index from 0, what was found) of every look; what `read_things` reads back, to 0.01 px. Never over another file."""
    width, height = ref_resolution
    with whole_file(path, replace=False) as file:
        for index, things in looks:
            if not things:
                file.write(f"{index + 1}{NOTHING}\n".encode("ascii"))
            for box, stands_s, strength in ((one.box, one.stands_s, one.strength) for one in things):
                sides = box.left * width, box.top * height, (box.right - box.left) * width, (box.bottom - box.top) * height
                row = ",".join(f"{side:.2f}" for side in sides)
                file.write(f"{index + 1},{row},{stands_s:.1f},{strength:.2f}\n".encode("ascii"))


def _numbers(path: Path, number: int, line: str) -> list[float]:
    try:
        row = [float(text) for text in line.split(",")]
    except ValueError:
        row = []
    if len(row) != COLUMNS or not all(map(math.isfinite, row)) or row[0] < 1 or not row[0].is_integer():
        wanted = f"a frame number from 1 and {COLUMNS - 1} numbers"
        raise SourceError(f"{path}:{number}: expected {wanted}, got {line.strip()[:40]!r}")
    return row


def _thing(row: list[float], ref_resolution: tuple[int, int]) -> Thing:
    left, top, wide, tall, stands_s, strength = row
    width, height = ref_resolution
    return Thing(Box(left / width, top / height, (left + wide) / width, (top + tall) / height), stands_s, strength)
