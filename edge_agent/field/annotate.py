"""A video of what the agent saw."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import cv2

from edge_agent.core.failure import Failure, WrongInput
from edge_agent.core.scene_format import SceneFile
from edge_agent.core.types import Frame, IncidentReport, RoadUser
from edge_agent.field.drawing import Drawing, Mark


class AnnotatedVideo:
    """A context manager. The file appears whole at the end (temp, rename). Raises Failure when it cannot be written."""

    def __init__(self, path: Path, fps: float, scene: SceneFile, marks: Sequence[Mark] = ()) -> None:
        if path.suffix.lower() not in (".mp4", ".avi"):
            raise WrongInput(f"--annotate {path}: expected a name that ends in .mp4 or .avi")
        self._path, self._fps, self._scene, self._marks = path, fps, scene, marks
        self._temp = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
        self._writer: cv2.VideoWriter | None = None
        self._drawing: Drawing | None = None

    def write(self, frame: Frame, users: Iterable[RoadUser], incidents: Iterable[IncidentReport]) -> None:
        if self._writer is None or self._drawing is None:
            self._drawing = Drawing(self._scene, frame.pixels.shape[1], frame.pixels.shape[0], self._marks)
            code = cv2.VideoWriter.fourcc(*("mp4v" if self._path.suffix.lower() == ".mp4" else "MJPG"))
            self._writer = cv2.VideoWriter(str(self._temp), code, self._fps, self._drawing.size_px)
            if not self._writer.isOpened():
                raise Failure(f"--annotate {self._path}: cannot be written; check the folder and its free space")
        self._writer.write(self._drawing.draw(frame, list(users), incidents))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._writer is not None:
            self._writer.release()
            if kind is None:
                self._temp.replace(self._path)
        self._temp.unlink(missing_ok=True)
