"""What is a track? A detector changes its mind from frame to frame; the track's class is a vote over all of them.

Each detection votes for its class with its score. The class that holds the vote yields only when another has
`lead` times its sum: near a tie it does not flip to and fro.
"""

import numpy as np
from numpy.typing import NDArray

from edge_agent.core.types import CLASS_OF_COCO, TWO_WHEELERS

Indices = NDArray[np.intp]

CLASSES = tuple(CLASS_OF_COCO.values())  # a class's slot is its place in here
RIDDEN = [CLASSES.index(name) for name in TWO_WHEELERS]  # slots of what has a rider
_SLOT_OF_COCO = np.full(max(CLASS_OF_COCO) + 2, -1)  # the last stands for every COCO id that is no road user
_SLOT_OF_COCO[list(CLASS_OF_COCO)] = range(len(CLASSES))

# A person may be the rider of a two-wheeler, and a far two-wheeler may look like a car; but no person is a car.
_BUILD = np.array([{"person": 0, "bicycle": 1, "motorcycle": 1}.get(name, 2) for name in CLASSES])


def slots_of(coco: NDArray[np.integer]) -> Indices:
    """COCO ids (n,) -> slots (n,), -1 where it is no road user."""
    return _SLOT_OF_COCO[np.where((coco >= 0) & (coco < len(_SLOT_OF_COCO)), coco, -1)]


def may_be_one(slots: Indices, others: Indices) -> NDArray[np.bool_]:
    """(n, m): whether the same road user can be taken for the one class and for the other."""
    result: NDArray[np.bool_] = np.abs(_BUILD[slots][:, None] - _BUILD[others][None, :]) < 2
    return result


def elect(votes: NDArray[np.float64], holders: Indices, lead: float) -> Indices:
    """Sums of scores (n, len(CLASSES)) and the slots that hold the vote (n,) -> the slots that hold it now."""
    every, best = np.arange(len(votes)), votes.argmax(axis=1)
    return np.where(votes[every, best] > lead * votes[every, holders], best, holders)
