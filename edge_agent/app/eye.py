"""One camera of a running agent: what looks at its pictures, and how much it has looked so far."""

import time
from dataclasses import dataclass

from edge_agent.app.gate import Gate, OpenGate
from edge_agent.core.pipeline import Pipeline
from edge_agent.core.types import Detections, Frame
from edge_agent.core.wire import Voice
from edge_agent.detectors.regions import Look
from edge_agent.image_checks.check import PictureCheck
from edge_agent.sources.camera import CaptureSource
from event_contract.messages import CameraHealth

SMOOTHED = 50  # looks


@dataclass(slots=True)
class Eye:
    name: str
    pipeline: Pipeline
    check: PictureCheck
    scene_sha256: str
    voice: Voice
    source: CaptureSource
    look: Look
    gate: Gate | OpenGate
    frames: int = 0
    looks: int = 0  # of the detector
    detect_s: float = 0.0  # of one, smoothed

    @property
    def spared(self) -> int:
        """Frames that the detector did not look at."""
        return self.frames - self.looks

    def detect(self, frame: Frame) -> Detections | None:
        """None when the gate spares the detector."""
        self.frames += 1
        if not self.gate.opens(frame, self.pipeline.presence):
            return None
        began_s = time.monotonic()
        detections = self.look(frame.pixels)
        self.looks += 1
        self.detect_s += (time.monotonic() - began_s - self.detect_s) / min(self.looks, SMOOTHED)
        return detections

    def health(self, uptime_s: float, dropped: int) -> CameraHealth:
        """`dropped`: frames that were too old when the detector was free."""
        status = self.source.status
        return CameraHealth(
            name=self.name,
            state=status.state,
            frames=status.frames,
            dropped=dropped,
            restarts=status.restarts,
            unjudged=self.pipeline.unjudged,
            spared=self.spared,
            fps=round(self.frames / max(1.0, uptime_s), 2),
            inference_ms=round(self.detect_s * 1000, 1),
        )
