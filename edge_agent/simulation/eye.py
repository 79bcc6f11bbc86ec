"""The model of a detector at work: frame by frame what it would say of a picture, without the picture.

What a detector misses it tends to miss again in the next frame, so each road user has a disposition that lasts, one that
wanders within seconds, and pure chance. The numbers are `seeing.py`'s.
"""

from dataclasses import dataclass
from math import erf, exp, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge_agent.core.types import NO_DETECTIONS, Detections
from edge_agent.simulation.seeing import ClassTable, Seeing
from edge_agent.simulation.truth.sight import Sight

Array = NDArray[np.float64]
Integers = NDArray[np.int64]
Found = tuple[Array, Array, Integers]  # boxes (n, 4), scores (n,), COCO classes (n,)
WANDER_S = 1.0  # time constant of the disposition that wanders
RELABEL = 0.15  # chance, frame by frame, that the class is guessed anew
LOWEST_SCORE, HIGHEST_SCORE = 0.15, 0.95
FALSE_LASTS = 64  # false boxes at once, at most
NO_STRAY = -1


@dataclass(slots=True)
class _Moods:
    """What lasts of n road users, a column for each: dispositions and edges in units of their SD."""

    ids: list[int]
    lasting: Array
    wandering: Array
    edges: Array  # (n, 4)
    label: Integers
    stray: Integers  # its place among the class's strays, or NO_STRAY


class SeeingEye:
    """`see` frame by frame; a road user who leaves the picture is forgotten."""

    def __init__(self, numbers: Seeing, seed: int, size_px: tuple[int, int]) -> None:
        self._random = np.random.default_rng([seed, 11])
        self._scale = 640 / size_px[0] * size_px[1]  # normalised height -> pixels of a picture 640 wide
        self._aspect = np.array([size_px[1] / size_px[0], 1.0] * 2)
        self._row = {cls: row for row, cls in enumerate(numbers.classes)}
        self._classes = ClassTable(list(numbers.classes.values()))
        self._moods = _Moods([], np.zeros(0), np.zeros(0), np.zeros((0, 4)), np.zeros(0, np.int64), np.zeros(0, np.int64))
        self._at_s = 0.0
        self._numbers = numbers
        self._false_boxes = np.array([false.box for false in numbers.false_boxes]).reshape(-1, 4)
        self._false_said = np.array([(false.score, false.label) for false in numbers.false_boxes]).reshape(-1, 2)
        self._false = np.zeros(0, np.int64)

    def see(self, at_s: float, sight: Sight) -> Detections:
        known = [index for index, body in enumerate(sight.bodies) if body.cls in self._row]
        rows = np.array([self._row[sight.bodies[index].cls] for index in known], np.int64)
        moods = self._carried([sight.bodies[index].id for index in known], rows)
        self._wander(moods, rows, at_s - self._at_s)
        self._moods, self._at_s = moods, at_s
        boxes, visible = sight.boxes[known], sight.visible[known]
        chance = self._classes.chance(rows, (boxes[:, 3] - boxes[:, 1]) * self._scale, visible)
        found = (self._bodies(moods, rows, boxes, chance), self._strays(moods, rows, boxes, chance), self._invented())
        if not any(len(scores) for _, scores, _ in found):
            return NO_DETECTIONS
        corners, scores, labels = (np.concatenate(parts) for parts in zip(*found, strict=True))
        order = np.argsort(-scores, kind="stable")
        inside = np.minimum(np.maximum(corners[order], 0.0), 1.0)
        return Detections(inside.astype(np.float32), scores[order].astype(np.float32), labels[order].astype(np.int32))

    def _bodies(self, moods: _Moods, rows: Integers, boxes: Array, chance: Array) -> Found:
        """Those that are found, with their boxes' errors."""
        numbers, fresh = self._classes, self._random.normal(size=(2, len(rows)))
        parts = numbers.parts[rows]
        z = parts[:, 0] * moods.lasting + parts[:, 1] * moods.wandering + parts[:, 2] * fresh[0]
        rank = np.array([erf(value) for value in (z / sqrt(2)).tolist()]) / 2 + 0.5  # z is normal: its rank is uniform
        hit = np.flatnonzero(rank <= chance)
        of = rows[hit]
        tall = (boxes[hit, 3] - boxes[hit, 1])[:, None]
        shift = (numbers.bias[of] + numbers.spread[of] * moods.edges[hit]) * tall * self._aspect
        base, gain, sd = numbers.score[of].T
        score = base + gain * chance[hit] + sd * fresh[1, hit]
        return boxes[hit] + shift, np.minimum(np.maximum(score, LOWEST_SCORE), HIGHEST_SCORE), moods.label[hit]

    def _strays(self, moods: _Moods, rows: Integers, boxes: Array, chance: Array) -> Found:
        """Second boxes and parts: those that go on, and new ones."""
        numbers = self._classes
        goes_on, begins, which = self._random.random((3, len(rows)))
        stays = (moods.stray != NO_STRAY) & (goes_on < numbers.stray[rows, 1])
        new = begins < numbers.stray[rows, 0] * chance
        picked = (which * numbers.strays_known[rows]).astype(np.int64)
        moods.stray = np.where(stays, moods.stray, np.where(new, picked, NO_STRAY))
        there = np.flatnonzero(moods.stray != NO_STRAY)
        said = numbers.strays[rows[there], moods.stray[there]]
        left_top, sides = boxes[there, :2], boxes[there, 2:] - boxes[there, :2]
        corners = np.concatenate([left_top + said[:, 0:2] * sides, left_top + said[:, 2:4] * sides], axis=1)
        return corners, said[:, 4], said[:, 5].astype(np.int64)

    def _invented(self) -> Found:
        """False boxes: those that go on, and new ones."""
        if not len(self._false_boxes):
            return np.zeros((0, 4)), np.zeros(0), np.zeros(0, np.int64)
        stays = self._random.random(len(self._false)) < self._numbers.false_stays
        new = self._random.integers(len(self._false_boxes), size=int(self._random.poisson(self._numbers.false_per_frame)))
        self._false = np.concatenate([self._false[stays], new])[:FALSE_LASTS]
        boxes = self._false_boxes[self._false] + self._random.normal(0, 0.002, (len(self._false), 4))
        return boxes, self._false_said[self._false, 0], self._false_said[self._false, 1].astype(np.int64)

    def _carried(self, ids: list[int], rows: Integers) -> _Moods:
        """The moods of these road users: as they were, or new."""
        before = self._moods
        if ids == before.ids:
            return before
        place = {number: index for index, number in enumerate(before.ids)}
        source = np.array([place.get(number, -1) for number in ids], np.int64)
        new = np.flatnonzero(source < 0)
        latent, edges = self._random.normal(size=(2, len(new))), self._random.normal(size=(len(new), 4))
        label = self._classes.guess(rows[new], self._random.random(len(new)))
        fresh = _Moods([], latent[0], latent[1], edges, label, np.full(len(new), NO_STRAY))

        def column(name: str) -> Any:
            values: NDArray[Any] = getattr(before, name)
            taken = values[source] if len(values) else np.zeros((len(ids), *values.shape[1:]), values.dtype)
            taken[new] = getattr(fresh, name)
            return taken

        return _Moods(ids, *(column(name) for name in ("lasting", "wandering", "edges", "label", "stray")))

    def _wander(self, moods: _Moods, rows: Integers, step_s: float) -> None:
        """One step of first-order autoregression for what wanders."""
        keep, steady = exp(-max(0.0, step_s) / WANDER_S), self._classes.steady[rows]
        chance = self._random.normal(size=(5, len(rows)))
        moods.wandering = keep * moods.wandering + sqrt(1 - keep * keep) * chance[0]
        moods.edges = steady * moods.edges + np.sqrt(1 - steady * steady) * chance[1:].T
        anew = np.flatnonzero(self._random.random(len(rows)) < RELABEL)
        moods.label[anew] = self._classes.guess(rows[anew], self._random.random(len(anew)))
