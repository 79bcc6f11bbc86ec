"""A picture in which nobody can be recognised: private masks black, heads and plates a mosaic of a few averages.

The averages replace the pixels, so nothing can bring them back. Where somebody was a moment ago counts, too: a detector that
misses somebody in one frame has seen him in others.
"""

from collections.abc import Iterable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.core.types import CLASS_OF_COCO, TWO_WHEELERS, Box, Detections

Pixels = NDArray[np.uint8]  # BGR (height, width, 3)
Polygon = tuple[tuple[float, float], ...]  # normalised image coordinates

BLOCKS = 4  # at most, along each side of a region
LEAST_BLOCK_PX = 6
# Shares of a box: left, top, right, bottom of what is hidden. A rider's head is above the box of what he rides, or in its top.
HEAD = (-0.15, -0.1, 1.15, 0.35)
RIDERS_HEAD = (-0.1, -0.3, 1.1, 0.3)
PLATE = (0.0, 0.5, 1.0, 1.05)


def unrecognisable(pixels: Pixels, seen: Iterable[Detections], masks: Sequence[Polygon]) -> Pixels:
    """A copy of it, with the heads and plates of all that was `seen` hidden."""
    hidden = pixels.copy()
    height, width = hidden.shape[:2]
    for region in regions(seen):
        _blur(hidden, region)
    for polygon in masks:
        cv2.fillPoly(hidden, [np.rint(np.array(polygon) * (width, height)).astype(np.int32)], (0, 0, 0))
    return hidden


def regions(seen: Iterable[Detections]) -> list[Box]:
    """Normalised; parts of them may lie outside the picture."""
    found = []
    for detections in seen:
        for box, number in zip(detections.boxes.tolist(), detections.classes.tolist(), strict=True):
            name = CLASS_OF_COCO.get(number)
            shares = (HEAD,) if name == "person" else (RIDERS_HEAD, PLATE) if name in TWO_WHEELERS else (PLATE,)
            found += [_part(Box(*box), share) for share in shares]
    return found


def _part(box: Box, share: tuple[float, float, float, float]) -> Box:
    width, height = box.right - box.left, box.bottom - box.top
    left, top, right, bottom = share
    return Box(box.left + left * width, box.top + top * height, box.left + right * width, box.top + bottom * height)


def _blur(pixels: Pixels, region: Box) -> None:
    height, width = pixels.shape[:2]
    left, top = max(0, int(np.floor(region.left * width))), max(0, int(np.floor(region.top * height)))
    right, bottom = min(width, int(np.ceil(region.right * width))), min(height, int(np.ceil(region.bottom * height)))
    if right <= left or bottom <= top:
        return
    place = pixels[top:bottom, left:right]
    blocks = (_blocks(right - left), _blocks(bottom - top))
    averages = cv2.resize(place, blocks, interpolation=cv2.INTER_AREA)
    place[:] = cv2.resize(averages, (right - left, bottom - top), interpolation=cv2.INTER_NEAREST)


def _blocks(length_px: int) -> int:
    return max(1, min(BLOCKS, length_px // LEAST_BLOCK_PX))
