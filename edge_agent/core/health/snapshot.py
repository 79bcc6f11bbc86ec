"""The device's health as its page and `edge-agent health` show it: plain, frozen, ready for JSON."""

from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

Level = Literal["ok", "warn", "bad"]
LEVELS: tuple[Level, ...] = ("ok", "warn", "bad")  # from well to unwell


class Item(Struct, frozen=True, kw_only=True):
    """One thing that was looked at. `id` as in `temperature` or `camera/north`; `said` and `todo` are keys of the tables SAID
    and TODO, `todo` is empty where nothing need be done. `since` is RFC 3339, None while it has been so from the start."""

    id: str
    level: Level
    said: str
    todo: str = ""
    value: float | str | None = None
    unit: str = ""
    since: str | None = None


class Measures(Struct, frozen=True, kw_only=True):
    """What the agent does by itself: the share of frames it looks at, and whether it keeps its telemetry to itself.
    `thinned` and `held` count what that has cost since the start, `unkept` how often the trends could not be written down."""

    frame_share: float = 1.0
    telemetry: bool = True
    thinned: int = 0
    held: int = 0
    unkept: int = 0


class Health(Struct, frozen=True, kw_only=True):
    """`level` is the worst of the items, which come with the worst first. `at` is RFC 3339."""

    at: str
    uptime_s: float
    level: Level
    items: tuple[Item, ...]
    measures: Measures = Measures()


class TrendPoint(Struct, frozen=True):
    """One slot of a figure: its lowest, mean and highest value. `ago_s`: how long before the snapshot the slot began."""

    ago_s: float
    low: float
    mean: float
    high: float


class Trend(Struct, frozen=True, kw_only=True):
    """A figure over the last 24 h, the oldest first; a slot in which nothing was read is left out."""

    id: str
    unit: str
    slot_s: float
    points: tuple[TrendPoint, ...]


def worst(levels: Iterable[Level]) -> Level:
    return max(levels, key=LEVELS.index, default="ok")
