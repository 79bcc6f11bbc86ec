"""Where vehicles stand, and since when: through occlusion, flicker and ID switches.

Two steps. A track that keeps still for a while makes a place. From then on the place is judged by itself, whichever track
is there: seen, hidden behind another road user, or empty. Still means within 1.5 m on the road, or within what a detector's
boxes wander by themselves where that is more: far away one pixel is metres of road. Boxes of standing vehicles wander by a
tenth of their height, as much in two seconds as in ten, so it takes time to tell standing from creeping; the less sure the
detector is, the longer.

A place goes along with a vehicle that creeps on: what breaks down in fast traffic rolls, stands and rolls again. Where creeping
is a danger of its own, who creeps has a place before it stands.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from math import hypot
from typing import NamedTuple

from edge_agent.core import geometry
from edge_agent.core.scene import Scale, metres
from edge_agent.core.types import Box, RoadUser

MOVE_M = 1.5
WANDER_PX, WANDER_SHARE = 1.5, 0.12  # of a standing vehicle's box (95 %), in pixels or box heights
SETTLE_S = 3.0  # a track that has kept still for so long makes a place; at long range creeping vehicles need it
SURE_S = 1.5  # ... and so long when the score of each detection counts as its share of the time
STEADY_S = 0.8  # ... and for so long is the vehicle of the place that it is on
SEEN_SHARE = 0.3  # of the time, to be still rather than now and then there
GAP_S = 1.0  # a track unseen for longer may come back as another vehicle
SMOOTHING_S = 0.3  # time constant of a track's smoothed box
FOLLOW_S = 1.0  # of a place's: what creeps along keeps its place, what drives off leaves it
STEP_S = 2.0  # a creeping vehicle's pace is taken over so long
EMPTY_S = 3.0
LEAST_SHARE = 0.25
SMALL_PX, SMALL_AT_MOST = 30.0, 3.0  # what is lower than this flickers: its place must be empty longer, at most three times
SAME_IOU = 0.35
SAME_SPOT_IOU = 0.6  # ... of a track that cannot be the place's own vehicle unless ids were switched
OCCLUDED = 0.25  # a place of which so much lies under another box cannot be seen
OCCLUDED_MAX_S = 60.0


@dataclass(slots=True)
class Place:
    """One standing vehicle. `seen_s` is for how long it was really seen since `since_s`."""

    id: int
    user: RoadUser  # as last seen
    box: Box
    anchor: tuple[float, float]  # the contact point at since_s
    since_s: float
    last_seen_s: float
    seen_s: float
    crawls_since_s: float | None = None  # where that is a danger
    hidden_s: float = 0.0
    empty_s: float = 0.0
    lanes: Counter[str | None] = field(default_factory=Counter)  # where it was seen, in frames

    @property
    def lane(self) -> str | None:
        """The lane that it was seen on most: beside the kerb a trembling box is now on the lane and now off it."""
        return max(self.lanes, key=self.lanes.__getitem__, default=self.user.lane)

    def stands(self, at_s: float) -> bool:
        """False while its vehicle creeps."""
        return at_s - self.since_s >= STEADY_S

    @property
    def seen_share(self) -> float:
        return self.seen_s / max(self.last_seen_s - self.since_s, 1e-9)


@dataclass(slots=True)
class _Stay:
    """How long one track has kept still: its smoothed box now, and the contact point where it last stopped.

    `step_s` and `step` say when and where its present step began, `creeps_since_s` since when no step was too long.
    """

    began_s: float
    first: Box
    box: Box
    at_s: float
    anchor: tuple[float, float]
    since_s: float
    step: tuple[float, float]
    step_s: float
    creeps_since_s: float
    seen_s: float = 0.0
    sure_s: float = 0.0
    has_place: bool = False
    came_driving: bool = False

    @property
    def settled(self) -> bool:
        still_s = self.at_s - self.since_s
        return still_s >= SETTLE_S and self.seen_s >= SEEN_SHARE * still_s and self.sure_s >= SURE_S


class _Seen(NamedTuple):
    user: RoadUser
    stay: _Stay

    def owns(self, place: Place) -> bool:
        return self.user.track.id == place.user.track.id

    def crept_from(self, place: Place) -> bool:
        """Whether this is the place's own track, and all that it did since it was there is to creep."""
        return self.owns(place) and self.stay.creeps_since_s <= place.last_seen_s

    def lies_on(self, place: Place) -> bool:
        """Whether this can be the place's vehicle. A track that came driving, or was in view beside it, can hardly be."""
        other = self.stay.came_driving or self.stay.began_s <= place.last_seen_s
        least = SAME_SPOT_IOU if other and not self.owns(place) else SAME_IOU
        return geometry.iou(place.box, self.stay.box) >= least


class Standing:
    """All places of one camera. `update` returns those that exist now, ended ones left out."""

    def __init__(self, width_px: int, height_px: int) -> None:
        self._size = (width_px, height_px)
        self._stays: dict[int, _Stay] = {}
        self._places: list[Place] = []
        self._ids: Iterator[int] = count(1)
        self._at_s: float | None = None

    def update(
        self,
        at_s: float,
        users: list[RoadUser],
        creep_kmh: Mapping[str, float] | None = None,
        crawling: Mapping[int, float] | None = None,
    ) -> list[Place]:
        """`creep_kmh`: by lane, the pace up to which a vehicle that stood has not driven off; 0 where none is given.
        `crawling`: by track, since when it crawls where that is a danger."""
        elapsed = 0.0 if self._at_s is None else min(at_s - self._at_s, GAP_S)  # without frames nothing is seen empty
        self._at_s = at_s
        creep, crawls = creep_kmh or {}, crawling or {}
        # What is still, track by track.
        seen = [user for user in users if user.track.seen]
        stays = [self._follow(at_s, elapsed, user, creep.get(user.lane or "", 0.0) / 3.6) for user in seen]
        steady = [
            _Seen(user, stay)
            for user, stay in zip(seen, stays, strict=True)
            if at_s - stay.creeps_since_s >= STEADY_S and user.track.cls != "person"
        ]
        # What is at every place.
        here = self._assigned(steady)
        for place in self._places:
            self._look(at_s, elapsed, place, here.get(place.id), seen)
        self._places = [place for place in self._places if not self._is_over(place)]
        for place in self._places:
            if place.crawls_since_s is None and place.last_seen_s == at_s:
                place.crawls_since_s = crawls.get(place.user.track.id)
        # What has long been still, or crawls, and is nowhere yet, makes a place.
        for one in steady:
            user, stay = one
            stay.has_place = stay.has_place or any(one.lies_on(place) for place in self._places)
            crawls_since_s = crawls.get(user.track.id)
            if (stay.settled or crawls_since_s is not None) and not stay.has_place:
                stay.has_place = True
                place = Place(
                    next(self._ids), user, stay.box, stay.anchor, stay.since_s, at_s, stay.seen_s, crawls_since_s
                )
                self._places.append(place)
        for gone in [number for number, stay in self._stays.items() if at_s - stay.at_s > GAP_S]:
            del self._stays[gone]
        return self._places

    def _follow(self, at_s: float, elapsed: float, user: RoadUser, creep_m_s: float) -> _Stay:
        box, contact = user.track.box, user.track.box.contact
        stay = self._stays.get(user.track.id)
        if stay is None or at_s - stay.at_s > GAP_S:
            stay = self._stays[user.track.id] = _Stay(at_s, box, box, at_s, contact, at_s, contact, at_s, at_s)
            return stay
        stay.box = _towards(stay.box, box, (at_s - stay.at_s) / SMOOTHING_S)
        stay.at_s = at_s
        stay.seen_s += elapsed
        stay.sure_s += elapsed * user.track.score
        stay.came_driving = stay.came_driving or geometry.iou(stay.first, stay.box) < SAME_IOU
        if self._moved(stay.anchor, stay.box, user.scale):
            stay.anchor, stay.since_s, stay.seen_s, stay.sure_s, stay.has_place = stay.box.contact, at_s, 0.0, 0.0, False
        if self._moved(stay.step, stay.box, user.scale, creep_m_s * (at_s - stay.step_s)):
            stay.step, stay.step_s, stay.creeps_since_s = stay.box.contact, at_s, at_s
        elif at_s - stay.step_s >= STEP_S:
            stay.step, stay.step_s = stay.box.contact, at_s
        return stay

    def _moved(self, anchor: tuple[float, float], box: Box, scale: Scale, further_m: float = 0.0) -> bool:
        """Whether the box has left the anchor, by more than boxes wander and by 1.5 m, and by `further_m` on top of that."""
        dx, dy = box.contact[0] - anchor[0], box.contact[1] - anchor[1]
        moved_px = hypot(dx * self._size[0], dy * self._size[1])
        wander_px = max(WANDER_PX, WANDER_SHARE * (box.bottom - box.top) * self._size[1])
        if moved_px < wander_px:
            return False
        moved_m = hypot(*metres(scale, dx, dy))
        return moved_m >= MOVE_M and moved_m >= max(MOVE_M, moved_m * wander_px / moved_px) + further_m

    def _assigned(self, steady: list[_Seen]) -> dict[int, RoadUser]:
        """Place id -> the road user there: one to one, its own track first, then the best overlaps."""
        fits = []
        for place in self._places:
            for index, one in enumerate(steady):
                crept = one.crept_from(place)
                if crept or one.lies_on(place):
                    fits.append((crept, geometry.iou(place.box, one.stay.box), place.id, index))
        here: dict[int, RoadUser] = {}
        taken: set[int] = set()
        for _, _, number, index in sorted(fits, reverse=True):
            if number not in here and index not in taken:
                here[number] = steady[index].user
                taken.add(index)
        return here

    def _look(self, at_s: float, elapsed: float, place: Place, here: RoadUser | None, seen: list[RoadUser]) -> None:
        """Is the vehicle still there? Seen, hidden, or the place is empty."""
        if here is not None:
            place.user, place.last_seen_s, place.hidden_s, place.empty_s = here, at_s, 0.0, 0.0
            place.seen_s += elapsed
            place.lanes[here.lane] += 1
            place.box = _towards(place.box, here.track.box, elapsed / FOLLOW_S)
            if self._moved(place.anchor, place.box, here.scale):
                place.anchor, place.since_s, place.seen_s = place.box.contact, at_s, 0.0
        elif any(geometry.covered(place.box, user.track.box) >= OCCLUDED for user in seen):
            place.hidden_s += elapsed
        else:
            place.empty_s += elapsed

    def _is_over(self, place: Place) -> bool:
        """Seen empty, or hidden for too long. What is small, or seen in every third frame, is missed for longer."""
        tall_px = (place.box.bottom - place.box.top) * self._size[1]
        patience = min(SMALL_AT_MOST, max(1.0, SMALL_PX / max(tall_px, 1.0)))
        empty_s = place.empty_s * max(LEAST_SHARE, place.seen_share) / patience
        return empty_s > EMPTY_S or place.hidden_s > OCCLUDED_MAX_S


def _towards(old: Box, new: Box, share: float) -> Box:
    weight = min(1.0, share)
    return Box(*(a + weight * (b - a) for a, b in zip(old, new, strict=True)))
