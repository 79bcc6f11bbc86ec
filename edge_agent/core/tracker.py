"""Which detection is which road user? Boxes of one frame after the other -> tracks with stable ids.

The association is ByteTrack's (Zhang et al. 2022, https://arxiv.org/abs/2110.06864): first what the detector is sure
of, then what it half sees, the latter only to continue tracks. Two things are made for the roadside. A vehicle that
stands is remembered much longer than one that moves, because it can be found nowhere else: far vehicles flicker, and
lorries hide them. And a detector's class is not to be trusted, but that a person is not a car is.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge_agent.core import kalman
from edge_agent.core.assignment import Indices, assign
from edge_agent.core.types import CLASS_OF_COCO, Box, Detections, Track

Floats = NDArray[np.float64]
Tracks = np.ndarray[Any, np.dtype[np.void]]

CLASSES = tuple(CLASS_OF_COCO.values())
SLOT_OF_COCO = np.full(80, -1)  # COCO id -> column of the votes, -1 for what is no road user
SLOT_OF_COCO[list(CLASS_OF_COCO)] = range(len(CLASSES))
# Slots that may be one road user differ by less than 2: a person may be the rider of a two-wheeler, a far two-wheeler
# may look like a car, a person never becomes a car.
BODY_OF_SLOT = np.array([{"person": 0, "bicycle": 1, "motorcycle": 1}.get(name, 2) for name in CLASSES])

TRACK = np.dtype(
    [
        ("id", "i8"),  # 0 until confirmed
        ("state", "f8", kalman.STATE_SHAPE),
        ("votes", "f8", len(CLASSES)),  # sum of scores per class
        ("slot", "i8"),  # the class that holds the vote
        ("score", "f8"),
        ("hits", "i8"),
        ("seen", "?"),  # in the last frame
        ("seen_s", "f8"),  # when it was last
        ("anchor", "f8", 4),  # the box where it last began to stand
        ("anchor_s", "f8"),
    ]
)


@dataclass(frozen=True, slots=True)
class TrackerConfig:
    high_score: float = 0.35  # detections from here on begin tracks and are associated first
    low_score: float = 0.1  # detections below do not exist
    confirm_hits: int = 3  # a track is shown from this many hits on, or ...
    confirm_score: float = 0.75  # ... at once with such a score
    keep_new_s: float = 0.3  # how long an unconfirmed track survives unseen
    keep_lost_s: float = 1.5  # how long a moving one does
    keep_standing_s: float = 30.0  # how long a standing one does
    stand_after_s: float = 1.0  # a track that has kept its place for so long stands
    least_iou: float = 0.15  # of a track and a detection that are one road user, in the first round
    least_iou_low: float = 0.4  # the same for half-seen detections
    least_iou_standing: float = 0.4  # the same for a standing track unseen for longer than keep_lost_s
    class_lead: float = 1.25  # the vote changes hands when another class has so many times the holder's sum


class Tracker:
    """Tracks of one camera. `ids` are drawn in order, one when a track is first shown.

    A track stays in the output, predicted and with seen=False, until it is forgotten; its id then never returns.
    """

    def __init__(self, ids: Iterator[int], config: TrackerConfig = TrackerConfig()) -> None:
        self._ids = ids
        self._config = config
        self._tracks: Tracks = np.zeros(0, TRACK)
        self._at_s = 0.0

    def update(self, at_s: float, detections: Detections) -> list[Track]:
        """Tracks after the frame of time at_s, which must not run backwards; gaps may be of any length."""
        config = self._config
        boxes, scores, slots = _road_users(detections, config.low_score)
        high, low = np.flatnonzero(scores >= config.high_score), np.flatnonzero(scores < config.high_score)

        # Move every track to now; forget what has been away too long.
        tracks = self._remembered(self._tracks, at_s)
        tracks["state"] = self._predicted(tracks, at_s)

        # First round: sure detections and all tracks. Second: half-seen detections and what is left of those in view.
        gains = self._gains(tracks, at_s, boxes, slots)
        rows, columns = _associate(gains, np.arange(len(tracks)), high, config.least_iou)
        left = np.setdiff1d(np.flatnonzero(tracks["id"] > 0), rows)
        more_rows, more_columns = _associate(gains, left, low, config.least_iou_low)
        rows, columns = np.concatenate([rows, more_rows]), np.concatenate([columns, more_columns])
        tracks["seen"] = False
        self._hit(tracks, rows, at_s, boxes[columns], scores[columns], slots[columns])

        # What no track explains begins one.
        new = np.setdiff1d(high, columns)
        self._tracks = np.concatenate([tracks, _begin(at_s, boxes[new], scores[new], slots[new])])
        self._at_s = at_s
        return self._shown()

    def _remembered(self, tracks: Tracks, at_s: float) -> Tracks:
        config = self._config
        keep_s = np.where(self._standing(tracks), config.keep_standing_s, config.keep_lost_s)
        keep_s[tracks["id"] == 0] = config.keep_new_s
        return tracks[at_s - tracks["seen_s"] <= keep_s]

    def _standing(self, tracks: Tracks) -> NDArray[np.bool_]:
        """Whether each stood when it was last seen."""
        result: NDArray[np.bool_] = tracks["seen_s"] - tracks["anchor_s"] >= self._config.stand_after_s
        return result

    def _predicted(self, tracks: Tracks, at_s: float) -> Floats:
        """States at at_s. What is unseen keeps its size, and what stood when it was lost keeps its place."""
        lost, state = ~tracks["seen"], tracks["state"]
        state[lost, kalman.VELOCITY, 2:] = 0.0
        state[lost & self._standing(tracks), kalman.VELOCITY] = 0.0
        return kalman.predict(state, max(0.0, at_s - self._at_s))

    def _gains(self, tracks: Tracks, at_s: float, boxes: Floats, slots: Indices) -> Floats:
        """(tracks, detections): IoU where the two may be one road user, else 0."""
        config = self._config
        gains = iou(kalman.boxes_of(tracks["state"]), boxes)
        gains[np.abs(BODY_OF_SLOT[tracks["slot"]][:, None] - BODY_OF_SLOT[slots]) > 1] = 0.0
        long_lost = at_s - tracks["seen_s"] > config.keep_lost_s
        gains[long_lost[:, None] & (gains < config.least_iou_standing)] = 0.0
        return gains

    def _hit(self, tracks: Tracks, rows: Indices, at_s: float, boxes: Floats, scores: Floats, slots: Indices) -> None:
        """Enter into the tracks of these rows the detection that each was given."""
        hit = tracks[rows]
        hit["state"] = kalman.correct(hit["state"], boxes)
        hit["votes"][np.arange(len(hit)), slots] += scores
        hit["slot"] = self._vote(hit)
        hit["score"], hit["seen"], hit["seen_s"] = scores, True, at_s
        hit["hits"] += 1
        moved = _apart(kalman.boxes_of(hit["state"]), hit["anchor"]) > 0.3
        hit["anchor"][moved] = kalman.boxes_of(hit["state"][moved])
        hit["anchor_s"][moved] = at_s
        tracks[rows] = hit

    def _vote(self, tracks: Tracks) -> Indices:
        """The class of each: that with the largest sum of scores, but the holder yields only to a clear lead."""
        holder, best = tracks["slot"], tracks["votes"].argmax(axis=1)
        every = np.arange(len(tracks))
        leads = tracks["votes"][every, best] > self._config.class_lead * tracks["votes"][every, holder]
        return np.where(leads, best, holder)

    def _shown(self) -> list[Track]:
        """The confirmed tracks; whoever is confirmed now draws an id."""
        config, tracks = self._config, self._tracks
        sure = (tracks["hits"] >= config.confirm_hits) | (tracks["score"] >= config.confirm_score)
        for row in np.flatnonzero((tracks["id"] == 0) & sure):
            tracks["id"][row] = next(self._ids)
        shown = tracks[tracks["id"] > 0]
        columns = (
            shown["id"].tolist(),
            kalman.boxes_of(shown["state"]).tolist(),
            shown["slot"].tolist(),
            shown["score"].tolist(),
            shown["seen"].tolist(),
            shown["hits"].tolist(),
        )
        return [
            Track(number, Box(*box), CLASSES[slot], score, seen, hits)
            for number, box, slot, score, seen, hits in zip(*columns, strict=True)
        ]


def _road_users(detections: Detections, low_score: float) -> tuple[Floats, Floats, Indices]:
    slots = SLOT_OF_COCO[detections.classes]
    kept = (slots >= 0) & (detections.scores >= low_score)
    return detections.boxes[kept].astype(np.float64), detections.scores[kept].astype(np.float64), slots[kept]


def _associate(gains: Floats, rows: Indices, columns: Indices, least: float) -> tuple[Indices, Indices]:
    """Pairs of these rows and columns with the largest sum of gains above `least`."""
    picked_rows, picked_columns = assign(gains[np.ix_(rows, columns)] - least)
    return rows[picked_rows], columns[picked_columns]


def _begin(at_s: float, boxes: Floats, scores: Floats, slots: Indices) -> Tracks:
    tracks = np.zeros(len(boxes), TRACK)
    tracks["state"], tracks["anchor"] = kalman.begin(boxes), boxes
    tracks["votes"][np.arange(len(boxes)), slots] = scores
    tracks["slot"], tracks["score"], tracks["hits"], tracks["seen"] = slots, scores, 1, True
    tracks["seen_s"] = tracks["anchor_s"] = at_s
    return tracks


def _apart(boxes: Floats, others: Floats) -> Floats:
    """How far the centres of two boxes of a row lie apart, in sizes of the second (the larger of the two axes)."""
    size = np.maximum(others[:, 2:] - others[:, :2], kalman.SMALLEST_BOX)
    result: Floats = np.abs((boxes[:, :2] + boxes[:, 2:] - others[:, :2] - others[:, 2:]) / (2 * size)).max(axis=1)
    return result


def iou(boxes: Floats, others: Floats) -> Floats:
    """(n, m): intersection over union of every box (n, 4) with every other (m, 4)."""
    low = np.maximum(boxes[:, None, :2], others[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], others[None, :, 2:])
    shared = np.maximum(high - low, 0.0).prod(axis=2)
    area, other_area = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1), (others[:, 2:] - others[:, :2]).prod(axis=1)
    union = area[:, None] + other_area[None, :] - shared
    result: Floats = shared / np.maximum(union, kalman.SMALLEST_BOX**2)
    return result
