"""A JPEG that is nothing but a picture: read marker by marker (ITU-T T.81, annex B), and written without the rest."""

import re

LONGEST_SIDE_PX = 4096
_SOI, _EOI = b"\xff\xd8", b"\xff\xd9"
_SOF0, _SOS = 0xC0, 0xDA
_TABLES = (0xC4, 0xDB, 0xDD)  # Huffman, quantisation, restart interval
_ASIDE = (*range(0xE0, 0xF0), 0xFE)  # application data (EXIF is one) and comments
_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7]", re.DOTALL)  # in coded data, where FF 00 is a value and FF D0 to D7 are restarts


def plain(data: bytes) -> bytes:
    """The same picture without application data and comments, and without what follows its end.

    Raises ValueError for what is no baseline JPEG of one scan with sides of at most LONGEST_SIDE_PX.
    """
    if not data.startswith(_SOI):
        raise ValueError("expected a JPEG, which begins with FF D8")
    parts, at, sized = [_SOI], 2, False
    while True:
        marker, segment = _segment(data, at)
        at += len(segment)
        if marker == _SOF0:
            _check_size(segment)
            sized = True
        elif marker in _ASIDE:
            continue
        elif marker not in (*_TABLES, _SOS):
            raise ValueError(f"marker FF {marker:02X}: expected a baseline JPEG")
        parts.append(segment)
        if marker == _SOS:
            break
    found = _MARKER.search(data, at)
    if not sized or found is None or found[0] != _EOI:
        raise ValueError("the picture breaks off, has no size, or more than one scan")
    return b"".join([*parts, data[at : found.start()], _EOI])


def _segment(data: bytes, at: int) -> tuple[int, bytes]:
    """The marker there, and its bytes with marker and length."""
    length = int.from_bytes(data[at + 2 : at + 4], "big")
    segment = data[at : at + 2 + length]
    if segment[:1] != b"\xff" or length < 2 or len(segment) != 2 + length:
        raise ValueError(f"byte {at}: expected a JPEG's segment")
    return segment[1], segment


def _check_size(segment: bytes) -> None:
    """SOF0: length, precision, height, width, number of components."""
    height, width = int.from_bytes(segment[5:7], "big"), int.from_bytes(segment[7:9], "big")
    if len(segment) < 10 or segment[4] != 8 or segment[9] not in (1, 3):
        raise ValueError("expected 8 bits in one or three colours")
    if not (0 < width <= LONGEST_SIDE_PX and 0 < height <= LONGEST_SIDE_PX):
        raise ValueError(f"{width} x {height} px: expected sides of 1 to {LONGEST_SIDE_PX}")
