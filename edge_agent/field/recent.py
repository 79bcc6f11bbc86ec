"""What the cameras' detections were in the last minutes, in memory: for whoever asks after something has happened."""

from collections import deque
from collections.abc import Iterable
from threading import Lock

from edge_agent.core.types import NO_DETECTIONS, Detections

KEPT_S = 300.0
MAX_FRAMES = 9_000  # of one camera: 30 a second for so long


class Recent:
    """Written by one thread, read by others. The oldest frames are forgotten."""

    def __init__(self, cameras: Iterable[str]) -> None:
        self._frames: dict[str, deque[tuple[float, Detections]]] = {name: deque(maxlen=MAX_FRAMES) for name in cameras}
        self._lock = Lock()

    def remember(self, camera: str, at_s: float, detections: Detections | None) -> None:
        """None: the detector was spared; what it saw last is there still."""
        frames = self._frames[camera]
        if detections is None:
            detections = frames[-1][1] if frames else NO_DETECTIONS
        with self._lock:
            while frames and frames[0][0] < at_s - KEPT_S:
                frames.popleft()
            frames.append((at_s, detections))

    def since(self, camera: str, from_s: float) -> list[tuple[float, Detections]]:
        """In order of time. KeyError for a camera that is not watched."""
        with self._lock:
            return [frame for frame in self._frames[camera] if frame[0] >= from_s]
