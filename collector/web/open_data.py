"""Open data over HTTP: sums per road and hour. Whoever publishes them reads them here, with a token like everybody."""

import time
from typing import Any

import msgspec
from aiohttp import web

from collector.core.road_hours import HOUR_S, CameraHour, RoadHour, road_hours
from collector.outputs import geojson, open_data
from collector.outputs.telling import Desk
from collector.store.upkeep import rollups
from collector.web.access import allow
from collector.web.api import ask, moment
from collector.web.asked import OpenDataAsked
from collector.web.feeds import told
from collector.web.services import SERVICES
from event_contract.messages import Position

DAY_S = 24 * HOUR_S
LONGEST_S = 31 * DAY_S
MOST_CAMERA_HOURS = 50_000
SETTLED_S = HOUR_S  # an hour is told when it has been over for so long: watched as it grows, it would tell each vehicle

routes = web.RouteTableDef()


@routes.get("/api/v1/open-data/traffic.csv")
@allow("viewer", query=OpenDataAsked, content=open_data.CSV_TYPE)
async def table(request: web.Request) -> web.Response:
    desk, sums = request.app[SERVICES].desk, await _sums(request)

    def render() -> bytes:
        return open_data.table(_by_road(sums, desk, request.query.get("road"))[0], desk)

    return await told(request, render, open_data.CSV_TYPE)


@routes.get("/api/v1/open-data/traffic.geojson")
@allow("viewer", query=OpenDataAsked, content=geojson.CONTENT_TYPE)
async def features(request: web.Request) -> web.Response:
    desk, sums = request.app[SERVICES].desk, await _sums(request)

    def render() -> bytes:
        return msgspec.json.encode(open_data.features(*_by_road(sums, desk, request.query.get("road")), desk))

    return await told(request, render, geojson.CONTENT_TYPE)


async def _sums(request: web.Request) -> list[dict[str, Any]]:
    """Of each camera the hours that begin between `from` (a day before `to`) and `to` (now) and are over."""
    settled_s = (time.time() - SETTLED_S) // HOUR_S * HOUR_S
    to_s, from_s = moment(request, "to"), moment(request, "from")
    before_s = settled_s if to_s is None else min(to_s, settled_s)
    first_s = before_s - DAY_S if from_s is None else from_s
    if before_s - first_s > LONGEST_S:
        raise web.HTTPBadRequest(text="from: expected at most 31 days before to; ask for less at a time")
    wanted = rollups.Wanted("hour", first_s, before_s)
    sums: list[dict[str, Any]] = await ask(request, rollups.read, wanted, MOST_CAMERA_HOURS + 1)
    if len(sums) > MOST_CAMERA_HOURS:
        raise web.HTTPBadRequest(text=f"from: expected at most {MOST_CAMERA_HOURS} hours of cameras; ask for less at a time")
    return sums


def _by_road(sums: list[dict[str, Any]], desk: Desk, only: str | None) -> tuple[list[RoadHour], dict[str, Position]]:
    """All roads or one, and where they are; what is on no road is left out."""
    hours: list[CameraHour] = []
    positions: dict[str, Position] = {}
    for one in sums:
        place = desk.place(one["device"], one["site"])
        if place.road and only in (None, place.road):
            hours.append(CameraHour(place.road, one["from"], one["observed_s"], tuple(one["lanes"])))
            if place.position:
                positions.setdefault(place.road, place.position)
    return road_hours(hours), positions
