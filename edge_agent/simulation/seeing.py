"""Numbers of a detector: how often it misses whom, how its boxes err, which classes it mistakes, what it invents.

Fitted on painted pictures by `scripts/fit_seeing.py`, one set for each detector and light; docs/simulation.md holds its error
rates against the real ones. `eye.py` sees by them.
"""

from functools import cache
from importlib.resources import files
from math import exp, log
from typing import Annotated

import msgspec
import numpy as np
from msgspec import Meta, Struct
from numpy.typing import NDArray

Array = NDArray[np.float64]
Integers = NDArray[np.int64]
HIDING = 9.0  # how steeply the chance falls around `hidden_half`
Share = Annotated[float, Meta(ge=0, le=1)]


class Stray(Struct, frozen=True, forbid_unknown_fields=True):
    """A second box on a road user, or one that takes only a part of him: `at` in widths and heights of his own box."""

    at: tuple[float, float, float, float]
    score: float
    label: int


class ClassSeeing(Struct, frozen=True, forbid_unknown_fields=True):
    """How one class is seen. The probability of a detection is `best` x logistic(slope (ln h - ln half_px)) x
    logistic(9 (visible - hidden_half)), h the box height in pixels of a picture 640 wide.

    `lasting`, `wandering`: shares of the disposition's variance; edges (left, top, right, bottom) err by `bias` and `spread` in
    box heights, of which `steady` is correlated from frame to frame; `score` = base + gain x probability, SD `score_sd`;
    `labels`: COCO class -> share. A stray begins in a picture with `stray_begins` x probability, goes on with `stray_stays`.
    """

    best: Share
    half_px: float
    slope: float
    hidden_half: float
    lasting: Share
    wandering: Share
    bias: tuple[float, float, float, float]
    spread: tuple[float, float, float, float]
    steady: Share
    score: tuple[float, float]
    score_sd: float
    labels: dict[int, float]
    stray_begins: float = 0.0
    stray_stays: Share = 0.0
    strays: tuple[Stray, ...] = ()


class FalseBox(Struct, frozen=True, forbid_unknown_fields=True):
    """One false detection as it was seen: normalised box, score, COCO class."""

    box: tuple[float, float, float, float]
    score: float
    label: int


class Seeing(Struct, frozen=True, forbid_unknown_fields=True):
    """One detector in one light. `false_per_frame` new false boxes begin in a frame; each goes on with `false_stays`."""

    classes: dict[str, ClassSeeing]
    false_per_frame: float
    false_stays: Share
    false_boxes: tuple[FalseBox, ...]


class Fitted(Struct, frozen=True, forbid_unknown_fields=True):
    """`seeing.json`: detector -> light (day, dusk, night, rain, fog) -> numbers."""

    detectors: dict[str, dict[str, Seeing]]


@cache
def fitted() -> Fitted:
    text = files("edge_agent.simulation").joinpath("seeing.json").read_bytes()
    return msgspec.json.decode(text, type=Fitted)


def condition(light: str, weather: str) -> str:
    """Which set of numbers holds."""
    return weather if weather != "clear" and light == "day" else light


def probability(numbers: ClassSeeing, height_px: float, visible: float) -> float:
    """That one so tall, so much of which is visible, is found."""
    size = 1 / (1 + exp(-numbers.slope * (log(max(height_px, 1.0)) - log(numbers.half_px))))
    return numbers.best * size / (1 + exp(-HIDING * (visible - numbers.hidden_half)))


class ClassTable:
    """The numbers of c classes as arrays, a row for each."""

    def __init__(self, classes: list[ClassSeeing]) -> None:
        self._best, self._half, self._slope, self._hidden = np.array(
            [(one.best, log(one.half_px), one.slope, one.hidden_half) for one in classes]
        ).reshape(-1, 4).T  # fmt: skip
        shares = np.array([(one.lasting, one.wandering) for one in classes]).reshape(-1, 2)
        self.parts = np.sqrt(np.column_stack([shares, np.maximum(0.0, 1 - shares.sum(axis=1))]))  # (c, 3)
        self.bias = np.array([one.bias for one in classes]).reshape(-1, 4)
        self.spread = np.array([one.spread for one in classes]).reshape(-1, 4)
        self.steady = np.array([one.steady for one in classes]).reshape(-1, 1)
        self.score = np.array([(*one.score, one.score_sd) for one in classes]).reshape(-1, 3)
        self.stray = np.array([(one.stray_begins if one.strays else 0.0, one.stray_stays) for one in classes]).reshape(-1, 2)
        self.strays_known = np.array([len(one.strays) for one in classes], np.int64)
        self.strays = np.zeros((len(classes), max([1, *self.strays_known]), 6))  # at, score, label
        for row, one in enumerate(classes):
            for place, stray in enumerate(one.strays):
                self.strays[row, place] = (*stray.at, stray.score, stray.label)
        most = max([1, *(len(one.labels) for one in classes)])
        self._labels, self._up_to = np.zeros((len(classes), most), np.int64), np.full((len(classes), most), np.inf)
        for row, one in enumerate(classes):
            self._labels[row, : len(one.labels)] = list(one.labels)
            self._up_to[row, : len(one.labels)] = np.cumsum(list(one.labels.values()))

    def chance(self, rows: Integers, height_px: Array, visible: Array) -> Array:
        """`probability` of each."""
        size = 1 / (1 + np.exp(-self._slope[rows] * (np.log(np.maximum(height_px, 1.0)) - self._half[rows])))
        return np.asarray(self._best[rows] * size / (1 + np.exp(-HIDING * (visible - self._hidden[rows]))))

    def guess(self, rows: Integers, pick: Array) -> Integers:
        """A COCO class for each, by their shares; what rounding leaves over is the most frequent one's."""
        place = (pick[:, None] >= self._up_to[rows]).sum(axis=1)
        known = np.isfinite(self._up_to[rows]).sum(axis=1)
        return np.asarray(self._labels[rows, np.where(place < known, place, 0)])
