"""What the device's page says first: one verdict, and what it was made from."""

import time
from collections.abc import Iterator, Mapping

from edge_agent.app.eye import Eye
from edge_agent.app.status import AgentStatus
from edge_agent.config import AgentConfig
from edge_agent.core.health.snapshot import LEVELS, Health, Item, Level, worst
from edge_agent.core.health.words import todo_of
from edge_agent.sinks.origin import Origin
from edge_agent.web.figures import CameraNow, ClockNow, LinkNow, OutboxNow, Overview
from event_contract.times import format_time

OLD_S = 600.0  # so long an event may wait before somebody should ask why
STUCK_S = 86_400.0


def overview(config: AgentConfig, origin: Origin, eyes: Mapping[str, Eye], status: AgentStatus, uptime_s: float) -> Overview:
    cameras = tuple(_camera(eyes[camera.name], camera.fps, status, uptime_s) for camera in config.cameras)
    clock = origin.read_clock()
    told = ClockNow(now=format_time(time.time()), synced=clock.synced, error_ms=clock.error_ms)
    items = tuple(sorted(_items(cameras, status, told), key=lambda item: -LEVELS.index(item.level)))
    health = Health(at=told.now, uptime_s=round(uptime_s, 1), level=worst(item.level for item in items), items=items)
    model = origin.cameras[0]
    return Overview(
        device=origin.device, site=origin.site, software=origin.software, model=model.model, model_sha256=model.model_sha256,
        run=origin.run, health=health, cameras=cameras, link=_link(config, status), outbox=_outbox(config, status), clock=told,
    )  # fmt: skip


def _camera(eye: Eye, asked_fps: float, status: AgentStatus, uptime_s: float) -> CameraNow:
    source, health = status.cameras[eye.name], eye.health(uptime_s, status.dropped[eye.name])
    incidents = [*eye.pipeline.open_incidents.values()]
    fault = next((str(one.detail.get("reason")) for one in incidents if one.kind == "camera_fault"), None)
    level: Level = "bad" if fault or source.state in ("failed", "ended") else "warn" if source.state == "waiting" else "ok"
    return CameraNow(
        name=eye.name, state=source.state, level=level, fault=fault, said=source.reason, fps=health.fps, asked_fps=asked_fps,
        frame_age_s=None if source.frame_s is None else round(time.monotonic() - source.frame_s, 1), frames=source.frames,
        dropped=health.dropped, spared=health.spared, restarts=source.restarts, inference_ms=health.inference_ms or 0.0,
        open_incidents=tuple(one.kind for one in incidents if one.kind != "camera_fault"),
    )  # fmt: skip


def _link(config: AgentConfig, status: AgentStatus) -> LinkNow:
    link, broker = status.sink.link, config.broker
    return LinkNow(
        broker=f"{broker.host}:{broker.port}", tls=broker.ca is not None, connected=link.connected,
        collector_online=link.collector_online, said=link.text, connections=link.connections, resent=link.resent,
        refused=link.refused,
    )  # fmt: skip


def _outbox(config: AgentConfig, status: AgentStatus) -> OutboxNow:
    sink, outbox = status.sink, status.sink.outbox
    return OutboxNow(
        pending=outbox.pending, bytes=outbox.bytes, max_bytes=config.outbox.max_bytes, lost=outbox.lost,
        oldest_s=None if outbox.oldest_age_s is None else round(outbox.oldest_age_s, 1), unstored=sink.unstored,
        rebuilt=sink.rebuilt, disk_full=outbox.disk_full,
    )  # fmt: skip


def _items(cameras: tuple[CameraNow, ...], status: AgentStatus, clock: ClockNow) -> Iterator[Item]:
    """Of each sort one that says how it is, with the next step where it is not well."""
    for camera in cameras:
        reason = camera.fault or {"live": "ok", "failed": "no_frames"}.get(camera.state, camera.state)
        yield _item(f"camera/{camera.name}", camera.level, f"camera.{reason}", camera.fps, "fps")
    link, outbox = status.sink.link, status.sink.outbox
    said = "link.ok" if link.collector_online else "link.no_collector" if link.connected else "link.down"
    yield _item("link", "ok" if link.collector_online else "warn" if link.connected else "bad", said)
    oldest_s = outbox.oldest_age_s or 0.0
    said = "stuck" if oldest_s > STUCK_S else "waiting" if oldest_s > OLD_S else "ok"
    if outbox.disk_full or status.sink.unstored:
        said = "full"
    yield _item("outbox", "ok" if said == "ok" else "warn" if said == "waiting" else "bad", f"outbox.{said}", outbox.pending)
    said = "ok" if clock.synced else "unsynced"
    yield _item("clock", "ok" if clock.synced else "warn", f"clock.{said}", clock.error_ms, "ms")


def _item(name: str, level: Level, said: str, value: float | None = None, unit: str = "") -> Item:
    todo = "" if level == "ok" else todo_of(said)
    return Item(id=name, level=level, said=said, todo=todo, value=value, unit=unit)
