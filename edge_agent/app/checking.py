"""Everything that can be said of a configuration without starting it."""

from dataclasses import dataclass
from pathlib import Path

from edge_agent.app.scenes import load_scene, private_masks
from edge_agent.config import AgentConfig, CameraConfig, ConfigError, load_config, resolve
from edge_agent.core.scene_format import SceneError, SceneFile
from edge_agent.detectors.catalogue import load_model
from edge_agent.sources.errors import SourceError
from edge_agent.sources.job import live_job


@dataclass(frozen=True, slots=True)
class Checked:
    config: AgentConfig
    cameras: dict[str, str]  # name -> its scene in words
    model: str


def _check_source(file: Path, index: int, camera: CameraConfig, scene: SceneFile) -> None:
    """What can be known of a source without opening it: a URL file that nobody else may read, a clip that is there."""
    try:
        live_job(camera, file, private_masks(scene))
    except SourceError as error:
        raise ConfigError(f"{file}: cameras[{index}].source: {error}") from None


def check_config(file: Path) -> Checked:
    """Raises ConfigError, SceneError, ModelError."""
    config = load_config(file)
    cameras = {}
    for index, camera in enumerate(config.cameras):
        try:
            scene, _ = load_scene(resolve(file, camera.scene))
        except SceneError as error:
            raise ConfigError(f"{file}: cameras[{index}].scene: {error}") from None
        _check_source(file, index, camera, scene)
        calibrated = "calibrated" if scene.calibration else "not calibrated: no speeds"
        cameras[camera.name] = f"{len(scene.lanes)} lanes, {len(scene.count_lines)} count lines, {calibrated}"
    models_dir = None if config.detector.models_dir is None else resolve(file, config.detector.models_dir)
    if config.detector.shadow is not None:
        load_model(config.detector.shadow.model, models_dir)
    return Checked(config, cameras, load_model(config.detector.model, models_dir).name)
