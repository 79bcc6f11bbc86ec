"""What the core says -> what crosses the wire: rounded, dated, named. The one place where the contract's rounding stands."""

from collections.abc import Callable
from dataclasses import dataclass
from math import cos, radians, sin

from edge_agent.core.outgoing import Outgoing
from edge_agent.core.scene_format import Origin
from edge_agent.core.types import IncidentReport, LaneTraffic, RoadUser, TrafficMinute
from event_contract.messages import (
    Clock,
    IncidentData,
    LaneMinute,
    LineMinute,
    Position,
    RoadUserData,
    TrafficMinuteData,
)
from event_contract.times import format_time

EARTH_M_PER_DEGREE = 111_320.0  # mean length of a degree of latitude; a camera's view spans some hundred metres


@dataclass(frozen=True, slots=True)
class Voice:
    """Who speaks and by which clocks. `wall_s` turns a frame's time into Unix seconds, `clock` says how far to trust it."""

    run: str
    camera: str
    wall_s: Callable[[float], float]
    clock: Callable[[float], Clock]
    origin: Origin | None = None


def outgoing(said: IncidentReport | TrafficMinute, voice: Voice) -> Outgoing:
    return _incident(said, voice) if isinstance(said, IncidentReport) else _minute(said, voice)


def _incident(report: IncidentReport, voice: Voice) -> Outgoing:
    time = format_time(voice.wall_s(report.updated_s))
    body = IncidentData(
        kind=report.kind,
        phase=report.phase,
        revision=report.revision,
        incident=_incident_id(report, voice),
        run=voice.run,
        camera=voice.camera,
        lane=report.lane,
        severity=report.severity,
        confidence=round(report.confidence, 2),
        started_at=format_time(voice.wall_s(report.started_s)),
        updated_at=time,
        ended_at=None if report.ended_s is None else format_time(voice.wall_s(report.ended_s)),
        box=None if report.box is None else _rounded4(report.box),
        road_m=None if report.road_m is None else (_rounded(report.road_m[0], 1), _rounded(report.road_m[1], 1)),
        position=_position(report.road_m, voice.origin),
        road_users=tuple(_road_user(user) for user in report.road_users),
        detail=report.detail,
        rule_version=report.rule_version,
        shadow=report.shadow is not None,
        clock=voice.clock(report.updated_s),
    )
    subject = voice.camera if report.lane is None else f"{voice.camera}/lane/{report.lane}"
    # No collector ever made an alert from the class state, whatever it knows of shadows; and it yields to incidents everywhere.
    return Outgoing("incident" if report.shadow is None else "state", subject, time, body)


def _incident_id(report: IncidentReport, voice: Voice) -> str:
    """`<run>/<camera>/<n>`; what is on trial counts by itself."""
    place = voice.camera if report.shadow is None else f"{voice.camera}/shadow-{report.shadow}"
    return f"{voice.run}/{place}/{report.number}"


def _minute(minute: TrafficMinute, voice: Voice) -> Outgoing:
    body = TrafficMinuteData(
        run=voice.run,
        camera=voice.camera,
        from_=format_time(voice.wall_s(minute.from_s)),
        lanes=tuple(_lane(lane) for lane in minute.lanes),
        lines=tuple(LineMinute(line=line.line, forward=line.forward, backward=line.backward) for line in minute.lines),
        clock=voice.clock(minute.to_s),
    )
    return Outgoing("state", voice.camera, format_time(voice.wall_s(minute.to_s)), body)


def _lane(lane: LaneTraffic) -> LaneMinute:
    return LaneMinute(
        lane=lane.lane,
        counts=lane.counts,
        mean_kmh=_maybe(lane.mean_kmh, 1),
        p85_kmh=_maybe(lane.p85_kmh, 1),
        speed_se_kmh=_maybe(lane.speed_se_kmh, 1),
        occupancy=_rounded(lane.occupancy, 2),
        headway_s=_maybe(lane.headway_s, 1),
        queue_m=_maybe(lane.queue_m, 1),
    )


def _road_user(user: RoadUser) -> RoadUserData:
    return RoadUserData(
        cls=user.track.cls, speed_kmh=_maybe(user.speed_kmh, 1), speed_se_kmh=_maybe(user.speed_se_kmh, 1)
    )


def _position(road_m: tuple[float, float] | None, origin: Origin | None) -> Position | None:
    """[x to the right, y away] along the bearing -> WGS 84, on a locally flat earth (a view is some hundred metres)."""
    if road_m is None or origin is None:
        return None
    bearing = radians(origin.bearing_deg)
    north = road_m[1] * cos(bearing) - road_m[0] * sin(bearing)
    east = road_m[1] * sin(bearing) + road_m[0] * cos(bearing)
    lat = origin.lat + north / EARTH_M_PER_DEGREE
    lon = origin.lon + east / (EARTH_M_PER_DEGREE * cos(radians(origin.lat)))
    return Position(lon=round(lon, 6), lat=round(lat, 6))


def _maybe(value: float | None, digits: int) -> float | None:
    return None if value is None else _rounded(value, digits)


def _rounded(value: float, digits: int) -> float:
    return round(float(value), digits) + 0.0  # no -0.0 on the wire


def _rounded4(box: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    left, top, right, bottom = (_rounded(min(1.0, max(0.0, value)), 4) for value in box)
    return left, top, right, bottom
