"""The detector that a configuration names."""

from pathlib import Path

from edge_agent.config import DetectorConfig
from edge_agent.detectors.catalogue import load_model
from edge_agent.detectors.detector import OnnxDetector


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
