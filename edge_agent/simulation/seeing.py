"""A model of what a real detector says of a picture, without painting it: misses, wandering boxes, wrong classes, false boxes.

Fitted on painted pictures by `scripts/fit_seeing.py`, one set of numbers for each detector and light; docs/simulation.md holds
its error rates against the real ones. What a detector misses it tends to miss again in the next frame, so each road user
has a disposition that lasts, one that wanders within seconds, and pure chance.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from math import erf, exp, log, sqrt
from typing import Annotated

import msgspec
import numpy as np
from msgspec import Meta, Struct
from numpy.typing import NDArray

from edge_agent.core.types import NO_DETECTIONS, Detections
from edge_agent.simulation.truth.sight import Sight

Array = NDArray[np.float64]
Share = Annotated[float, Meta(ge=0, le=1)]
WANDER_S = 1.0  # time constant of the disposition that wanders
FORGET_S = 3.0
LOWEST_SCORE = 0.15
FALSE_LASTS = 64  # frames, at most


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
    size = 1 / (1 + exp(-numbers.slope * (log(max(height_px, 1.0)) - log(numbers.half_px))))
    return numbers.best * size / (1 + exp(-9 * (visible - numbers.hidden_half)))


@dataclass(slots=True)
class _Mood:
    """What lasts of one road user: chance numbers in units of their SD."""

    lasting: float
    wandering: float
    edges: Array
    label: int
    at_s: float
    stray: Stray | None = None


class SeeingEye:
    """`see` frame by frame: what the detector would answer to a picture of this."""

    def __init__(self, numbers: Seeing, seed: int, size_px: tuple[int, int]) -> None:
        self._numbers, self._random = numbers, np.random.default_rng([seed, 11])
        self._scale = 640 / size_px[0] * size_px[1]  # normalised height -> pixels of a picture 640 wide
        self._aspect = size_px[1] / size_px[0]
        self._moods: dict[int, _Mood] = {}
        self._false: list[FalseBox] = []

    def see(self, at_s: float, sight: Sight) -> Detections:
        rows: list[tuple[Array, float, int]] = []
        for body, box, visible in zip(sight.bodies, sight.boxes, sight.visible.tolist(), strict=True):
            numbers = self._numbers.classes.get(body.cls)
            if numbers is not None:
                rows += self._one(at_s, body.id, numbers, box, visible)
        rows += self._invented()
        self._forget(at_s)
        if not rows:
            return NO_DETECTIONS
        rows.sort(key=lambda row: -row[1])
        boxes = np.clip(np.array([row[0] for row in rows]), 0.0, 1.0).astype(np.float32)
        return Detections(boxes, np.array([row[1] for row in rows], np.float32), np.array([row[2] for row in rows], np.int32))

    def _one(
        self, at_s: float, number: int, numbers: ClassSeeing, box: Array, visible: float
    ) -> Iterator[tuple[Array, float, int]]:
        tall = float(box[3] - box[1])
        chance = probability(numbers, tall * self._scale, visible)
        mood = self._moods.get(number) or self._new_mood(at_s, number, numbers)
        self._wander(at_s, mood, numbers)
        mood.stray = self._stray(mood.stray, numbers, chance)
        if (stray := mood.stray) is not None:
            yield box[[0, 1, 0, 1]] + np.array(stray.at) * np.tile(box[2:] - box[:2], 2), stray.score, stray.label
        fresh, score_noise = self._random.normal(size=2)
        rest = sqrt(max(0.0, 1 - numbers.lasting - numbers.wandering))
        z = sqrt(numbers.lasting) * mood.lasting + sqrt(numbers.wandering) * mood.wandering + rest * fresh
        if (1 + erf(z / sqrt(2))) / 2 > chance:  # z is normal: its rank is uniform
            return
        shift = (np.array(numbers.bias) + np.array(numbers.spread) * mood.edges) * tall
        shift[::2] *= self._aspect
        score = numbers.score[0] + numbers.score[1] * chance + numbers.score_sd * score_noise
        yield box + shift, float(min(0.95, max(LOWEST_SCORE, score))), mood.label

    def _stray(self, before: Stray | None, numbers: ClassSeeing, chance: float) -> Stray | None:
        goes_on, begins = self._random.random(2)
        if before is not None and goes_on < numbers.stray_stays:
            return before
        if numbers.strays and begins < numbers.stray_begins * chance:
            return numbers.strays[int(self._random.integers(len(numbers.strays)))]
        return None

    def _new_mood(self, at_s: float, number: int, numbers: ClassSeeing) -> _Mood:
        lasting, wandering = self._random.normal(size=2)
        mood = _Mood(float(lasting), float(wandering), self._random.normal(size=4), self._label(numbers), at_s)
        self._moods[number] = mood
        return mood

    def _wander(self, at_s: float, mood: _Mood, numbers: ClassSeeing) -> None:
        """One step of first-order autoregression for what wanders."""
        keep = exp(-(at_s - mood.at_s) / WANDER_S)
        mood.at_s = at_s
        chance = self._random.normal(size=5)
        mood.wandering = keep * mood.wandering + sqrt(1 - keep * keep) * float(chance[0])
        steady = numbers.steady
        mood.edges = steady * mood.edges + sqrt(1 - steady * steady) * chance[1:]
        if self._random.random() < 0.15:
            mood.label = self._label(numbers)

    def _label(self, numbers: ClassSeeing) -> int:
        pick, total = float(self._random.random()), 0.0
        for label, share in numbers.labels.items():
            total += share
            if pick < total:
                return label
        return next(iter(numbers.labels))

    def _invented(self) -> list[tuple[Array, float, int]]:
        """False boxes: those that go on, and new ones."""
        numbers = self._numbers
        self._false = [box for box in self._false if self._random.random() < numbers.false_stays][:FALSE_LASTS]
        if numbers.false_boxes:
            for _ in range(int(self._random.poisson(numbers.false_per_frame))):
                self._false.append(numbers.false_boxes[int(self._random.integers(len(numbers.false_boxes)))])
        return [(np.array(box.box) + self._random.normal(0, 0.002, 4), box.score, box.label) for box in self._false]

    def _forget(self, at_s: float) -> None:
        for number in [number for number, mood in self._moods.items() if at_s - mood.at_s > FORGET_S]:
            del self._moods[number]
