"""The trends of the last 24 hours on the disk: what a device went through before it restarted is what one wants to see."""

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import msgspec
from msgspec import Struct

from edge_agent.core.health.snapshot import Trend
from edge_agent.files import whole_file

MAX_BYTES = 1_000_000
DIGEST_BYTES = sha256().digest_size


class _Kept(Struct, frozen=True):
    """`wall_s`: when it was written down, in Unix seconds."""

    wall_s: float
    trends: tuple[Trend, ...]


def save_trends(path: Path, wall_s: float, trends: Sequence[Trend]) -> None:
    """Raises OSError."""
    packed = msgspec.msgpack.encode(_Kept(wall_s, tuple(trends)))
    with whole_file(path) as file:
        file.write(sha256(packed).digest() + packed)


def load_trends(path: Path, wall_s: float) -> tuple[tuple[Trend, ...], float]:
    """What was kept, and how many seconds ago that was by the wall clock: 0 where it was set back since. Nothing where there is
    none or it cannot be read."""
    try:
        if path.stat().st_size > MAX_BYTES:
            return (), 0.0
        text = path.read_bytes()
        digest, packed = text[:DIGEST_BYTES], text[DIGEST_BYTES:]
        if sha256(packed).digest() != digest:
            return (), 0.0
        kept = msgspec.msgpack.decode(packed, type=_Kept)
    except (OSError, ValueError):
        return (), 0.0
    return kept.trends, max(0.0, wall_s - kept.wall_s)
