"""Each decoder against the formula of its paper, written as a loop over cells."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.detectors.family import Wanted, cells_of
from edge_agent.detectors.nanodet import NANODET
from edge_agent.detectors.yolov8 import YOLOV8
from edge_agent.detectors.yolox import YOLOX

WIDTH, HEIGHT, CLASSES = 96, 64, 6
CELLS = cells_of(WIDTH, HEIGHT)
COLUMNS = [0, 2, 5]
seeds = st.integers(0, 2**32 - 1)
thresholds = st.tuples(*[st.floats(0.5, 0.98)] * len(COLUMNS))


def _wanted(limits):
    return Wanted(np.array(COLUMNS), np.array(limits, np.float32))


def _cells():
    """stride, column, row of every cell, in the order of the outputs."""
    for stride in (8, 16, 32):
        for row in range(HEIGHT // stride):
            for column in range(WIDTH // stride):
                yield stride, column, row


def _best(scores, limits):
    """Score and pick of one cell: the best class among those that pass their own threshold, None if none does."""
    passing = [(float(s), -i) for i, (s, limit) in enumerate(zip(scores, np.float32(limits), strict=True)) if s >= limit]
    return (max(passing)[0], -max(passing)[1]) if passing else None


def _same(found, expected):
    assert [int(pick) for pick in found.picks] == [pick for _, _, pick in expected]
    np.testing.assert_allclose(found.scores, [score for _, score, _ in expected], rtol=1e-6)
    np.testing.assert_allclose(found.boxes, np.reshape([box for box, _, _ in expected], (-1, 4)), rtol=1e-4, atol=1e-3)


@given(seeds, thresholds)
def test_nanodet(seed, limits):
    rng = np.random.default_rng(seed)
    scores = rng.random((1, len(CELLS.at), CLASSES), np.float32)
    bins = rng.normal(0, 3, (1, len(CELLS.at), 44)).astype(np.float32)
    expected = []
    for i, (stride, column, row) in enumerate(_cells()):
        if best := _best(scores[0, i, COLUMNS], limits):
            sides = []
            for side in range(4):
                weights = [math.exp(v) for v in bins[0, i, side * 11 : side * 11 + 11]]
                sides.append(stride * sum(k * w for k, w in enumerate(weights)) / sum(weights))
            x, y = (column + 0.5) * stride, (row + 0.5) * stride
            expected.append(([x - sides[0], y - sides[1], x + sides[2], y + sides[3]], *best))
    _same(NANODET.decode([scores, bins], CELLS, _wanted(limits)), expected)


def test_nanodet_takes_one_output_per_stride_too():
    rng = np.random.default_rng(0)
    scores, bins = rng.random((1, 126, CLASSES), np.float32), rng.random((1, 126, 44), np.float32)
    levels = [slice(0, 96), slice(96, 120), slice(120, 126)]
    apart = [*(scores[:, level] for level in levels), *(bins[:, level] for level in levels)]
    wanted = _wanted([0.9] * 3)
    for together, split in zip(
        NANODET.decode([scores, bins], CELLS, wanted), NANODET.decode(apart, CELLS, wanted), strict=True
    ):
        np.testing.assert_array_equal(together, split)


@given(seeds, thresholds)
def test_yolox(seed, limits):
    rng = np.random.default_rng(seed)
    output = rng.random((1, len(CELLS.at), 5 + CLASSES), np.float32)
    output[..., 4] = 0.9 + 0.1 * output[..., 4]
    expected = []
    for i, (stride, column, row) in enumerate(_cells()):
        x, y, w, h, objectness, *scores = output[0, i]
        if best := _best(objectness * np.array(scores)[COLUMNS], limits):
            cx, cy = (x + column) * stride, (y + row) * stride
            half_w, half_h = math.exp(w) * stride / 2, math.exp(h) * stride / 2
            expected.append(([cx - half_w, cy - half_h, cx + half_w, cy + half_h], *best))
    _same(YOLOX.decode([output], CELLS, _wanted(limits)), expected)


@given(seeds, thresholds)
def test_yolov8(seed, limits):
    output = np.random.default_rng(seed).random((1, 4 + CLASSES, len(CELLS.at)), np.float32)
    output[:, :4] *= 96
    expected = []
    for i in range(len(CELLS.at)):
        cx, cy, w, h, *scores = output[0, :, i]
        if best := _best(np.array(scores)[COLUMNS], limits):
            expected.append(([cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2], *best))
    _same(YOLOV8.decode([output], CELLS, _wanted(limits)), expected)


@pytest.mark.parametrize(
    "family, shapes",
    [
        (NANODET, [(1, 126, 80), (1, 126, 44)]),
        (NANODET, [(1, 96, 80), (1, 24, 80), (1, 6, 80), (1, 96, 44), (1, 24, 44), (1, 6, 44)]),
        (YOLOX, [(1, 126, 85)]),
        (YOLOV8, [(1, 84, 126)]),
    ],
)
def test_a_family_knows_its_own_outputs_and_no_other(family, shapes):
    outputs = [np.zeros(shape, np.float32) for shape in shapes]
    assert family.problem(outputs, 80, 126) is None
    assert "expected" in family.problem(outputs, 79, 126)
    assert "expected" in family.problem(outputs, 80, 125)
    assert "expected" in family.problem([*outputs, np.zeros((1, 3), np.float32)], 80, 126)
    for other in {NANODET.decode: NANODET, YOLOX.decode: YOLOX, YOLOV8.decode: YOLOV8}.values():
        assert other is family or other.problem(outputs, 80, 126)
