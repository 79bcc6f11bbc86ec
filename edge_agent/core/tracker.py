"""Which detection is which road user? Boxes of one frame after the other -> tracks with stable ids.

The association is ByteTrack's (Zhang et al. 2022, https://arxiv.org/abs/2110.06864): first what the detector is sure
of, then what it half sees, the latter only to continue tracks. What is made for the roadside: a vehicle that stands
is remembered much longer than one that moves, because it can only come back where it was: far vehicles flicker, and
lorries hide them. docs/decisions/0002-tracker.md tells what was compared.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge_agent.core import kalman
from edge_agent.core.assignment import assign
from edge_agent.core.class_vote import CLASSES, RIDDEN, elect, may_be_one, slots_of
from edge_agent.core.overlap import pairwise_iou
from edge_agent.core.types import Box, Detections, Track

Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]
Indices = NDArray[np.intp]
Rows = np.ndarray[Any, np.dtype[np.void]]

ROW = np.dtype(
    [
        ("id", "i8"),  # 0 until confirmed
        ("state", "f8", kalman.STATE_SHAPE),
        ("votes", "f8", len(CLASSES)),
        ("slot", "i8"),  # the class that holds the vote
        ("score", "f8"),
        ("hits", "i8"),
        ("seen", "?"),  # in the last frame
        ("seen_s", "f8"),
        ("measured", "f8", 4),  # the last detection's box
        ("place", "f8", 4),  # the box when it came here
        ("since_s", "f8"),
    ]
)
LEAVES_PLACE = 0.3  # a box whose centre has moved by so much of its size has left its place


@dataclass(frozen=True, slots=True)
class TrackerConfig:
    high_score: float = 0.35  # detections from here on begin tracks and are associated first
    low_score: float = 0.1  # detections below do not exist
    confirm_hits: int = 3  # a track is shown from so many hits on, or ...
    confirm_score: float = 0.75  # ... at once with such a score
    keep_new_s: float = 0.3  # how long an unconfirmed track survives unseen
    keep_lost_s: float = 1.5  # how long a moving one does
    keep_standing_s: float = 30.0  # how long a standing one does
    stand_after_s: float = 1.5  # a track that has kept its place for so long stands
    least_iou: float = 0.2  # of a track and a sure detection of it
    least_iou_low: float = 0.4  # of a track and a half-seen detection of it
    least_iou_standing: float = 0.4  # of a standing track, unseen for longer than keep_lost_s, and any detection of it
    repeated_iou: float = 0.5  # with a track just seen, above which a detection is no road user of its own
    class_lead: float = 1.25  # see class_vote


DEFAULTS = TrackerConfig()


class Tracker:
    """The tracks of one camera. `ids` are drawn in order, one when a track is first shown.

    A track stays in the output, predicted and with seen=False, until it is forgotten; its id never returns after that. What
    is out of sight and keeps its place is the same object in every frame.
    """

    def __init__(self, ids: Iterator[int], config: TrackerConfig = DEFAULTS) -> None:
        self._ids = ids
        self._config = config
        self._rows: Rows = np.zeros(0, ROW)
        self._tracks: dict[int, Track] = {}  # of the last frame
        self._at_s = 0.0

    @property
    def doubts(self) -> bool:
        """Whether something was seen of which the next frames must tell if it is anything."""
        return bool((self._rows["id"] == 0).any())

    @property
    def still(self) -> frozenset[int]:
        """Tracks that have kept their place for a while."""
        rows = self._rows[self._stood(self._rows)]
        return frozenset(rows["id"].tolist())

    def update(self, at_s: float, detections: Detections) -> list[Track]:
        """The tracks after the frame of time at_s. Frames may come at any pace, but time must not run backwards."""
        boxes, scores, slots = _road_users(detections, self._config.low_score)

        # Move every track to now; forget what has been away too long.
        rows = self._rows[self._remembered(at_s)]
        states = self._predict(rows, at_s)
        resting = ~rows["seen"] & (states[:, kalman.POSITION] == rows["state"][:, kalman.POSITION]).all(axis=1)
        rows["state"] = states

        # Give every track its detection; what no track explains begins one.
        picked, columns = self._associate(rows, at_s, boxes, scores, slots)
        rows["seen"] = False
        resting[picked] = False
        rows[picked] = self._hit(rows[picked], at_s, boxes[columns], scores[columns], slots[columns])
        new = scores >= self._config.high_score
        new[columns] = False
        if new.any():
            new[new] = ~self._repeated(rows[rows["seen"]], boxes[new], slots[new])
            rows = np.concatenate([rows, _begin(at_s, boxes[new], scores[new], slots[new])])
        self._rows, self._at_s = rows, at_s

        # Whoever is confirmed now draws an id.
        self._confirm(rows)
        return self._shown(rows, resting)

    def _remembered(self, at_s: float) -> Flags:
        rows, config = self._rows, self._config
        keep_s = np.where(self._stood(rows), config.keep_standing_s, config.keep_lost_s)
        keep_s[rows["id"] == 0] = config.keep_new_s
        result: Flags = at_s - rows["seen_s"] <= keep_s
        return result

    def _stood(self, rows: Rows) -> Flags:
        """Whether each stood when it was last seen."""
        result: Flags = rows["seen_s"] - rows["since_s"] >= self._config.stand_after_s
        return result

    def _predict(self, rows: Rows, at_s: float) -> Floats:
        """States at at_s. What is out of sight keeps its size, and what stood when it was lost keeps its place."""
        state, lost = rows["state"], ~rows["seen"]
        state[lost, kalman.VELOCITY, 2:] = 0.0
        state[lost & self._stood(rows), kalman.VELOCITY] = 0.0
        return kalman.predict(state, max(0.0, at_s - self._at_s))

    def _associate(
        self, rows: Rows, at_s: float, boxes: Floats, scores: Floats, slots: Indices
    ) -> tuple[Indices, Indices]:
        """Rows and the detections that are theirs."""
        config = self._config
        gains = pairwise_iou(kalman.boxes_of(rows["state"]), boxes)
        gains[~may_be_one(rows["slot"], slots)] = 0.0
        gains[(gains < config.least_iou_standing) & (at_s - rows["seen_s"] > config.keep_lost_s)[:, None]] = 0.0

        sure = scores >= config.high_score
        picked, columns = assign(np.where(sure, gains - config.least_iou, 0.0))
        left = rows["id"] > 0
        left[picked] = False
        more, more_columns = assign(np.where(left[:, None] & ~sure, gains - config.least_iou_low, 0.0))
        return np.concatenate([picked, more]), np.concatenate([columns, more_columns])

    def _hit(self, rows: Rows, at_s: float, boxes: Floats, scores: Floats, slots: Indices) -> Rows:
        """These rows after each was given the detection of the same index."""
        rows["state"] = kalman.correct(rows["state"], boxes)
        rows["votes"][np.arange(len(rows)), slots] += scores
        rows["slot"] = elect(rows["votes"], rows["slot"], self._config.class_lead)
        rows["score"], rows["seen"], rows["seen_s"], rows["measured"] = scores, True, at_s, boxes
        rows["hits"] += 1
        now = kalman.boxes_of(rows["state"])
        left = _moved(rows["place"], now) > LEAVES_PLACE
        rows["place"][left], rows["since_s"][left] = now[left], at_s
        return rows

    def _repeated(self, rows: Rows, boxes: Floats, slots: Indices) -> Flags:
        """Which detections are a second box of a road user that has its track: a detector's other guess, a rider."""
        same = pairwise_iou(kalman.boxes_of(rows["state"]), boxes) > self._config.repeated_iou
        result: Flags = np.logical_or.reduce(same & may_be_one(rows["slot"], slots), axis=0)
        return result

    def _confirm(self, rows: Rows) -> None:
        sure = (rows["hits"] >= self._config.confirm_hits) | (rows["score"] >= self._config.confirm_score)
        for index in np.flatnonzero((rows["id"] == 0) & sure):
            rows["id"][index] = next(self._ids)

    def _shown(self, rows: Rows, resting: Flags) -> list[Track]:
        """The confirmed tracks in the order of their rows. `resting`: the first rows, and whether each is as it was."""
        confirmed = rows["id"] > 0
        changed = confirmed.copy()
        changed[: len(resting)] &= ~resting
        fresh = {track.id: track for track in _tracks(rows[changed])}
        before = self._tracks
        self._tracks = {number: fresh.get(number) or before[number] for number in rows["id"][confirmed].tolist()}
        return list(self._tracks.values())


def _road_users(detections: Detections, low_score: float) -> tuple[Floats, Floats, Indices]:
    """Boxes, scores and class slots of the detections that count."""
    slots = slots_of(detections.classes)
    width_height = detections.boxes[:, 2:] - detections.boxes[:, :2]
    kept = (slots >= 0) & (detections.scores >= low_score) & (width_height > 0).all(axis=1)
    return detections.boxes[kept].astype(np.float64), detections.scores[kept].astype(np.float64), slots[kept]


def _begin(at_s: float, boxes: Floats, scores: Floats, slots: Indices) -> Rows:
    rows = np.zeros(len(boxes), ROW)
    rows["state"], rows["place"], rows["measured"] = kalman.begin(boxes), boxes, boxes
    rows["votes"][np.arange(len(rows)), slots] = scores
    rows["slot"], rows["score"], rows["hits"], rows["seen"] = slots, scores, 1, True
    rows["seen_s"] = rows["since_s"] = at_s
    return rows


def _moved(before: Floats, after: Floats) -> Floats:
    """How far the centre has come from box to box, in widths or heights of the box before, whichever is more."""
    size = np.maximum(before[:, 2:] - before[:, :2], kalman.SMALLEST_BOX)
    way = (after[:, :2] + after[:, 2:] - before[:, :2] - before[:, 2:]) / 2
    result: Floats = np.abs(way / size).max(axis=1, initial=0.0)
    return result


def _tracks(rows: Rows) -> list[Track]:
    """Where it is seen a track has the detection's own box: a filtered one lags behind what slows down in the picture, as all
    that drives away does, and its speed on the road comes out 2 to 3 % too high."""
    boxes = np.where(rows["seen"][:, None], rows["measured"], kalman.boxes_of(rows["state"])).tolist()
    ridden = rows["votes"][:, RIDDEN].sum(axis=1) / np.maximum(rows["votes"].sum(axis=1), 1e-9)
    columns = (rows[name].tolist() for name in ("id", "slot", "score", "seen", "hits"))
    return [
        Track(number, Box._make(box), CLASSES[slot], score, seen, hits, share)
        for box, number, slot, score, seen, hits, share in zip(boxes, *columns, ridden.tolist(), strict=True)
    ]
