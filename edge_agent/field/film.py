"""Pictures as they were seen, into a clip that any player and `edge-agent evaluate` read: Motion JPEG, each frame by itself."""

from pathlib import Path
from types import TracebackType
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.core.failure import Failure


class Film:
    """A context manager. Frames of one size; the first decides."""

    def __init__(self, path: Path, fps: float) -> None:
        self._path, self._fps = path, fps
        self._writer: cv2.VideoWriter | None = None

    def write(self, pixels: NDArray[np.uint8]) -> None:
        if self._writer is None:
            size_px = pixels.shape[1], pixels.shape[0]
            self._writer = cv2.VideoWriter(str(self._path), cv2.VideoWriter.fourcc(*"MJPG"), self._fps, size_px)
            if not self._writer.isOpened():
                raise Failure(f"{self._path.name} cannot be written; check the folder and its free space")
        self._writer.write(pixels)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._writer is not None:
            self._writer.release()
