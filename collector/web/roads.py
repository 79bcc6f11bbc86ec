"""Traffic of one road over HTTP: what its cameras counted by minute, hour or day, as JSON and as a table."""

import time
from typing import Annotated, Any, Literal

from aiohttp import web
from msgspec import Meta, Struct, field

from collector.core import pcu
from collector.core.road_traffic import Watched, over_time
from collector.core.rollup import DAY_S, HOUR_S
from collector.outputs import road_table
from collector.store.questions import roads
from collector.web.access import ASKED, allow
from collector.web.api import answer, ask, moment
from collector.web.asked import Span, Text
from collector.web.feeds import told
from collector.web.services import SERVICES

By = Literal["minute", "hour", "day"]
TOLD_S: dict[By, float] = {"minute": HOUR_S, "hour": 2 * DAY_S, "day": 60 * DAY_S}  # what is told of without `from`
LONGEST_S: dict[By, float] = {"minute": DAY_S, "hour": 31 * DAY_S, "day": 400 * DAY_S}

routes = web.RouteTableDef()


class RoadAsked(Span, kw_only=True):
    """One road, or one of its cameras."""

    road: Annotated[Text, Meta(min_length=1)]
    by: By = "hour"
    device: Text | None = None
    camera: Text | None = None


class RoadCamera(Struct):
    device: str
    camera: str


class Road(Struct):
    road: str
    cameras: list[RoadCamera]


class Roads(Struct):
    roads: list[Road]


class RoadSpan(Struct):
    """`observed_s` is per camera, on average; flows are by it. `counts` has persons, `vehicles` and `pcu` have not."""

    from_: str = field(name="from")
    cameras: int
    observed_s: float
    counts: dict[str, int]
    vehicles: int
    pcu: float
    vehicles_per_h: int
    pcu_per_h: int
    mean_kmh: float | None
    speed_se_kmh: float | None


class PcuTable(Struct):
    """Whose factors, and which; classes without one have `otherwise`."""

    table: str
    factors: dict[str, float]
    otherwise: float


class RoadTraffic(Road):
    by: By
    spans: list[RoadSpan]
    pcu: PcuTable


@routes.get("/api/v1/roads")
@allow("viewer", answer=Roads)
async def list_(request: web.Request) -> web.Response:
    """Roads by name, with the cameras that watch them; where no site names a road, the site's or the device's name stands."""
    by_name = await _by_name(request)
    return answer(Roads([Road(name, by_name[name]) for name in sorted(by_name)]))


@routes.get("/api/v1/roads/traffic")
@allow("viewer", query=RoadAsked, answer=RoadTraffic)
async def traffic(request: web.Request) -> web.Response:
    """What the cameras of a road counted, added up by minute, hour or day."""
    question: RoadAsked = request[ASKED]
    cameras = await _cameras(request, question)
    content = {
        "road": question.road,
        "cameras": cameras,
        "by": question.by,
        "spans": over_time(await _watched(request, question, cameras)),
        "pcu": PcuTable(pcu.TABLE, pcu.FACTORS, pcu.OTHERWISE),
    }
    return answer(content)


@routes.get("/api/v1/roads/traffic.csv")
@allow("viewer", query=RoadAsked, content=road_table.CSV_TYPE)
async def table(request: web.Request) -> web.Response:
    """The same as a table."""
    question: RoadAsked = request[ASKED]
    watched = await _watched(request, question, await _cameras(request, question))
    desk = request.app[SERVICES].desk
    return await told(request, lambda: road_table.table(question.road, over_time(watched), desk), road_table.CSV_TYPE)


async def _by_name(request: web.Request) -> dict[str, list[RoadCamera]]:
    desk, by_name = request.app[SERVICES].desk, dict[str, list[RoadCamera]]()
    for one in await ask(request, roads.cameras):
        name = desk.place(one.device, one.site).road or one.device
        by_name.setdefault(name, []).append(RoadCamera(one.device, one.camera))
    return by_name


async def _cameras(request: web.Request, question: RoadAsked) -> list[RoadCamera]:
    known = (await _by_name(request)).get(question.road, [])
    chosen = [one for one in known if question.device in (None, one.device) and question.camera in (None, one.camera)]
    if not chosen:
        raise web.HTTPNotFound(text=f"road {question.road!r}: no such camera stands there; GET /api/v1/roads tells which do")
    return chosen


async def _watched(request: web.Request, question: RoadAsked, cameras: list[RoadCamera]) -> list[Watched]:
    to_s, from_s = moment(request, "to"), moment(request, "from")
    before_s = time.time() if to_s is None else to_s
    first_s = before_s - TOLD_S[question.by] if from_s is None else from_s
    if before_s - first_s > LONGEST_S[question.by]:
        longest_days = LONGEST_S[question.by] / DAY_S
        raise web.HTTPBadRequest(text=f"from: expected at most {longest_days:g} days before to, got more; by={question.by}")
    keys = [(one.device, one.camera) for one in cameras]
    found: Any
    if question.by == "minute":
        found = await ask(request, roads.minutes, keys, first_s, before_s)
    else:
        found = await ask(request, roads.spans, keys, question.by, first_s, before_s)
    return found  # type: ignore[no-any-return]
