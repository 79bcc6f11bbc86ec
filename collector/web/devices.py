"""One device over HTTP: how it fares, what it runs, what is missing of it."""

from typing import Annotated, Any

from aiohttp import web
from msgspec import Meta, Struct

from collector.core import answers
from collector.store.questions import one_device
from collector.web.access import allow
from collector.web.api import answer, ask
from collector.web.services import SERVICES
from event_contract.messages import MachineHealth

routes = web.RouteTableDef()


class DeviceCamera(Struct):
    """As the device said when it came; from `state` on as it told last, null where it has told nothing lately."""

    name: str
    model: str
    model_sha256: str
    scene_sha256: str
    state: str | None
    fps: float | None
    inference_ms: float | None
    frames: int | None
    dropped: int | None
    restarts: int | None
    unjudged: int | None


class DeviceTest(Struct):
    """Somebody at the device tried whether what it says arrives."""

    by: str
    at: str
    received_at: str


class WholeDevice(Struct):
    """`clock_error_ms` and what else it tells of itself is from `health_at`; null where it has told nothing lately."""

    device: str
    site: str
    road: str
    online: bool
    since: str | None
    software: str | None
    last_event_at: str | None
    clock: str | None
    clock_error_ms: float | None
    silent: bool
    outbox: answers.Outbox | None
    health_at: str | None
    uptime_s: float | None
    disk_full: bool
    unstored: int
    frame_share: Annotated[float | None, Meta(description="Of the frames, which it looks at; less while it is too hot.")]
    machine: MachineHealth | None
    health: answers.DeviceHealth | None
    maintenance: answers.Maintenance | None
    test: DeviceTest | None
    cameras: list[DeviceCamera]
    events: int
    missing: int
    streams: list[answers.Stream]


@routes.get("/api/v1/devices/{device:[a-z0-9-]{1,63}}")
@allow("viewer", answer=WholeDevice)
async def one(request: web.Request) -> web.Response:
    """All that is known of one device."""
    name = request.match_info["device"]
    found: dict[str, Any] | None = await ask(request, one_device.whole, name)
    if found is None:
        raise web.HTTPNotFound(text=f"no device {name}")
    return answer({**found, "road": request.app[SERVICES].desk.place(name, found["site"]).road})
