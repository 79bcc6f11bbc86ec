"""Events as msgspec Structs: CloudEvents 1.0 (structured JSON) with a body of each kind, and their acknowledgement.

A body (`data`) is decoded by its kind and kept raw when the kind is unknown, so that an old collector stores what a new
agent says. Unknown fields are ignored, new fields have defaults.
"""

from typing import Any, Literal

import msgspec
from msgspec import Struct, field

from event_contract.kinds import INCIDENT_KINDS, EventClass, Phase, Severity

CONTRACT_VERSION = 1
CONTENT_TYPE = "application/cloudevents+json"
MAX_MESSAGE_BYTES = 64 * 1024  # an incident is about 1 kB; anything larger is refused at the border


class Clock(Struct, frozen=True, kw_only=True):
    """How far the sender's wall time can be trusted. `mono_s` counts since `boot`; `error_ms` is None when unknown."""

    mono_s: float
    boot: str
    synced: bool
    error_ms: float | None = None


class Position(Struct, frozen=True):
    """WGS 84, degrees."""

    lon: float
    lat: float


class RoadUserData(Struct, frozen=True, kw_only=True):
    """One road user concerned by an incident. `speed_se_kmh` is the standard error of `speed_kmh`."""

    cls: str = field(name="class")
    speed_kmh: float | None = None
    speed_se_kmh: float | None = None


class IncidentData(Struct, frozen=True, kw_only=True):
    """A road incident or a fault. The highest `revision` of one `incident` wins; messages can arrive out of order.

    `box` is [left, top, right, bottom], normalised; `road_m` is [x to the right, y away from the camera] in metres.
    `shadow`: of rules or a model on trial; it comes in class state, has an `incident` of its own, and is never an alert.
    """

    kind: str
    phase: Phase
    revision: int
    incident: str
    run: str
    camera: str | None = None
    sensor: str | None = None
    lane: str | None = None
    severity: Severity
    confidence: float
    started_at: str
    updated_at: str
    ended_at: str | None = None
    box: tuple[float, float, float, float] | None = None
    road_m: tuple[float, float] | None = None
    position: Position | None = None
    road_users: tuple[RoadUserData, ...] = ()
    detail: dict[str, Any] = {}  # what belongs to one kind only: congestion level, queue length, fault reason
    rule_version: int = 1
    shadow: bool = False
    late: bool = False
    clock: Clock


class LostData(Struct, frozen=True, kw_only=True):
    """Messages `first`..`last` (inclusive) of `stream` will never come, and why."""

    kind: str = "lost"
    run: str
    stream: str
    first: int
    last: int
    reason: str
    clock: Clock


class LaneMinute(Struct, frozen=True, kw_only=True):
    lane: str
    counts: dict[str, int]
    mean_kmh: float | None = None
    p85_kmh: float | None = None
    speed_se_kmh: float | None = None
    occupancy: float | None = None
    headway_s: float | None = None
    queue_m: float | None = None


class LineMinute(Struct, frozen=True, kw_only=True):
    line: str
    forward: dict[str, int]
    backward: dict[str, int]


class TrafficMinuteData(Struct, frozen=True, kw_only=True):
    """Traffic of one camera in the minute that begins at `from`."""

    kind: str = "traffic_minute"
    run: str
    camera: str
    from_: str = field(name="from")
    lanes: tuple[LaneMinute, ...] = ()
    lines: tuple[LineMinute, ...] = ()
    clock: Clock


class HealthData(Struct, frozen=True, kw_only=True):
    """The agent's own figures since the last such message; counts are totals since the start of the run."""

    kind: str = "health"
    run: str
    uptime_s: float
    cameras: tuple["CameraHealth", ...] = ()
    outbox_messages: int = 0
    outbox_bytes: int = 0
    oldest_unacknowledged_s: float | None = None
    disk_full: bool = False
    unstored: int = 0  # events that were dropped because the disk took nothing at all for too long
    frame_share: float = 1.0  # of the frames; less while the device is too hot or slowed down
    machine: "MachineHealth | None" = None
    clock: Clock


class MachineHealth(Struct, frozen=True, kw_only=True):
    """The device itself; None is what it does not tell. `disk_worn` and `cpu_busy` are shares; `own_bytes`: the agent's."""

    temperature_c: float | None = None
    throttled: bool | None = None
    undervoltage: bool | None = None
    disk_free_bytes: int | None = None
    disk_worn: float | None = None
    memory_available_bytes: int | None = None
    own_bytes: int | None = None
    cpu_busy: float | None = None


class CameraHealth(Struct, frozen=True, kw_only=True):
    name: str
    state: str  # live | waiting | failed
    frames: int
    dropped: int
    restarts: int
    fps: float
    inference_ms: float | None = None
    unjudged: int = 0  # frames on which no rule judged, because the camera did not see its road
    spared: int = 0  # frames that the detector did not look at, because nothing moved or the camera was blind


class ClassAgreement(Struct, frozen=True, kw_only=True):
    """Road users that both models saw, and those that only the one did."""

    both: int
    only_live: int
    only_shadow: int


class ModelTrialData(Struct, frozen=True, kw_only=True):
    """A model on trial (`shadow`) beside the live one on the same frames of one camera since `from`. `skipped` frames it would
    have looked at, but was still busy; times are per picture."""

    kind: str = "model_trial"
    run: str
    camera: str
    from_: str = field(name="from")
    live: str
    shadow: str
    shadow_sha256: str
    frames: int
    skipped: int
    shadow_ms: float | None = None
    classes: dict[str, ClassAgreement] = {}
    clock: Clock


class ItemState(Struct, frozen=True, kw_only=True):
    """One thing of a device: `id` as in `temperature` or `camera/north`, `said` how it is, as in `temperature.hot`."""

    id: str
    level: Literal["ok", "warn", "bad"]
    said: str


class DeviceStateData(Struct, frozen=True, kw_only=True):
    """How all things of the device are, told when one of them has become better or worse, of class state."""

    kind: str = "device_state"
    run: str
    level: Literal["ok", "warn", "bad"]
    items: tuple[ItemState, ...]
    clock: Clock


class MaintenanceData(Struct, frozen=True, kw_only=True):
    """Somebody works at the device: `until` is when that ends at the latest, None: it has ended. Events go on as ever; whoever
    is called by them may know. Of class state."""

    kind: str = "maintenance"
    run: str
    until: str | None
    by: str
    reason: str = ""
    clock: Clock


class DeviceTestData(Struct, frozen=True, kw_only=True):
    """Somebody at the device tries whether what it says arrives. Of class state: it is never an alert."""

    kind: str = "device_test"
    run: str
    by: str
    clock: Clock


Body = (
    IncidentData | LostData | TrafficMinuteData | HealthData | ModelTrialData
    | DeviceStateData | MaintenanceData | DeviceTestData
)  # fmt: skip

BODIES: dict[str, type[Body]] = {
    "lost": LostData,
    "traffic_minute": TrafficMinuteData,
    "health": HealthData,
    "model_trial": ModelTrialData,
    "device_state": DeviceStateData,
    "maintenance": MaintenanceData,
    "device_test": DeviceTestData,
}  # and every kind of the table INCIDENT_KINDS is an IncidentData


class CloudEvent(Struct, frozen=True, kw_only=True):
    """The envelope. `id` = `<stream>/<seq>`; `data` is left raw until its kind is known."""

    specversion: str = "1.0"
    id: str
    source: str
    type: str
    subject: str | None = None
    time: str
    datacontenttype: str = "application/json"
    data: msgspec.Raw


class Ack(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Inclusive `ranges` of `seq` that are committed; or `forked`: the stream is someone else's too, open a new one.

    `checks`: the CRC-32 of the bytes of each number, in their order; another life of the card may have sent others under it.
    """

    stream: str
    ranges: tuple[tuple[int, int], ...] = ()
    forked: bool = False
    checks: tuple[int, ...] = ()


def message_id(stream: str, seq: int) -> str:
    return f"{stream}/{seq}"


def parse_message_id(text: str) -> tuple[str, int] | None:
    """`<stream>/<seq>` -> (stream, seq), or None when it does not read so."""
    stream, slash, seq = text.rpartition("/")
    if not slash or not 1 <= len(stream) <= 64 or not (seq.isascii() and seq.isdigit()) or len(seq) > 18 or int(seq) < 1:
        return None
    return stream, int(seq)


def source(device: str) -> str:
    return f"/devices/{device}"


def event_type(event_class: EventClass, kind: str) -> str:
    return f"vn.kerbwatch.{event_class}.{kind}.v{CONTRACT_VERSION}"


def encode(message: Struct) -> bytes:
    return msgspec.json.encode(message)


def decode_body(data: msgspec.Raw) -> Body | None:
    """Body of a known kind -> its Struct; None for an unknown kind. Raises msgspec.DecodeError when it is malformed."""
    decoder = _DECODERS.get(_KIND.decode(data).kind)
    body: Body | None = None if decoder is None else decoder.decode(data)
    return body


class _Kind(Struct):
    kind: str


_KIND = msgspec.json.Decoder(_Kind)
_INCIDENT = msgspec.json.Decoder(IncidentData)
_DECODERS: dict[str, msgspec.json.Decoder[Any]] = {
    **dict.fromkeys(INCIDENT_KINDS, _INCIDENT),
    **{kind: msgspec.json.Decoder(body) for kind, body in BODIES.items()},
}
