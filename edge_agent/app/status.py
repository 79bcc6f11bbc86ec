"""How a running agent is, for whoever prints or serves it."""

from dataclasses import dataclass

from edge_agent.core.health.snapshot import Health
from edge_agent.sinks.mqtt import SinkStats
from edge_agent.sources.camera import CameraStatus


@dataclass(frozen=True, slots=True)
class AgentStatus:
    """Of now, or a moment ago."""

    cameras: dict[str, CameraStatus]
    dropped: dict[str, int]
    spared: dict[str, int]  # frames that the detector did not look at
    sink: SinkStats
    unkept: int  # times that a camera's view could not be written down
    deaf: str | None  # why nobody can ask what the cameras saw last
    trial: str | None  # why the model on trial gave up
    page: str | None  # why nobody can look at the device's page
    health: Health
