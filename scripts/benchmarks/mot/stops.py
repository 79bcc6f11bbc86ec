"""Does a vehicle that stands keep its id, and does its id stay with it?"""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from edge_agent.core.overlap import pairwise_iou
from scripts.benchmarks.mot.metrics import Labelled

LEAST_IOU = 0.3  # the boxes are a few pixels small
OWNED_FRAMES = 10  # a track that lies on a vehicle for so long is the vehicle's


def strayed(truth: Sequence[Labelled], tracks: Sequence[Labelled]) -> int:
    """Tracks that belonged to a vehicle of the truth and are then found beside it: a passer-by took the id along."""
    frames_on = Counter[tuple[int, int]]()
    gone = set[tuple[int, int]]()
    for true, seen in zip(truth, tracks, strict=True):
        overlap = pairwise_iou(true.boxes, seen.boxes)
        pairs = [(int(vehicle), int(track)) for vehicle in true.ids for track in seen.ids]
        on, off = (overlap >= LEAST_IOU).ravel(), (overlap == 0.0).ravel()
        frames_on.update(pairs[index] for index in np.flatnonzero(on))
        gone.update(pairs[index] for index in np.flatnonzero(off) if frames_on[pairs[index]] >= OWNED_FRAMES)
    return len(gone)
