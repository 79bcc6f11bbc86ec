"""Everything that can be said of a configuration without starting it."""

from dataclasses import dataclass
from pathlib import Path

from edge_agent.app.scenes import load_scene
from edge_agent.config import AgentConfig, ConfigError, load_config, resolve
from edge_agent.core.scene_format import SceneError
from edge_agent.detectors.catalogue import load_model


@dataclass(frozen=True, slots=True)
class Checked:
    config: AgentConfig
    cameras: dict[str, str]  # name -> its scene in words
    model: str


def check_config(file: Path) -> Checked:
    """Raises ConfigError, SceneError, ModelError."""
    config = load_config(file)
    cameras = {}
    for index, camera in enumerate(config.cameras):
        try:
            scene, _ = load_scene(resolve(file, camera.scene))
        except SceneError as error:
            raise ConfigError(f"{file}: cameras[{index}].scene: {error}") from None
        calibrated = "calibrated" if scene.calibration else "not calibrated: no speeds"
        cameras[camera.name] = f"{len(scene.lanes)} lanes, {len(scene.count_lines)} count lines, {calibrated}"
    models_dir = None if config.detector.models_dir is None else resolve(file, config.detector.models_dir)
    return Checked(config, cameras, load_model(config.detector.model, models_dir).name)
