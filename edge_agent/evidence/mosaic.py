"""A picture in which nobody can be recognised: private masks black, heads and plates a mosaic of a few averages.

The averages replace the pixels, so nothing can bring them back. Whom the detector misses in this frame and has seen a
moment ago is hidden where he was.
"""

from collections.abc import Iterable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.core.overlap import pairwise_iou
from edge_agent.core.types import CLASS_OF_COCO, TWO_WHEELERS, Box, Detections

Pixels = NDArray[np.uint8]  # BGR (height, width, 3)
Polygon = tuple[tuple[float, float], ...]  # normalised image coordinates
Share = tuple[float, float, float, float]  # of a box: left, top, right, bottom

BLOCKS = 4  # at most, along each side of a region
LEAST_BLOCK_PX = 6
SAME_IOU = 0.3  # of the same sort and so much in one place: the one that is seen now
PLATE: Share = (0.0, 0.5, 1.0, 1.05)
HIDDEN: dict[str, tuple[Share, ...]] = {
    "person": ((-0.15, -0.1, 1.15, 0.35),),
    "ridden": ((-0.1, -0.3, 1.1, 0.3), PLATE),  # a rider's head is above the box of what he rides, or in its top
    "vehicle": (PLATE,),
}


def unrecognisable(
    pixels: Pixels, now: Detections, before: Iterable[Detections], masks: Sequence[Polygon]
) -> Pixels:
    """A copy of it, with the heads and plates hidden of whom the detector sees `now` or has seen `before`."""
    hidden = pixels.copy()
    height, width = hidden.shape[:2]
    for region in [one for earlier in before for one in regions(overlooked(earlier, now))] + regions(now):
        _blur(hidden, region)
    for polygon in masks:
        cv2.fillPoly(hidden, [np.rint(np.array(polygon) * (width, height)).astype(np.int32)], (0, 0, 0))
    return hidden


def overlooked(before: Detections, now: Detections) -> Detections:
    """Those of `before` of whom nothing of the same sort is seen `now`, or not there."""
    same = pairwise_iou(before.boxes.astype(np.float64), now.boxes.astype(np.float64)) >= SAME_IOU
    sorts, sorts_now = (np.array([_sort(number) for number in seen.classes.tolist()]) for seen in (before, now))
    gone = ~(same & (sorts[:, None] == sorts_now)).any(axis=1)
    return Detections(before.boxes[gone], before.scores[gone], before.classes[gone])


def regions(seen: Detections) -> list[Box]:
    """Normalised; parts of them may lie outside the picture."""
    boxes = zip(seen.boxes.tolist(), seen.classes.tolist(), strict=True)
    return [_part(Box(*box), share) for box, number in boxes for share in HIDDEN[_sort(number)]]


def _sort(number: int) -> str:
    """Of a road user of this COCO class."""
    name = CLASS_OF_COCO.get(number)
    return "person" if name == "person" else "ridden" if name in TWO_WHEELERS else "vehicle"


def _part(box: Box, share: Share) -> Box:
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
