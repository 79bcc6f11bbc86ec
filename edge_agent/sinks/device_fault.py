"""What a device says of itself: an incident of kind device_fault, with the reason that the console has words for."""

from typing import Any

from edge_agent.core.outgoing import Outgoing
from edge_agent.sinks.origin import Origin
from event_contract.kinds import INCIDENT_KINDS, Phase
from event_contract.messages import IncidentData
from event_contract.times import format_time


class DeviceFault:
    """One fault from its beginning to its end, by the clocks of `origin`. `name` is its own in the run and `subject`."""

    def __init__(self, origin: Origin, name: str, detail: dict[str, Any], subject: str = "outbox") -> None:
        self._origin = origin
        self._subject = subject
        self._name = name
        self._detail = detail
        self._started_at = format_time(origin.read_wall_s())
        self._revision = 0

    def tell(self, phase: Phase, **more: Any) -> Outgoing:
        """The next message about it; `more` is added to its detail."""
        now = format_time(self._origin.read_wall_s())
        self._revision += 1
        self._detail |= more
        body = IncidentData(
            kind="device_fault", phase=phase, revision=self._revision, run=self._origin.run,
            incident=f"{self._origin.run}/{self._subject}/{self._name}",
            severity=INCIDENT_KINDS["device_fault"].severity, confidence=1.0,
            started_at=self._started_at, updated_at=now, ended_at=now if phase == "end" else None, detail=dict(self._detail),
            clock=self._origin.read_clock(),
        )  # fmt: skip
        return Outgoing("incident", self._subject, now, body)
