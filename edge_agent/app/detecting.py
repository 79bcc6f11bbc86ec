"""The detector that a configuration names."""

from collections.abc import Iterable
from pathlib import Path

from msgspec.structs import replace

from edge_agent.app.model_trial import ModelTrial, NoTrial
from edge_agent.app.reaching import far_region_of
from edge_agent.config import CameraConfig, DetectorConfig
from edge_agent.core.scene import Scene
from edge_agent.detectors.catalogue import load_model
from edge_agent.detectors.detector import OnnxDetector
from edge_agent.detectors.regions import FarPass, Look


def build_trial(config: DetectorConfig, cameras: Iterable[str], run: str) -> ModelTrial | NoTrial:
    """The model on trial beside the live one; of several threads it would take what the live one needs. Raises ModelError."""
    if config.shadow is None:
        return NoTrial()
    eye = build_detector(replace(config, model=config.shadow.model, shadow=None, threads=1))
    return ModelTrial(eye, config.model, config.shadow.every_n, cameras, run)


def build_look(detector: OnnxDetector, camera: CameraConfig, scene: Scene) -> Look:
    """How this camera is looked at: as a whole, and with `far_pass` its far end as well, where that brings anything."""
    if not camera.far_pass:
        return detector.detect
    region = far_region_of(scene, camera.width, detector.input_px)
    return detector.detect if region is None else FarPass(detector.detect, region).detect


def build_detector(config: DetectorConfig) -> OnnxDetector:
    """Raises ModelError."""
    models_dir = None if config.models_dir is None else Path(config.models_dir).expanduser()
    return OnnxDetector(
        load_model(config.model, models_dir),
        engine=config.engine,
        providers=config.providers,
        threads=config.threads,
        score_threshold=config.score_threshold,
    )
