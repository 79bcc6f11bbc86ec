"""A second look at the far end of the road, where vehicles are too small in the whole picture.

The crop is taken from the picture as it comes, before the detector makes it small: it is worth as much as the picture is larger
than the detector's input.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from edge_agent.core.reach import Region
from edge_agent.core.types import Detections
from edge_agent.detectors.suppress import Suppression, survivors

Look = Callable[[NDArray[np.uint8]], Detections]
SAME = Suppression(overlap=0.45, inside=0.8)  # a vehicle at the seam is seen twice, once of it only a part
CUT_PX = 2  # a box that ends so near to the crop's edge goes on beyond it


class FarPass:
    """`detect` looks as a detector's own does, and in every `every`-th picture also in `region`."""

    def __init__(self, look: Look, region: Region, every: int = 1) -> None:
        self._look, self._region, self._every, self._pictures = look, region, every, 0

    def detect(self, pixels: NDArray[np.uint8]) -> Detections:
        """BGR uint8 (height, width, 3) -> road users, best first, boxes normalised to the whole picture."""
        whole = self._look(pixels)
        self._pictures += 1
        if (self._pictures - 1) % self._every:
            return whole
        return merged(whole, self._far(pixels))

    def _far(self, pixels: NDArray[np.uint8]) -> Detections:
        height, width = pixels.shape[:2]
        left, right = round(self._region.left * width), round(self._region.right * width)
        top, bottom = round(self._region.top * height), round(self._region.bottom * height)
        found = self._look(np.ascontiguousarray(pixels[top:bottom, left:right]))
        size = np.array([right - left, bottom - top] * 2, np.float32)
        boxes = found.boxes * size
        beyond = np.array([left > 0, top > 0, right < width, bottom < height])
        gaps = np.column_stack([boxes[:, :2], size[:2] - boxes[:, 2:]])
        whole = ~((gaps < CUT_PX) & beyond).any(axis=1)
        mapped = (boxes + np.array([left, top] * 2, np.float32)) / np.array([width, height] * 2, np.float32)
        return Detections(mapped[whole].astype(np.float32), found.scores[whole], found.classes[whole])


def merged(one: Detections, other: Detections) -> Detections:
    """Each road user once, best first."""
    boxes = np.concatenate([one.boxes, other.boxes])
    scores, classes = np.concatenate([one.scores, other.scores]), np.concatenate([one.classes, other.classes])
    kept = survivors(boxes, scores, classes, SAME)
    return Detections(boxes[kept], scores[kept], classes[kept])
