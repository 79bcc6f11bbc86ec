"""YOLOX: per cell a box, the certainty that there is an object, and a score for each class (arXiv:2107.08430)."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge_agent.detectors.family import Candidates, Cells, Family, Floats, Wanted, choose
from edge_agent.detectors.suppress import Suppression

_CLASSES_FROM = 5


def decode(outputs: Sequence[Floats], cells: Cells, wanted: Wanted) -> Candidates:
    """One output (1, n, 5 + classes): centre from the cell, log of the size, both in strides; objectness; class scores."""
    rows_all = outputs[0][0]
    rows, scores, picks = choose(rows_all[:, 4:5] * rows_all[:, _CLASSES_FROM + wanted.columns], wanted)
    chosen, strides = rows_all[rows], cells.strides[rows]
    centres = (chosen[:, :2] + cells.at[rows]) * strides
    halves = np.exp(chosen[:, 2:4]) * strides / 2
    return Candidates(np.hstack([centres - halves, centres + halves]), scores, picks)


def problem(outputs: Sequence[NDArray[Any]], classes: int, cells: int) -> str | None:
    expected = (1, cells, _CLASSES_FROM + classes)
    return None if [output.shape for output in outputs] == [expected] else f"expected {'x'.join(map(str, expected))}"


YOLOX = Family(
    rgb=False,
    mean=(0.0, 0.0, 0.0),
    std=(1.0, 1.0, 1.0),
    suppression=Suppression(overlap=0.5),
    problem=problem,
    decode=decode,
)
