"""What the page tells, as types. Times are RFC 3339."""

from typing import Literal

from msgspec import Struct

from edge_agent.core.health.snapshot import Health, Level


class CameraNow(Struct, frozen=True, kw_only=True):
    """`fault`: why it does not see its road. Counts are totals of this run."""

    name: str
    state: Literal["waiting", "live", "failed", "ended"]
    level: Level
    fault: str | None
    said: str
    fps: float
    asked_fps: float
    frame_age_s: float | None
    frames: int
    dropped: int
    spared: int
    restarts: int
    inference_ms: float
    open_incidents: tuple[str, ...]


class LinkNow(Struct, frozen=True, kw_only=True):
    broker: str
    tls: bool
    connected: bool
    collector_online: bool
    said: str
    connections: int
    resent: int
    refused: int


class OutboxNow(Struct, frozen=True, kw_only=True):
    pending: int
    bytes: int
    max_bytes: int
    oldest_s: float | None
    lost: int
    unstored: int
    rebuilt: int
    disk_full: bool


class ClockNow(Struct, frozen=True, kw_only=True):
    now: str
    synced: bool
    error_ms: float | None


class InterfaceNow(Struct, frozen=True, kw_only=True):
    """One way to the network. `up`: it carries something; `signal_dbm` of a radio, `speed_mbps` of a cable."""

    name: str
    up: bool
    addresses: tuple[str, ...]
    speed_mbps: int | None
    signal_dbm: float | None
    received_bytes: int
    sent_bytes: int
    errors: int


class Maintenance(Struct, frozen=True, kw_only=True):
    """Somebody works at the device."""

    until: str
    by: str
    reason: str


Announced = Literal["off", "nowhere", "on", "taken", "failed"]


class PageNow(Struct, frozen=True, kw_only=True):
    """Who is connected to this page, and what it has not served: connections by why, requests by their HTTP status.
    `announced`: "taken" while another one there bears the device's name, "failed" while the network takes no multicast."""

    connections: int
    most_connections: int
    turned_away: dict[str, int]
    refused: dict[str, int]
    announced: Announced


class Overview(Struct, frozen=True, kw_only=True):
    """`health` holds the verdict; the rest is what stands behind it."""

    device: str
    site: str
    software: str
    model: str
    model_sha256: str
    run: str
    health: Health
    cameras: tuple[CameraNow, ...]
    link: LinkNow
    outbox: OutboxNow
    network: tuple[InterfaceNow, ...] = ()
    clock: ClockNow
    maintenance: Maintenance | None = None
    page: PageNow


class ToldEvent(Struct, frozen=True, kw_only=True):
    """One event as it went to the outbox: of an incident its phase and number, of others the kind alone."""

    at: str
    kind: str
    event_class: str
    camera: str | None = None
    lane: str | None = None
    phase: str | None = None
    incident: str | None = None
    reason: str | None = None
    severity: str | None = None


class LogLine(Struct, frozen=True, kw_only=True):
    """`name` is the part that speaks."""

    at: str
    level: Literal["info", "warning", "error"]
    name: str
    text: str


class RoadUserNow(Struct, frozen=True, kw_only=True):
    """Somebody in the picture. `error_kmh`: 19 of 20 true speeds lie so near; None where no speed is told."""

    id: int
    cls: str
    lane: str | None
    speed_kmh: float | None
    error_kmh: float | None
    away_m: float | None


class IncidentNow(Struct, frozen=True, kw_only=True):
    number: int
    kind: str
    lane: str | None
    reason: str | None


class SeenNow(Struct, frozen=True, kw_only=True):
    """What is made of picture `index`. `beside`: how far it lies beside the scene as it was drawn, in its widths; None where
    that is not known. `turned`: so far that the camera is told to have been moved; else the zones have followed."""

    index: int
    calibrated: bool
    users: tuple[RoadUserNow, ...]
    incidents: tuple[IncidentNow, ...]
    beside: float | None
    turned: bool


class LensAid(Struct, frozen=True, kw_only=True):
    """For whoever turns the lens. `sharpness` grows with the fine structure in the picture, of the same view it is highest in
    focus; `brightness` is 0 to 1, `dark` and `bright` are the shares of the picture in which nothing can be told any more."""

    sharpness: float
    brightness: float
    dark: float
    bright: float
