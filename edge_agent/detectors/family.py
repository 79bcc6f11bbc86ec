"""What differs from one model family to another; everything else about detecting is common (see detector.py)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from edge_agent.detectors.suppress import Suppression

Floats = NDArray[np.float32]
STRIDES = (8, 16, 32)


class Cells(NamedTuple):
    """The network's cells, one row each, in the order of its outputs: column and row on their level, and its stride."""

    at: Floats  # (n, 2)
    strides: Floats  # (n, 1), input pixels


class Wanted(NamedTuple):
    """Which columns of the class scores are road users, and the score from which each counts."""

    columns: NDArray[np.intp]
    thresholds: Floats


class Candidates(NamedTuple):
    """What passed its threshold, in no order: boxes (n, 4) in input pixels, scores, and indices into Wanted.columns."""

    boxes: Floats
    scores: Floats
    picks: NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Family:
    """`problem` looks at a run's outputs, the number of classes and of cells, and says what does not fit, or None."""

    rgb: bool
    mean: tuple[float, float, float]  # subtracted from 0..255, in the order of the channels
    std: tuple[float, float, float]
    suppression: Suppression
    problem: Callable[[Sequence[NDArray[Any]], int, int], str | None]
    decode: Callable[[Sequence[Floats], Cells, Wanted], Candidates]


def cells_of(width: int, height: int) -> Cells:
    """The cells of an input of this size, level by level, row by row."""
    at, strides = [], []
    for stride in STRIDES:
        rows, columns = np.mgrid[: height // stride, : width // stride]
        at.append(np.stack([columns.ravel(), rows.ravel()], axis=1))
        strides.append(np.full((rows.size, 1), stride))
    return Cells(np.concatenate(at).astype(np.float32), np.concatenate(strides).astype(np.float32))


def choose(scores: Floats, wanted: Wanted) -> tuple[NDArray[np.intp], Floats, NDArray[np.intp]]:
    """Cells (n, wanted classes) -> rows with a class above its own threshold, that score, and which class it is.

    This comes before any box is decoded: of thousands of cells some tens remain.
    """
    rows = np.flatnonzero((scores >= wanted.thresholds).any(axis=1))
    passing = np.where(scores[rows] >= wanted.thresholds, scores[rows], np.float32(0))
    picks = passing.argmax(axis=1)
    return rows, passing[np.arange(len(rows)), picks], picks
