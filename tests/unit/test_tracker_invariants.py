"""Whatever a detector says, whenever it says it: what always holds of tracks and of the assignment behind them."""

from itertools import count, permutations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from edge_agent.core.assignment import assign
from edge_agent.core.tracker import Tracker
from edge_agent.core.types import Detections

UNIT = st.floats(0, 1, width=32)
DETECTION = st.tuples(UNIT, UNIT, UNIT, UNIT, UNIT, st.sampled_from([0, 1, 2, 3, 5, 7, 62, 79]))
FRAME = st.tuples(st.sampled_from([0.0, 0.04, 0.1, 1.0, 7.0, 1000.0]), st.lists(DETECTION, max_size=8))


def detections(rows: list[tuple[float, ...]]) -> Detections:
    table = np.array(sorted(rows, key=lambda row: -row[4]), float).reshape(-1, 6)
    corners = np.sort(table[:, :4].reshape(-1, 2, 2), axis=1).reshape(-1, 4)
    return Detections(corners.astype(np.float32), table[:, 4].astype(np.float32), table[:, 5].astype(np.int32))


@settings(max_examples=150, deadline=None)
@given(st.lists(FRAME, max_size=30))
def test_tracks(frames: list[tuple[float, list[tuple[float, ...]]]]) -> None:
    drawn: list[int] = []
    tracker = Tracker(drawn.append(number) or number for number in count(5))
    at_s, gone, before = 0.0, set[int](), set[int]()
    for dt_s, rows in frames:
        at_s += dt_s
        tracks = tracker.update(at_s, detections(rows))
        ids = {track.id for track in tracks}
        assert len(ids) == len(tracks), "no two share an id"
        assert not ids & gone, "an id that has gone does not return"
        assert sum(track.seen for track in tracks) <= len(rows)
        for track in tracks:
            assert np.isfinite(track.box).all()
            assert track.box.left < track.box.right and track.box.top < track.box.bottom
            assert track.hits >= 1
        gone |= before - ids
        before = ids
    assert drawn == list(range(5, 5 + len(drawn))) and before | gone == set(drawn), "every id that was drawn was shown"


@given(arrays(float, array_shapes(min_dims=2, max_dims=2, max_side=4), elements=st.sampled_from([-1, 0, 0.2, 0.3, 0.5, 1])))
def test_an_assignment_is_one_to_one_gainful_and_the_best(gains: np.ndarray) -> None:
    rows, columns = assign(gains)
    assert len(set(rows.tolist())) == len(set(columns.tolist())) == len(rows)
    assert (gains[rows, columns] > 0).all()
    nobody = np.zeros((len(gains), len(gains)))
    choices = np.hstack([np.maximum(gains, 0.0), nobody])
    best = max(choices[range(len(gains)), list(chosen)].sum() for chosen in permutations(range(choices.shape[1]), len(gains)))
    assert abs(gains[rows, columns].sum() - best) < 1e-9
