"""The part of the configuration about the console's map. It needs neither key: sites stand where `[[sites]]` has them."""

import re
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from collector.config.places import beside

MOST_ROAD_BYTES = 8_000_000
TILES = re.compile(r"https?://[A-Za-z0-9.-]+(:\d{1,5})?/[^\s;,'\"<>]*")
PLACES = ("{z}", "{x}", "{y}")


class Map(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`roads`: a GeoJSON file of lines, each with a `name`. `tiles`: from where browsers fetch pictures of the ground."""

    roads: str | None = None
    tiles: str | None = None
    attribution: str = ""

    @property
    def tile_origin(self) -> str | None:
        return "/".join(self.tiles.split("/")[:3]) if self.tiles else None


def checked_map(settings: Map, folder: Path) -> Map:
    """With the path of `roads` made absolute. Raises ValueError with the key."""
    if settings.tiles is not None and not (TILES.fullmatch(settings.tiles) and all(one in settings.tiles for one in PLACES)):
        raise ValueError(f"map.tiles: expected one such as https://tiles.example/{{z}}/{{x}}/{{y}}.png, got {settings.tiles!r}")
    if settings.roads is None:
        return settings
    found = replace(settings, roads=beside(folder, settings.roads))
    read_roads(found)
    return found


def read_roads(settings: Map) -> dict[str, Any] | None:
    """GeoJSON as it stands in the file. Raises ValueError with the key."""
    if settings.roads is None:
        return None
    path = Path(settings.roads)
    try:
        content = path.read_bytes() if path.stat().st_size <= MOST_ROAD_BYTES else None
    except OSError as error:
        raise ValueError(f"map.roads: {path}: {error.strerror}") from error
    if content is None:
        raise ValueError(f"map.roads: {path}: is longer than {MOST_ROAD_BYTES} bytes; leave out what is not watched")
    try:
        roads: dict[str, Any] = msgspec.json.decode(content)
        lines = [one["geometry"]["coordinates"] for one in roads["features"] if "LineString" in one["geometry"]["type"]]
    except (msgspec.DecodeError, UnicodeDecodeError, KeyError, TypeError) as error:
        raise ValueError(f"map.roads: {path}: expected a GeoJSON FeatureCollection: {error!r}") from error
    if not lines:
        raise ValueError(f"map.roads: {path}: has no LineString; expected the roads as lines")
    return roads
