"""Two models on the same picture: which road users do both see, and which only the one?"""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from edge_agent.core.overlap import pairwise_iou
from edge_agent.core.tracker import DEFAULTS
from edge_agent.core.types import CLASS_OF_COCO, Detections

SAME_IOU = 0.5


@dataclass(slots=True)
class Agreement:
    """Road users by class, over all frames that were compared. One whom both see counts as the live model calls it."""

    frames: int = 0
    both: Counter[str] = field(default_factory=Counter)
    only_live: Counter[str] = field(default_factory=Counter)
    only_shadow: Counter[str] = field(default_factory=Counter)

    def add(self, live: Detections, shadow: Detections) -> None:
        """A frame. Boxes are the same road user from an IoU of SAME_IOU on, whatever its class, best overlap first."""
        self.frames += 1
        mine, theirs = _sure(live), _sure(shadow)
        overlap = pairwise_iou(mine.boxes.astype(np.float64), theirs.boxes.astype(np.float64))
        seen, found = set[int](), set[int]()
        for place in np.argsort(-overlap, axis=None, kind="stable").tolist():
            row, column = divmod(place, len(theirs))
            if overlap[row, column] < SAME_IOU:
                break
            if row not in seen and column not in found:
                seen.add(row)
                found.add(column)
        for row, cls in enumerate(mine.classes.tolist()):
            (self.both if row in seen else self.only_live)[CLASS_OF_COCO[cls]] += 1
        for column, cls in enumerate(theirs.classes.tolist()):
            if column not in found:
                self.only_shadow[CLASS_OF_COCO[cls]] += 1


def _sure(found: Detections) -> Detections:
    """Those that begin a track; what is half seen says little of a model."""
    sure = found.scores >= DEFAULTS.high_score
    return Detections(found.boxes[sure], found.scores[sure], found.classes[sure])
