"""How good are tracks? CLEAR MOT (Bernardin and Stiefelhagen 2008) and IDF1 (Ristani et al. 2016), as TrackEval counts."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from edge_agent.core.assignment import assign
from edge_agent.core.overlap import pairwise_iou

KEPT = 1000.0  # a pair of the frame before outweighs any overlap


class Labelled(NamedTuple):
    """Boxes of one frame, each with the number of its road user: ids (n,), boxes (n, 4)."""

    ids: NDArray[np.int64]
    boxes: NDArray[np.float64]


@dataclass
class Score:
    """Counts over one or more recordings; add them up before asking for a ratio."""

    truths: int = 0
    tracked: int = 0
    matches: int = 0
    switches: int = 0  # a truth is matched by another track than the last time
    breaks: int = 0  # a truth is matched again after frames without
    id_matches: int = 0  # matches under the best fixed pairing of truths and tracks

    @property
    def mota(self) -> float:
        errors = (self.truths - self.matches) + (self.tracked - self.matches) + self.switches
        return 1 - errors / max(1, self.truths)

    @property
    def idf1(self) -> float:
        return 2 * self.id_matches / max(1, self.truths + self.tracked)

    def __add__(self, other: "Score") -> "Score":
        return Score(*(mine + theirs for mine, theirs in zip(vars(self).values(), vars(other).values(), strict=True)))


@dataclass
class _Truth:
    """What became of one true road user so far."""

    track: int | None = None  # that matched it last
    in_view: bool = True  # it was matched in the frame before, or never
    overlaps: Counter[int] = field(default_factory=Counter)  # frames in which a track could have been its match


def score(truth: Sequence[Labelled], tracks: Sequence[Labelled], least_iou: float = 0.5) -> Score:
    """Tracks judged against the truth of the same frames."""
    result, users = Score(), defaultdict[int, _Truth](_Truth)
    for true, seen in zip(truth, tracks, strict=True):
        overlap = pairwise_iou(true.boxes, seen.boxes)
        overlap[overlap < least_iou] = 0.0
        for row, column in zip(*np.nonzero(overlap), strict=True):
            users[int(true.ids[row])].overlaps[int(seen.ids[column])] += 1

        kept = np.array([users[int(number)].track if users[int(number)].in_view else None for number in true.ids])
        rows, columns = assign(overlap + KEPT * (overlap > 0) * (kept[:, None] == seen.ids[None, :]))
        matched = {int(true.ids[row]): int(seen.ids[column]) for row, column in zip(rows, columns, strict=True)}
        for number in map(int, true.ids):
            _follow(users[number], matched.get(number), result)
        result.truths, result.tracked = result.truths + len(true.ids), result.tracked + len(seen.ids)
        result.matches += len(matched)
    result.id_matches = _best_pairing([user.overlaps for user in users.values()])
    return result


def _follow(user: _Truth, track: int | None, result: Score) -> None:
    if track is not None and user.track is not None:
        result.switches += track != user.track
        result.breaks += not user.in_view
    user.in_view = track is not None or user.track is None
    user.track = user.track if track is None else track


def _best_pairing(overlaps: Sequence[Counter[int]]) -> int:
    tracks = sorted({track for counter in overlaps for track in counter})
    counts = np.array([[counter[track] for track in tracks] for counter in overlaps], float).reshape(-1, len(tracks))
    return int(counts[assign(counts)].sum())
