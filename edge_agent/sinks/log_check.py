"""SQLite's write-ahead log, looked at before SQLite does: it drops all that follows a damaged frame, without a word.

Frames are chained by checksums, and each commit is synchronised before the next begins. So where a commit of this log stands
behind the end of the unbroken chain, a frame was damaged; or it is what a power cut left of a last commit that had not
returned, which cannot be told apart. Frames without a commit are what was rolled back on a full disk.
Format: https://www.sqlite.org/fileformat2.html, section 4.
"""

import struct
from pathlib import Path

HEADER = struct.Struct(">8I")  # magic, version, page size, number, salt, salt, checksum, checksum
FRAME = struct.Struct(">6I")  # page, pages after a commit (else 0), salt, salt, checksum, checksum
MAGIC = 0x377F0682  # the lowest bit: checksums are over big-endian words
Checksum = tuple[int, int]


def find_break(log: Path) -> str | None:
    """What is wrong with the log; None when nothing is, or there is none."""
    data = log.read_bytes() if log.exists() else b""
    if len(data) < HEADER.size or not any(data[: HEADER.size]):
        return None
    magic, _, page_bytes, _, *salts, first, second = HEADER.unpack_from(data)
    order = ">" if magic & 1 else "<"
    running = _sum(data[:24], (0, 0), order)
    if magic & ~1 != MAGIC or running != (first, second):
        return "the header of its write-ahead log is damaged"
    unbroken = True
    for number, at in enumerate(range(HEADER.size, len(data) - FRAME.size + 1, FRAME.size + page_bytes)):
        head = FRAME.unpack_from(data, at)
        if not (head[2] == salts[0] or head[3] == salts[1]):
            unbroken = False  # of an earlier round through the same file
            continue
        if unbroken:
            page = data[at + FRAME.size : at + FRAME.size + page_bytes]
            running = _sum(page, _sum(data[at : at + 8], running, order), order)
            unbroken = list(head[2:4]) == salts and len(page) == page_bytes and running == head[4:]
        if not unbroken and head[1] and len(data) >= at + FRAME.size + page_bytes:
            return f"its write-ahead log is damaged at frame {number + 1}"
    return None


def _sum(data: bytes, before: Checksum, order: str) -> Checksum:
    first, second = before
    words = struct.unpack(f"{order}{len(data) // 4}I", data[: len(data) // 4 * 4])
    for even, odd in zip(words[::2], words[1::2], strict=False):
        first = (first + even + second) & 0xFFFFFFFF
        second = (second + odd + first) & 0xFFFFFFFF
    return first, second
