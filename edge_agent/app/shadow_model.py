"""A second model on the same pictures, with a pipeline of its own: what the rules would tell if it were the detector."""

from dataclasses import replace

from msgspec import structs

from edge_agent.app.detecting import build_detector
from edge_agent.config import DetectorConfig
from edge_agent.core.pipeline import Pipeline
from edge_agent.core.scene_format import SceneFile
from edge_agent.core.types import Frame, IncidentReport, PictureReading


class ShadowModel:
    """On trial: its reports are marked with the model's name. Raises ModelError."""

    def __init__(self, detector: DetectorConfig, scene: SceneFile) -> None:
        self._eye = build_detector(detector)
        self._pipeline = Pipeline(structs.replace(scene, shadow_rules=None))

    @property
    def name(self) -> str:
        return self._eye.model.name

    def look(self, frame: Frame, reading: PictureReading | None) -> list[IncidentReport]:
        """Of every frame, in order."""
        said = self._pipeline.update(frame.at_s, self._eye.detect(frame.pixels), reading)
        return [replace(one, shadow=self.name) for one in said if isinstance(one, IncidentReport)]
