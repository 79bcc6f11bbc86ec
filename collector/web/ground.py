"""What the console's map is drawn from, beside alerts and devices: sites, roads, and where pictures of the ground are."""

from typing import Any

from aiohttp import web
from msgspec import Struct

from collector.web.access import allow
from collector.web.api import answer
from collector.web.services import SERVICES

routes = web.RouteTableDef()


class SiteOnMap(Struct):
    """`site` as devices call it, or the name of one device."""

    site: str
    road: str
    lon: float | None
    lat: float | None


class Tiles(Struct):
    url: str
    attribution: str


class Ground(Struct):
    """`roads` is GeoJSON, null where the configuration has none."""

    sites: list[SiteOnMap]
    roads: dict[str, Any] | None
    tiles: Tiles | None


@routes.get("/api/v1/map")
@allow("viewer", answer=Ground)
async def ground(request: web.Request) -> web.Response:
    """Sites, roads and tiles as the configuration has them."""
    services = request.app[SERVICES]
    settings = services.map
    sites = [SiteOnMap(one.site, one.road, one.lon, one.lat) for one in services.desk.sites.values()]
    tiles = Tiles(settings.tiles, settings.attribution) if settings.tiles else None
    return answer(Ground(sites, services.roads, tiles))
