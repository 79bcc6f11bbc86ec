"""What is known of the cameras' views, kept over restarts: a camera that was turned while nobody looked is noticed."""

from pathlib import Path

from edge_agent.app.scenes import unseen_areas
from edge_agent.core.pipeline import Pipeline
from edge_agent.core.scene_format import SceneFile
from edge_agent.image_checks.check import PictureCheck
from edge_agent.image_checks.keeping import Shift, load_reference, save_reference

VIEWS_DIR = "views"


class Views:
    """One file per camera in `data_dir`. `unkept` counts what could not be written: a full disk must not stop the watch."""

    def __init__(self, data_dir: Path) -> None:
        self._folder = data_dir / VIEWS_DIR
        self.unkept = 0

    def open(self, camera: str, scene: SceneFile, scene_sha256: str) -> tuple[PictureCheck, Shift]:
        """The camera's check, and how far its zones were shifted when that was last known."""
        reference, registered = load_reference(self._file(camera), scene_sha256)
        return PictureCheck(unseen_areas(scene), reference), registered

    def keep(self, camera: str, scene_sha256: str, check: PictureCheck, pipeline: Pipeline) -> None:
        """Write it down, once there is something to know."""
        if not check.reference.is_learnt:
            return
        try:
            self._folder.mkdir(exist_ok=True)
            save_reference(self._file(camera), check.reference, scene_sha256, pipeline.registered)
        except OSError:
            self.unkept += 1

    def _file(self, camera: str) -> Path:
        return self._folder / f"{camera}.view"
