"""How much do boxes overlap? Every one with every other, for arrays too large for a loop."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

SMALLEST_AREA = 1e-12  # of the image; keeps two empty boxes from dividing by nothing


def pairwise_iou(boxes: Floats, others: Floats) -> Floats:
    """(n, m): intersection over union of every box (n, 4) with every other (m, 4); left, top, right, bottom."""
    left, top, right, bottom = boxes.T[:, :, None]
    other_left, other_top, other_right, other_bottom = others.T[:, None, :]
    width = np.minimum(right, other_right) - np.maximum(left, other_left)
    height = np.minimum(bottom, other_bottom) - np.maximum(top, other_top)
    shared = np.maximum(width, 0.0) * np.maximum(height, 0.0)
    union = (right - left) * (bottom - top) + (other_right - other_left) * (other_bottom - other_top) - shared
    result: Floats = shared / np.maximum(union, SMALLEST_AREA)
    return result
