"""The small grey picture on which all checks are made: what is told of a camera is told by 160 columns."""

from collections.abc import Iterable, Sequence
from math import ceil

import cv2
import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.uint8]
WIDTH_PX = 160  # at most
GREEN = 1
Polygon = Sequence[tuple[float, float]]


def small_picture(pixels: NDArray[np.uint8], masks: Iterable[Polygon] = (), width_px: int = WIDTH_PX) -> Grey:
    """BGR (H, W, 3) -> (h, w), each pixel the mean of a square; `masks` are black, so nothing there is looked at.

    Green alone serves: it is most of the brightness, and a third of the work; and of large squares every other row.
    """
    height, width = pixels.shape[:2]
    side = max(1, ceil(width / width_px))
    rows = 2 if side % 2 == 0 and side > 2 else 1
    green = cv2.extractChannel(pixels[: height // side * side : rows, : width // side * side], GREEN)
    small = np.asarray(cv2.resize(green, (width // side, height // side), interpolation=cv2.INTER_AREA), np.uint8)
    for mask in masks:
        corners = np.round(np.array(mask) * small.shape[::-1]).astype(np.int32)
        cv2.fillPoly(small, [corners], 0)
    return small
