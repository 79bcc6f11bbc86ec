"""What travels between an agent and its capture child: a job in, then frames and notes out. Bytes only, no I/O.

Each item is a header of 32 bytes (magic, index, at_s, width, height, length, little endian) and `length` bytes: raw BGR
rows for a frame, JSON for a note.
"""

import struct
from dataclasses import dataclass

import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from edge_agent.config import SourceConfig

Pixels = NDArray[np.uint8]  # BGR (height, width, 3)
Polygon = tuple[tuple[float, float], ...]  # normalised image coordinates

HEADER = struct.Struct("<4sQdIII")
FRAME, NOTE = b"KBF1", b"KBN1"
MAX_SIDE_PX = 16_384
MAX_FRAME_BYTES = 1 << 28
MAX_NOTE_BYTES = 1 << 16
MAX_JOB_BYTES = 1 << 16


class Job(Struct, frozen=True):
    """What a child decodes: at most `fps` frames a second. `live` is the clock's time, otherwise it is media time."""

    source: SourceConfig
    live: bool
    fps: float | None = None
    width: int | None = None
    masks: tuple[Polygon, ...] = ()


class Opened(Struct, frozen=True, tag="opened"):
    """The first frame could be decoded. `frames` is what the container announces, None where it does not."""

    fps: float
    frames: int | None
    width: int
    height: int


class Working(Struct, frozen=True, tag="working"):
    """No frame yet, but the child is busy: it reads through a clip that is to be played backwards."""


class Ended(Struct, frozen=True, tag="ended"):
    """A clip was played to its end: so many frames were decoded, and so long did they last."""

    frames: int
    duration_s: float


class Fault(Struct, frozen=True, tag="fault"):
    """Why the child gives up: not_opened | no_frames | stream_ended."""

    code: str


Note = Opened | Working | Ended | Fault


@dataclass(frozen=True, slots=True)
class Picture:
    """A frame before it is told which camera it is from; `index` counts decoded frames, dropped ones included."""

    index: int
    at_s: float
    pixels: Pixels


@dataclass(frozen=True, slots=True)
class Header:
    magic: bytes
    index: int
    at_s: float
    width: int
    height: int
    length: int


def frame_header(index: int, at_s: float, width: int, height: int) -> bytes:
    return HEADER.pack(FRAME, index, at_s, width, height, width * height * 3)


def encode_note(note: Note) -> bytes:
    body = msgspec.json.encode(note)
    return HEADER.pack(NOTE, 0, 0.0, 0, 0, len(body)) + body


def parse_header(data: bytes | bytearray) -> Header:
    """ValueError unless the magic is known and the length is what the size says, within bounds."""
    header = Header(*HEADER.unpack(data))
    if header.magic == NOTE:
        fits = 0 < header.length <= MAX_NOTE_BYTES
    else:
        sides = 0 < header.width <= MAX_SIDE_PX and 0 < header.height <= MAX_SIDE_PX
        fits = sides and header.length == header.width * header.height * 3 <= MAX_FRAME_BYTES
    if header.magic not in (FRAME, NOTE) or not fits:
        raise ValueError(f"not a frame header: {data[:16]!r}")
    return header


def decode_note(body: bytes | bytearray) -> Note:
    """ValueError where it is none (msgspec's ValidationError is one)."""
    note: Note = msgspec.json.decode(body, type=Note)
    return note


def encode_job(job: Job) -> bytes:
    """One line. ValueError when it is longer than a pipe takes at once."""
    line = msgspec.json.encode(job) + b"\n"
    if len(line) > MAX_JOB_BYTES:
        raise ValueError(f"{len(line)} bytes of job; at most {MAX_JOB_BYTES}: simplify the private masks")
    return line


def decode_job(line: bytes) -> Job:
    return msgspec.json.decode(line, type=Job)
