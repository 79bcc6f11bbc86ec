"""What stands in the picture and did not stand there before: crates, branches, whatever fell; and vehicles that have stopped.

Edges are compared, not brightness: light, shadows that pass, headlights and a wet road hardly change where edges run. Each
pixel knows two of them: the road's, learnt within minutes, and a newcomer's, with the seconds for which it has been the same.
Traffic that passes over is neither. Where something has left, the edges that it hid are new and its own are gone: that is the
road.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.core.types import Box, Thing
from edge_agent.image_checks.small import Grey
from edge_agent.image_checks.structure import Plane, field_of

WIDTH_PX = 320  # of the picture, at most: a crate of 0.7 m where cars are 20 pixels of 640 is four of these wide
LEARN_S = 3.0  # of the first pictures make the road
ROAD_S = 10.0, 90.0  # ... which is learnt anew within as long as was watched, at least and at most so long
ABSORB_S = 150.0, 3600.0  # ... and where something stands
STEP_S = 2.0  # no more time stands behind one picture
EDGE = 0.33  # length of an edge that is one: 2 grey levels per pixel
OTHER = 0.3  # from the road's own edge
ALONG, ALIKE = 0.8, 0.6  # cosine and length: what runs like the road's own edge is that, in another light
SAME = 0.4  # from the newcomer's edge as it was
FROZEN_S, YOUNG_S = 1.0, 2.5  # the road does not learn a newcomer so old; a younger one is replaced by the next
GROWN_S, STANDS_S, OLDEST_S = 4.0, 8.0, 20.0
HIDDEN, EMPTY = 0.2, 1.5  # of the time counts against a newcomer while other edges are over it, and while there are none
SETTLE = 0.2  # of a newcomer's edge is learnt with each picture
LEAST_PX = 5
AROUND_PX = 5
GONE_S, GONE, LEFT = 4.0, 0.4, 0.6  # so many of the road's own edges gone, for one that is new: something has left
CROWD = 0.12  # of the picture new at once: the light has changed, not the road
JOIN = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))
Edges = NDArray[np.float32]  # (2, h, w): across and down


class Foreground:
    """`look` twice a second. `road` is what stands there always, to be kept over a restart."""

    def __init__(self, road: Edges | None = None) -> None:
        self.road: Edges = np.zeros((2, 0, 0), np.float32) if road is None else road
        self._watched_s = 0.0 if road is None else ABSORB_S[1]
        self._at_s: float | None = None
        self._begin()

    @property
    def is_learnt(self) -> bool:
        return self._watched_s >= LEARN_S

    def look(self, at_s: float, small: Grey, shift: tuple[float, float] = (0.0, 0.0)) -> tuple[Thing, ...] | None:
        """`shift`: how far the picture lies beside the road, in its pixels. None while the road is being learnt."""
        edges = _edges(small, shift)
        if edges.shape != self.road.shape:
            self.road, self._watched_s = edges.copy(), 0.0
            self._begin()
        step_s = 0.0 if self._at_s is None else min(max(at_s - self._at_s, 0.0), STEP_S)
        self._at_s = at_s
        known = self.is_learnt
        if known:
            self._compare(edges, step_s)
        self._learn(edges, step_s)
        return self._things(shift) if known else None

    def _begin(self) -> None:
        self._newcomer = np.zeros_like(self.road)
        self._age_s: Plane = np.zeros(self.road.shape[1:], np.float32)
        self._gone: Plane = np.zeros_like(self._age_s)
        self._covered = np.zeros(self._age_s.shape, np.bool_)  # by something: what lies under it is not to be seen

    def _compare(self, edges: Edges, step_s: float) -> None:
        """Where there is an edge that is not the road's, and whether it is the newcomer's as it was."""
        long, road_long = _length(edges), _length(self.road)
        along = edges[0] * self.road[0] + edges[1] * self.road[1] > ALONG * long * road_long
        other = (long > EDGE) & (_length(edges - self.road) > OTHER) & ~(along & (road_long > ALIKE * long))
        same = other & (_length(edges - self._newcomer) < SAME)
        strange, age = other & ~same, self._age_s
        age += np.where(same, np.float32(step_s), np.where(strange, np.float32(-HIDDEN * step_s), np.float32(-EMPTY * step_s)))
        new = strange & (age < YOUNG_S)
        np.copyto(self._newcomer, edges, where=new)
        age[new] = 0.0
        np.clip(age, 0.0, OLDEST_S, out=age)
        self._newcomer += np.float32(SETTLE) * same * (edges - self._newcomer)
        gone = (road_long > EDGE) & ~(along & (long > road_long / 2))
        self._gone += np.float32(min(1.0, step_s / GONE_S)) * (gone - self._gone)

    def _learn(self, edges: Edges, step_s: float) -> None:
        """Quickly in the beginning; what stands there as a newcomer is learnt last, with the plain parts of it."""
        self._watched_s += step_s
        watched_s = max(self._watched_s, step_s, 1e-6)
        if watched_s < LEARN_S:
            self.road += np.float32(step_s / watched_s) * (edges - self.road)
            return
        quick, slow = (step_s / min(max(watched_s, least_s), most_s) for least_s, most_s in (ROAD_S, ABSORB_S))
        seen = (self._age_s < FROZEN_S) & ~self._covered
        self.road += np.where(seen, np.float32(quick), np.float32(slow)) * (edges - self.road)

    def _things(self, shift: tuple[float, float]) -> tuple[Thing, ...]:
        stands, grown = self._age_s >= STANDS_S, self._age_s >= GROWN_S
        self._covered[:] = False
        if not grown.any() or np.count_nonzero(grown) > CROWD * grown.size:
            return ()
        joined = cv2.dilate(grown.view(np.uint8), JOIN)
        count, labels, extents, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
        for left, top, wide, tall, _ in extents[1:].tolist():
            self._covered[top : top + tall, left : left + wide] = True
        sure = np.bincount(labels[stands], minlength=count)
        gone = (self._gone > GONE) & ~grown
        rows, columns = np.nonzero(grown)
        of, strong = labels[rows, columns], _length(self._newcomer)
        things = []
        for number in np.flatnonzero(sure[1:] >= LEAST_PX) + 1:
            its = of == number
            where = rows[its], columns[its]
            if np.count_nonzero(gone[_around(where)]) > LEFT * len(where[0]):
                self._uncover(where)
            else:
                box = _box(where, shift, stands.shape)
                stands_s = float(np.percentile(self._age_s[where], 75))
                things.append(Thing(box, round(stands_s, 1), round(float(strong[where].mean()), 2)))
        return tuple(things)

    def _uncover(self, where: tuple[NDArray[np.int64], NDArray[np.int64]]) -> None:
        self.road[:, *where] = self._newcomer[:, *where]
        self._age_s[where] = 0.0


def _edges(small: Grey, shift: tuple[float, float]) -> Edges:
    """The picture's, as they would lie on the road's."""
    field, _ = field_of(small.astype(np.float32))
    if max(map(abs, shift)) >= 0.2:
        move, how = np.array([[1, 0, shift[0]], [0, 1, shift[1]]], np.float32), cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        moved = cv2.warpAffine(field, move, field.shape[1::-1], flags=how, borderMode=cv2.BORDER_REPLICATE)
        field = np.asarray(moved, np.float32)
    return np.array(cv2.split(field), np.float32)


def _length(edges: Edges) -> Plane:
    return np.asarray(cv2.magnitude(edges[0], edges[1]), np.float32)


def _around(where: tuple[NDArray[np.int64], NDArray[np.int64]]) -> tuple[slice, ...]:
    return tuple(slice(max(0, int(along.min()) - AROUND_PX), int(along.max()) + AROUND_PX + 1) for along in where)


def _box(where: tuple[NDArray[np.int64], NDArray[np.int64]], shift: tuple[float, float], shape: tuple[int, ...]) -> Box:
    (rows, columns), (height, width) = where, shape
    x, y = columns + shift[0], rows + shift[1]
    sides = x.min() / width, y.min() / height, (x.max() + 1) / width, (y.max() + 1) / height
    return Box(*(min(1.0, max(0.0, float(side))) for side in sides))
