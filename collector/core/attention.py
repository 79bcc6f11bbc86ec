"""Which alerts an operator has to hear of, of those that came in time: (alert, action, what is around it) -> (alert, action).

One that repeats another at its place, belongs to one that was heard, follows from one, is silenced, comes of a device at which
somebody works, or comes in a storm is shown and streamed as any other, and makes no sound; it says why. A critical one is quiet
only as a repetition, by a silence, by a blind camera or in a storm.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import cos, hypot, radians

from msgspec import Struct
from msgspec.structs import replace

from collector.core.alerts import Action, Alert, Quiet
from event_contract.kinds import SEVERITIES
from event_contract.times import format_time, parse_time

METRES_PER_DEGREE = 111_320.0

FOLLOWS: dict[str, frozenset[str]] = {  # from what on the left may come what on the right
    "suspected_accident": frozenset(
        {"stopped_vehicle", "congestion", "slow_vehicle", "pedestrian", "obstacle", "smoke", "fire"}
    ),
    "fire": frozenset({"smoke", "congestion", "stopped_vehicle", "slow_vehicle", "pedestrian"}),
    "obstacle": frozenset({"congestion", "stopped_vehicle", "slow_vehicle"}),
    "flood": frozenset({"congestion", "stopped_vehicle", "slow_vehicle"}),
    "stopped_vehicle": frozenset({"congestion", "slow_vehicle"}),
}
QUEUE_INHIBITS = frozenset({"stopped_vehicle", "slow_vehicle"})
SPOKEN_FOR = ("duplicate", "grouped", "inhibited")  # quiet, because another one was heard
FAULTS = frozenset({"camera_fault", "sensor_fault", "device_fault"})


@dataclass(frozen=True, slots=True)
class Policy:
    """`storm_per_minute`: so many alerts sound within a minute, then none. None turns off what is named with it."""

    group_radius_m: float = 50.0
    group_within_s: float = 600.0
    again_within_s: float = 120.0
    storm_per_minute: int | None = 30
    escalate_after_s: float | None = None
    watchdog_every_s: float | None = None


class Silence(Struct, frozen=True, kw_only=True):
    """What is not to sound from `begins` until `ends`, in Unix seconds: whatever all the names given apply to."""

    n: int
    device: str | None = None
    camera: str | None = None
    lane: str | None = None
    kind: str | None = None
    begins: float
    ends: float
    reason: str
    author: str

    def covers(self, alert: Alert, now: float) -> bool:
        names = ("device", "camera", "lane", "kind")
        return self.begins <= now < self.ends and all(getattr(self, one) in (None, getattr(alert, one)) for one in names)


@dataclass(frozen=True, slots=True)
class Around:
    """Alerts that changed lately, silences, how many alerts sounded within the last minute; and until when, in Unix seconds,
    somebody works at which device."""

    recent: Sequence[Alert]
    silences: Sequence[Silence]
    sounded: int
    maintained: Mapping[str, float] = field(default_factory=dict)


def heed(alert: Alert, action: Action, around: Around, policy: Policy, now: float) -> tuple[Alert, Action]:
    """A new alert finds its group; whether it sounds is decided each time that it would."""
    heard = [one for one in around.recent if one.id != alert.id and (one.heard or one.quiet in SPOKEN_FOR)]
    same = next((one for one in heard if _repeats(alert, one, policy, now)), None)
    related = [one for one in heard if one.live and _belongs(alert, one, policy)]
    first = same or min(related, key=lambda one: one.seq, default=None)
    if action.name == "open" and first is not None and alert.group is None:
        alert = replace(alert, group=first.group or first.id)
    until = around.maintained.get(alert.device, now)
    alert = replace(alert, maintenance=format_time(until) if until > now else None)
    if not action.audible:
        return alert, action
    why = _silenced(alert, around.silences, now) or _worked_at(alert)
    why = why or _inhibited(alert, heard) or _heard_already(alert, same, related)
    if why is None and policy.storm_per_minute is not None and around.sounded >= policy.storm_per_minute:
        why = ("storm", None)
    quiet, because = why or (None, None)
    sounds = quiet is None
    return replace(alert, quiet=quiet, because=because, heard=alert.heard or sounds), Action(action.name, audible=sounds)


Why = tuple[Quiet, str | None] | None


def _silenced(alert: Alert, silences: Iterable[Silence], now: float) -> Why:
    silence = next((one for one in silences if one.covers(alert, now)), None)
    return ("silenced", f"silence {silence.n}: {silence.reason}") if silence else None


def _worked_at(alert: Alert) -> Why:
    """Whoever works there is the cause of much that is told; what is critical may be about him."""
    quiet = alert.maintenance is not None and alert.severity != "critical"
    return ("maintenance", f"maintenance until {alert.maintenance}") if quiet else None


def _inhibited(alert: Alert, heard: Iterable[Alert]) -> Why:
    """By a queue on its lane; by its camera that is blind, or its device that is silent."""
    for one in heard:
        if not one.live or one.device != alert.device:
            continue
        queue = one.kind == "congestion" and alert.kind in QUEUE_INHIBITS and _same_lane(alert, one)
        blind = one.kind == "camera_fault" and one.severity != "low" and one.camera == alert.camera and alert.kind not in FAULTS
        silent = one.detail.get("reason") == "silent" and alert.kind in ("camera_fault", "sensor_fault")
        if queue or blind or silent:
            return "inhibited", one.id
    return None


def _heard_already(alert: Alert, same: Alert | None, related: Sequence[Alert]) -> Why:
    if same is not None and _no_worse(alert, same):
        return "duplicate", same.id
    worse = next((one for one in related if _no_worse(alert, one)), None)
    return ("grouped", worse.id) if worse is not None and alert.severity != "critical" else None


def _repeats(alert: Alert, other: Alert, policy: Policy, now: float) -> bool:
    """The same kind at the same place, while the other stands or shortly after; faults are told by what they are."""
    if alert.kind != other.kind or alert.kind in FAULTS or not _near(alert, other, policy.group_radius_m):
        return False
    return other.live or abs(now - parse_time(other.received_at)) <= policy.again_within_s


def _belongs(alert: Alert, other: Alert, policy: Policy) -> bool:
    """Does one follow from the other, at one place and about the same time?"""
    follows = alert.kind in FOLLOWS.get(other.kind, ()) or other.kind in FOLLOWS.get(alert.kind, ())
    if not follows or not _near(alert, other, policy.group_radius_m):
        return False
    return abs(parse_time(alert.opened_at) - parse_time(other.opened_at)) <= policy.group_within_s


def _near(a: Alert, b: Alert, radius_m: float) -> bool:
    """By their positions; where one has none, by camera and lane."""
    if a.position is None or b.position is None:
        return a.device == b.device and _same_lane(a, b)
    east = (a.position.lon - b.position.lon) * cos(radians(a.position.lat))
    return hypot(east, a.position.lat - b.position.lat) * METRES_PER_DEGREE <= radius_m


def _same_lane(a: Alert, b: Alert) -> bool:
    return a.camera == b.camera and (a.lane == b.lane or None in (a.lane, b.lane))


def _no_worse(alert: Alert, other: Alert) -> bool:
    return SEVERITIES.index(alert.severity) <= SEVERITIES.index(other.severity)
