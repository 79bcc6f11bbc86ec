"""Which of the overlapping boxes stay."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.detectors.suppress import Suppression, plausible, survivors

PERSON, BICYCLE, CAR, MOTORCYCLE, BUS, TRUCK = 0, 1, 2, 3, 5, 7
RULE = Suppression(overlap=0.45, inside=0.8)


def _kept(*found, rule=RULE):
    boxes, scores, classes = zip(*found, strict=True)
    kept = survivors(np.array(boxes, np.float32), np.array(scores, np.float32), np.array(classes, np.int32), rule)
    return [int(i) for i in kept]


LORRY = (0.1, 0.1, 0.5, 0.7)
ALMOST = (0.12, 0.1, 0.52, 0.7)
CAB = (0.12, 0.5, 0.3, 0.68)
RIDER = (0.15, 0.4, 0.2, 0.6)


def test_one_vehicle_named_twice_is_one():
    assert _kept((LORRY, 0.5, CAR), (ALMOST, 0.6, TRUCK)) == [1]


def test_a_part_of_a_better_vehicle_goes_and_the_whole_stays_behind_a_better_part():
    assert _kept((LORRY, 0.6, TRUCK), (CAB, 0.5, CAR)) == [0]
    assert _kept((LORRY, 0.5, TRUCK), (CAB, 0.6, CAR)) == [1, 0]
    assert _kept((LORRY, 0.6, TRUCK), (CAB, 0.5, CAR), rule=Suppression(overlap=0.45)) == [0, 1]


def test_a_motorcycle_or_a_person_in_front_of_a_lorry_stays():
    assert _kept((LORRY, 0.9, TRUCK), (RIDER, 0.2, MOTORCYCLE), (RIDER, 0.3, PERSON)) == [0, 2, 1]
    assert _kept((RIDER, 0.9, MOTORCYCLE), (RIDER, 0.2, BICYCLE)) == [0]


def test_what_a_dropped_box_overlapped_stays():
    first, second, third = (0.0, 0.0, 0.4, 0.2), (0.1, 0.0, 0.5, 0.2), (0.25, 0.0, 0.65, 0.2)
    assert _kept((first, 0.9, CAR), (second, 0.8, CAR), (third, 0.7, CAR)) == [0, 2]


def test_the_scene_itself_is_no_vehicle():
    boxes = np.array(
        [
            [0, 0, 0.95, 1], [0, 0.4, 0.95, 0.5], [0.1, 0, 0.8, 0.8],
            [0.3, 0, 0.7, 1],
            [0.5, 0.5, 0.5, 0.6], [0.6, 0.6, 0.5, 0.7],
        ],
        np.float32,
    )
    assert plausible(boxes).tolist() == [False, False, False, True, False, False]


@st.composite
def candidates(draw):
    n = draw(st.integers(0, 30))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    corners, sides = rng.random((n, 2)) * 0.7, 0.02 + rng.random((n, 2)) * 0.28
    boxes = np.hstack([corners, corners + sides]).astype(np.float32)
    classes = rng.choice([PERSON, BICYCLE, CAR, MOTORCYCLE, BUS, TRUCK], n)
    return boxes, rng.random(n).astype(np.float32), classes.astype(np.int32)


def _drops(better, worse, better_class, worse_class):
    """The rule in words: does the better box take the worse one away?"""
    width = min(better[2], worse[2]) - max(better[0], worse[0])
    height = min(better[3], worse[3]) - max(better[1], worse[1])
    shared = max(width, 0) * max(height, 0)
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (better, worse)]
    same_kind = (better_class == PERSON) == (worse_class == PERSON)
    wheels = {BICYCLE: 2, MOTORCYCLE: 2, CAR: 4, BUS: 4, TRUCK: 4}
    comparable = better_class in wheels and wheels[better_class] == wheels.get(worse_class)
    return (same_kind and shared / (sum(areas) - shared) > RULE.overlap) or (comparable and shared / areas[1] > RULE.inside)


@given(candidates())
def test_greedy_suppression_as_a_loop(found):
    boxes, scores, classes = found
    kept = []
    for i in sorted(range(len(scores)), key=lambda i: -scores[i]):
        if not any(_drops(boxes[j], boxes[i], int(classes[j]), int(classes[i])) for j in kept):
            kept.append(i)
    assert survivors(boxes, scores, classes, RULE).tolist() == kept
