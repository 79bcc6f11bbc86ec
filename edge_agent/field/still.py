"""A still of a camera with everything that the technician drew, and what follows from it."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np

from edge_agent.core.failure import Failure, WrongInput
from edge_agent.core.geometry import Homography
from edge_agent.core.scene_format import SceneFile, pairs_of
from edge_agent.core.types import Frame, RoadUser
from edge_agent.field.drawing import Colour, Drawing, Mark
from edge_agent.files import whole_file

GRID: Colour = (180, 110, 200)
EVERY_M, BENDS = 10, 9
SUFFIXES = (".jpg", ".jpeg", ".png")


def check_name(path: Path) -> None:
    if path.suffix.lower() not in SUFFIXES:
        raise WrongInput(f"--picture {path}: expected a name that ends in {', '.join(SUFFIXES)}")


def grid(scene: SceneFile, homography: Homography) -> Iterator[Mark]:
    """Lines across the calibrated stretch every ten metres, with their distance: where they lie askew, a pair is wrong."""
    if scene.calibration is None:
        return
    _, road = pairs_of(scene.calibration)
    (left, near), (right, far) = road.min(axis=0), road.max(axis=0)
    back = np.linalg.inv(homography.matrix)
    for y in range(int(np.ceil(near / EVERY_M)) * EVERY_M, int(far) + 1, EVERY_M):
        metres = np.column_stack([np.linspace(left, right, BENDS), np.full(BENDS, y), np.ones(BENDS)])
        mapped = metres @ back.T
        points = mapped[:, :2] / mapped[:, 2:]
        yield Mark(f"{y} m", [(float(x), float(v)) for x, v in points], GRID)


def write_still(path: Path, frame: Frame, scene: SceneFile, marks: Sequence[Mark], users: Sequence[RoadUser]) -> None:
    """Whole or not at all. Raises Failure, OSError."""
    drawing = Drawing(scene, frame.pixels.shape[1], frame.pixels.shape[0], marks)
    done, packed = cv2.imencode(path.suffix.lower(), drawing.draw(frame, users, ()))
    if not done:
        raise Failure(f"--picture {path}: cannot be encoded; try .png")
    with whole_file(path) as file:
        file.write(packed.tobytes())
