"""What simulated devices have to say, and when: pure, from a seed."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from edge_agent.core.outgoing import Outgoing
from event_contract.kinds import EventClass
from event_contract.messages import Clock, HealthData, IncidentData, LaneMinute, TrafficMinuteData

BURST_CLASS: EventClass = "state"  # traffic minutes end everywhere at once


@dataclass(frozen=True, slots=True)
class Pattern:
    """`every_s`: each device, in a phase of its own. `burst` more from every device at the same moment each `burst_every_s`.

    `incidents` and `states` are shares of the former; the rest is telemetry.
    """

    every_s: float = 10.0
    burst: int = 0
    burst_every_s: float = 60.0
    incidents: float = 0.05
    states: float = 0.45


@dataclass(frozen=True, slots=True)
class Due:
    """Seconds since the beginning, and the class of what is due then."""

    at_s: float
    event_class: EventClass


def schedule(pattern: Pattern, chance: Random) -> Iterator[Due]:
    """What one device says, in order, without end."""
    next_own_s = chance.uniform(0, pattern.every_s)
    next_burst_s = pattern.burst_every_s if pattern.burst else float("inf")
    while True:
        if next_burst_s <= next_own_s:
            for _ in range(pattern.burst):
                yield Due(next_burst_s, BURST_CLASS)
            next_burst_s += pattern.burst_every_s
        else:
            draw = chance.random()
            rest: EventClass = "state" if draw < pattern.incidents + pattern.states else "telemetry"
            yield Due(next_own_s, "incident" if draw < pattern.incidents else rest)
            next_own_s += pattern.every_s


@dataclass(frozen=True, slots=True)
class Outages:
    """A device is without network this share of the time, for `mean_s` on average; every other time packets just vanish."""

    share: float = 0.0
    mean_s: float = 30.0


@dataclass(frozen=True, slots=True)
class Outage:
    from_s: float
    to_s: float
    silently: bool


def outages(asked: Outages, chance: Random) -> Iterator[Outage]:
    """Of one device, in order, without end; none when the share is 0."""
    at_s = 0.0
    while asked.share > 0:
        at_s += chance.expovariate(asked.share / asked.mean_s / (1 - asked.share))
        length_s = chance.expovariate(1 / asked.mean_s)
        yield Outage(at_s, at_s + length_s, chance.random() < 0.5)
        at_s += length_s


def event(event_class: EventClass, mark: str, time: str, clock: Clock) -> Outgoing:
    """Of usual size. `mark` is its body's `run`, so that an event stored under two numbers is seen."""
    match event_class:
        case "incident":
            return Outgoing(event_class, "north/lane/1", time, IncidentData(
                kind="stopped_vehicle", phase="new", revision=1, incident=f"{mark}/north/1", run=mark, camera="north",
                lane="1", severity="high", confidence=0.9, started_at=time, updated_at=time,
                box=(0.41, 0.52, 0.47, 0.61), road_m=(1.7, 48.2), detail={"dwell_s": 12.4}, clock=clock,
            ))  # fmt: skip
        case "state":
            lanes = tuple(
                LaneMinute(lane=str(lane), counts={"car": 7, "motorcycle": 31, "bus": 1}, mean_kmh=38.4, p85_kmh=46.1,
                           speed_se_kmh=1.2, occupancy=0.08, headway_s=3.1, queue_m=0.0)
                for lane in range(3)
            )  # fmt: skip
            return Outgoing(event_class, "north", time, TrafficMinuteData(
                run=mark, camera="north", from_=time, lanes=lanes, clock=clock
            ))  # fmt: skip
        case _:
            return Outgoing(event_class, "agent", time, HealthData(run=mark, uptime_s=60.0, clock=clock))
