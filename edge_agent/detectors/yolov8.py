"""The YOLOv8 and YOLO11 head, as users export their own weights: boxes are decoded in the graph, no objectness."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge_agent.detectors.family import Candidates, Cells, Family, Floats, Wanted, choose
from edge_agent.detectors.suppress import Suppression

_CLASSES_FROM = 4


def decode(outputs: Sequence[Floats], cells: Cells, wanted: Wanted) -> Candidates:
    """One output (1, 4 + classes, n): centre x, y, width, height in input pixels, then a score for each class."""
    rows, scores, picks = choose(outputs[0][0, _CLASSES_FROM + wanted.columns].T, wanted)
    chosen = outputs[0][0, :_CLASSES_FROM, rows]
    centres, halves = chosen[:, :2], chosen[:, 2:] / 2
    return Candidates(np.hstack([centres - halves, centres + halves]), scores, picks)


def problem(outputs: Sequence[NDArray[Any]], classes: int, cells: int) -> str | None:
    expected = (1, _CLASSES_FROM + classes, cells)
    return None if [output.shape for output in outputs] == [expected] else f"expected {'x'.join(map(str, expected))}"


YOLOV8 = Family(
    rgb=True,
    mean=(0.0, 0.0, 0.0),
    std=(255.0, 255.0, 255.0),
    suppression=Suppression(overlap=0.5),
    problem=problem,
    decode=decode,
)
