"""Open data over HTTP: sums per road and hour, by role like the rest; whoever publishes them reads them here."""

import time

import msgspec
from aiohttp import web

from collector.core.road_hours import HOUR_S, CameraHour, RoadHour, road_hours
from collector.outputs import geojson, open_data
from collector.store import rollups
from collector.web.api import ask, moment
from collector.web.feeds import told
from collector.web.services import SERVICES
from event_contract.messages import Position

DAY_S = 24 * HOUR_S
LONGEST_S = 31 * DAY_S
MOST_CAMERA_HOURS = 50_000
SETTLED_S = HOUR_S  # an hour is told when it has been over for so long: watched as it grows, it would tell each vehicle

routes = web.RouteTableDef()


@routes.get("/api/v1/open-data/traffic.csv")
async def table(request: web.Request) -> web.Response:
    hours, _ = await _hours(request)
    return told(request, open_data.table(hours, request.app[SERVICES].desk), open_data.CSV_TYPE)


@routes.get("/api/v1/open-data/traffic.geojson")
async def features(request: web.Request) -> web.Response:
    body = msgspec.json.encode(open_data.features(*await _hours(request), request.app[SERVICES].desk))
    return told(request, body, geojson.CONTENT_TYPE)


async def _hours(request: web.Request) -> tuple[list[RoadHour], dict[str, Position]]:
    """The hours that begin within `from` (a day before `to`) and `to` (now), by default all roads; and where roads are."""
    settled_s = (time.time() - SETTLED_S) // HOUR_S * HOUR_S
    to_s = moment(request, "to")
    before_s = settled_s if to_s is None else min(to_s, settled_s)
    from_s = moment(request, "from")
    first_s = before_s - DAY_S if from_s is None else from_s
    if before_s - first_s > LONGEST_S:
        raise web.HTTPBadRequest(text="from: expected at most 31 days before to; ask for less at a time")
    sums = await ask(request, rollups.read, rollups.Wanted("hour", first_s, before_s), MOST_CAMERA_HOURS + 1)
    if len(sums) > MOST_CAMERA_HOURS:
        raise web.HTTPBadRequest(text=f"from: expected at most {MOST_CAMERA_HOURS} hours of cameras; ask for less at a time")
    desk, only = request.app[SERVICES].desk, request.query.get("road")
    hours: list[CameraHour] = []
    positions: dict[str, Position] = {}
    for one in sums:
        place = desk.place(one["device"], one["site"])
        if place.road and only in (None, place.road):
            hours.append(CameraHour(place.road, one["from"], one["observed_s"], tuple(one["lanes"])))
            if place.position:
                positions.setdefault(place.road, place.position)
    return road_hours(hours), positions
