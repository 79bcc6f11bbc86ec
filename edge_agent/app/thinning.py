"""Fewer frames for the detector, while the device is too hot or slowed down."""

from collections.abc import Mapping

from edge_agent.core.types import Frame
from edge_agent.sources.rate import RateLimit

LEAST_FPS = 1.0  # a camera that is looked at more rarely would be taken for one without a picture


class Thinning:
    """`lets` is asked of every frame, in order. `fps`: what each camera is asked for."""

    def __init__(self, fps: Mapping[str, float]) -> None:
        self._fps = fps
        self._share = 1.0
        self._limits: dict[str, RateLimit] = {}

    def lets(self, frame: Frame, share: float) -> bool:
        """Whether the frame is looked at when only `share` of them are."""
        if share >= 1:
            return True
        if share != self._share:
            self._share, self._limits = share, {}
        if frame.camera not in self._limits:
            fps = self._fps[frame.camera]
            self._limits[frame.camera] = RateLimit(max(fps * share, min(fps, LEAST_FPS)))
        return self._limits[frame.camera].keep(frame.at_s)
