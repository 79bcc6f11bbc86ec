"""Pictures of one size -> the network's input: scaled, laid top left, normalised. Nothing is allocated per picture."""

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.detectors.family import STRIDES, Family, cells_of

GREY = 114.0  # what the picture does not cover; every family learnt with something like it


class Letterbox:
    """The input that one picture size gets. A network that takes any shape gets no more rows than the picture fills."""

    def __init__(self, picture: tuple[int, int], bounds: tuple[int, int], stretches: bool, family: Family) -> None:
        """`picture` and `bounds` are width, height; `stretches`: the input may be smaller than its bounds."""
        scale = min(bounds[0] / picture[0], bounds[1] / picture[1])
        width, height = (max(1, round(length * scale)) for length in picture)
        shape = (_whole_cells(width), _whole_cells(height)) if stretches else bounds
        self.cells = cells_of(*shape)
        self._size = np.array([width, height, width, height], np.float32)
        mean, std = np.array(family.mean, np.float32), np.array(family.std, np.float32)
        self.blob = np.empty((1, 3, shape[1], shape[0]), np.float32)
        self.blob[:] = ((GREY - mean) / std).reshape(1, 3, 1, 1)
        # Looking a byte's value up takes two thirds of the time that computing it does.
        self._values = list((np.arange(256, dtype=np.float32)[:, None] * (1 / std) - mean / std).T.copy())
        self._order = (2, 1, 0) if family.rgb else (0, 1, 2)
        self._planes = [self.blob[0, channel, :height, :width] for channel in range(3)]
        self._scaled = np.empty((height, width, 3), np.uint8)
        self._bytes = [np.empty((height, width), np.uint8) for _ in range(3)]
        # Averaging over what a far smaller picture leaves out keeps thin vehicles; it costs more, so only there.
        self._interpolation = cv2.INTER_AREA if scale < 0.5 else cv2.INTER_LINEAR

    def fill(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """BGR uint8 (height, width, 3) -> the blob, valid until the next call."""
        height, width = self._scaled.shape[:2]
        cv2.resize(pixels, (width, height), self._scaled, interpolation=self._interpolation)
        cv2.split(self._scaled, self._bytes)
        for plane, values, channel in zip(self._planes, self._values, self._order, strict=True):
            cv2.LUT(self._bytes[channel], values, plane)
        return self.blob

    def normalised(self, boxes: NDArray[np.float32]) -> NDArray[np.float32]:
        """Boxes in input pixels -> normalised boxes of the original picture, cut at its borders."""
        inside: NDArray[np.float32] = np.clip(boxes / self._size, 0, 1)
        return inside


def _whole_cells(length: int) -> int:
    return -(-length // STRIDES[-1]) * STRIDES[-1]
