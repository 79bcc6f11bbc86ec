"""Events and clocks for tests of the outbox."""

from dataclasses import dataclass

from edge_agent.core.outgoing import Outgoing
from edge_agent.sinks.origin import Origin
from event_contract.kinds import EventClass
from event_contract.messages import Body, Clock, HealthData, IncidentData, TrafficMinuteData

TIME = "2026-03-02T00:15:31.240Z"
CLOCK = Clock(mono_s=5.0, boot="b", synced=True)


@dataclass
class HandClock:
    """Monotonic time, moved by hand."""

    mono_s: float = 100.0

    def __call__(self) -> Clock:
        return Clock(mono_s=self.mono_s, boot="b", synced=False)


def origin(clock: HandClock | None = None) -> Origin:
    return Origin("kerb-1", "run1", "b", "qn", "0.1.0", clock or HandClock(), read_wall_s=lambda: 1_772_410_531.24)


def event(event_class: EventClass, note: str = "", bulk: int = 0) -> Outgoing:
    """An event that carries `note`, about `bulk` bytes larger than need be."""
    body: Body
    if event_class == "incident":
        body = IncidentData(
            kind="stopped_vehicle", phase="new", revision=1, incident=f"run1/north/{note}", run="run1", severity="high",
            confidence=0.9, started_at=TIME, updated_at=TIME, detail={"bulk": "x" * bulk}, clock=CLOCK,
        )  # fmt: skip
    elif event_class == "state":
        body = TrafficMinuteData(run=note, camera="x" * bulk, from_=TIME, clock=CLOCK)
    else:
        body = HealthData(run=note + "x" * bulk, uptime_s=1.0, clock=CLOCK)
    return Outgoing(event_class, "north", TIME, body)
