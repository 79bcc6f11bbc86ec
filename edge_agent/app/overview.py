"""What the device's page says first: one verdict, and the figures behind it."""

import time
from collections.abc import Mapping
from dataclasses import asdict

from edge_agent.app.eye import Eye
from edge_agent.app.status import AgentStatus
from edge_agent.app.vitals import fault_of
from edge_agent.config import AgentConfig
from edge_agent.core.health.snapshot import Level
from edge_agent.health.network import interfaces
from edge_agent.sinks.origin import Origin
from edge_agent.web.figures import CameraNow, ClockNow, InterfaceNow, LinkNow, Maintenance, OutboxNow, Overview, PageNow
from event_contract.times import format_time


def overview(
    config: AgentConfig,
    origin: Origin,
    eyes: Mapping[str, Eye],
    status: AgentStatus,
    uptime_s: float,
    maintenance: Maintenance | None,
    page: PageNow,
) -> Overview:
    cameras = tuple(_camera(eyes[camera.name], camera.fps, status, uptime_s) for camera in config.cameras)
    clock = origin.read_clock()
    told = ClockNow(now=format_time(time.time()), synced=clock.synced, error_ms=clock.error_ms)
    model = origin.cameras[0]
    return Overview(
        device=origin.device, site=origin.site, software=origin.software, run=origin.run, model=model.model,
        model_sha256=model.model_sha256, health=status.health, cameras=cameras, link=_link(config, status),
        outbox=_outbox(config, status), clock=told, network=tuple(InterfaceNow(**asdict(one)) for one in interfaces()),
        maintenance=maintenance, page=page,
    )  # fmt: skip


def _camera(eye: Eye, asked_fps: float, status: AgentStatus, uptime_s: float) -> CameraNow:
    source, health = status.cameras[eye.name], eye.health(uptime_s, status.dropped[eye.name])
    incidents = [*eye.pipeline.open_incidents.values()]
    fault = fault_of(eye)
    level: Level = "bad" if fault or source.state in ("failed", "ended") else "warn" if source.state == "waiting" else "ok"
    lately = next((item.value for item in status.health.items if item.id == f"camera/{eye.name}"), None)
    return CameraNow(
        name=eye.name, state=source.state, level=level, fault=fault, said=source.reason, asked_fps=asked_fps,
        fps=lately if isinstance(lately, float) else health.fps,
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
