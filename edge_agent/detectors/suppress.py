"""One road user, one box: which of the overlapping candidates stay."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge_agent.core.types import CLASS_OF_COCO, COCO_OF_CLASS, TWO_WHEELERS

Floats = NDArray[np.float32]
Indices = NDArray[np.intp]

# No road user fills this much of a roadside picture; a detector that answers for the whole scene does (NanoDet-g: "car" over
# 90 % of it). The largest true vehicle on six roadside clips took 0.13 of the picture and 0.27 of its width; a lorry right
# under the camera may take all of its height, so height has no bound of its own.
MAX_AREA = 0.5
MAX_WIDTH = 0.9
MOST = 300  # boxes that are compared with each other; a full junction has under 100

_IDS = np.arange(max(CLASS_OF_COCO) + 1)
_FOUR_WHEELED = np.isin(_IDS, [COCO_OF_CLASS[name] for name in ("car", "bus", "truck")])  # by COCO id
_TWO_WHEELED = np.isin(_IDS, [COCO_OF_CLASS[name] for name in TWO_WHEELERS])


@dataclass(frozen=True, slots=True)
class Suppression:
    """`overlap`: the IoU, and `inside`: the share of its own area within a better box, above which a box goes."""

    overlap: float
    inside: float = 1.0


def plausible(boxes: Floats) -> NDArray[np.bool_]:
    """Normalised boxes that can be a road user: not empty, and smaller than the scene itself."""
    width, height = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    return (width > 0) & (height > 0) & (width <= MAX_WIDTH) & (width * height <= MAX_AREA)


def survivors(boxes: Floats, scores: Floats, classes: NDArray[np.int32], rule: Suppression) -> Indices:
    """Indices of the boxes that stay, best first. Greedy: a box goes only for a better one that stays itself.

    Overlap counts among all vehicles, whatever their class, and among persons: a small detector says car and truck of the
    same thing, but a rider is a person and a motorcycle. `inside` counts only among four-wheeled or among two-wheeled
    vehicles, for a motorcycle in front of a lorry lies within its box and is another road user.
    """
    order = np.argsort(-scores, kind="stable")[:MOST]
    boxes, four, two = boxes[order], _FOUR_WHEELED[classes[order]], _TWO_WHEELED[classes[order]]
    vehicle = four | two
    shared, areas = _intersections(boxes), (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    overlaps = shared > rule.overlap * (areas[:, None] + areas - shared)
    insides = shared > rule.inside * areas  # [i, j]: how much of j lies in i
    drops = overlaps & (vehicle[:, None] == vehicle) | insides & (four[:, None] & four | two[:, None] & two)
    alive = np.ones(len(order), bool)
    for i in range(len(order)):
        if alive[i]:
            alive[i + 1 :] &= ~drops[i, i + 1 :]
    return order[alive]


def _intersections(boxes: Floats) -> Floats:
    left, top, right, bottom = np.ascontiguousarray(boxes.T)
    widths = np.minimum.outer(right, right) - np.maximum.outer(left, left)
    heights = np.minimum.outer(bottom, bottom) - np.maximum.outer(top, top)
    areas: Floats = np.maximum(widths, 0) * np.maximum(heights, 0)
    return areas
