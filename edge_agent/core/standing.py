"""Where vehicles stand, and since when: through occlusion, flicker and ID switches.

Two steps. A track that keeps still for a while makes a place. From then on the place is judged by itself, whichever track
is there: seen, hidden behind another road user, or empty. Still means within 1.5 m on the road, or within what a detector's
boxes wander by themselves where that is more: far away one pixel is metres of road. Boxes of standing vehicles wander by a
tenth of their height, as much in two seconds as in ten, so it takes time to tell standing from creeping.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from math import hypot

from edge_agent.core import geometry
from edge_agent.core.scene import Scale, metres
from edge_agent.core.types import Box, RoadUser

MOVE_M = 1.5
WANDER_PX, WANDER_SHARE = 1.5, 0.12  # of a standing vehicle's box (95 %), in pixels or box heights
SETTLE_S = 3.0  # a track that has kept still for so long makes a place; at long range creeping vehicles need it
STEADY_S = 0.8  # ... and for so long is the vehicle of the place that it is on
SEEN_SHARE = 0.3  # of the time, to be still rather than now and then there
GAP_S = 1.0  # a track unseen for longer may come back as another vehicle
SMOOTHING_S = 0.3  # time constant of a track's smoothed box
FOLLOW_S = 2.0  # of a place's: what inches along keeps its place, what drives off leaves it
EMPTY_S = 3.0
LEAST_SHARE = 0.25
SAME_IOU = 0.35
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
    hidden_s: float = 0.0
    empty_s: float = 0.0

    @property
    def lane(self) -> str | None:
        return self.user.lane

    @property
    def is_over(self) -> bool:
        """Seen empty, or hidden for too long. A vehicle that is seen in every third frame is missed for longer."""
        return self.empty_s * max(LEAST_SHARE, self.seen_share) > EMPTY_S or self.hidden_s > OCCLUDED_MAX_S

    @property
    def seen_share(self) -> float:
        return self.seen_s / max(self.last_seen_s - self.since_s, 1e-9)


@dataclass(slots=True)
class _Stay:
    """How long one track has kept still: its smoothed box now, and the contact point where it last stopped."""

    box: Box
    anchor: tuple[float, float]
    since_s: float
    at_s: float
    seen_s: float = 0.0
    has_place: bool = False

    @property
    def still_s(self) -> float:
        return self.at_s - self.since_s


class Standing:
    """All places of one camera. `update` returns those that exist now, ended ones left out."""

    def __init__(self, width_px: int, height_px: int) -> None:
        self._size = (width_px, height_px)
        self._stays: dict[int, _Stay] = {}
        self._places: list[Place] = []
        self._ids: Iterator[int] = count(1)
        self._at_s: float | None = None

    def update(self, at_s: float, users: list[RoadUser]) -> list[Place]:
        elapsed = 0.0 if self._at_s is None else min(at_s - self._at_s, GAP_S)  # without frames nothing is seen empty
        self._at_s = at_s
        # What is still, track by track.
        seen = [user for user in users if user.track.seen]
        stays = [self._follow(at_s, elapsed, user) for user in seen]
        steady = [
            (user, stay)
            for user, stay in zip(seen, stays, strict=True)
            if stay.still_s >= STEADY_S and user.track.cls != "person"
        ]
        # What is at every place.
        here = self._assigned([user for user, _ in steady])
        for place in self._places:
            self._look(at_s, elapsed, place, here.get(place.id), seen)
        self._places = [place for place in self._places if not place.is_over]
        # What has long been still, and nowhere yet, makes a place.
        for user, stay in steady:
            stay.has_place = stay.has_place or self._known(stay.box)
            if not stay.has_place and stay.still_s >= SETTLE_S and stay.seen_s >= SEEN_SHARE * stay.still_s:
                stay.has_place = True
                place = Place(next(self._ids), user, stay.box, stay.anchor, stay.since_s, at_s, stay.seen_s)
                self._places.append(place)
        for gone in [number for number, stay in self._stays.items() if at_s - stay.at_s > GAP_S]:
            del self._stays[gone]
        return self._places

    def _follow(self, at_s: float, elapsed: float, user: RoadUser) -> _Stay:
        box = user.track.box
        stay = self._stays.get(user.track.id)
        if stay is None or at_s - stay.at_s > GAP_S:
            stay = self._stays[user.track.id] = _Stay(box, box.contact, at_s, at_s)
            return stay
        stay.box = _towards(stay.box, box, (at_s - stay.at_s) / SMOOTHING_S)
        stay.at_s = at_s
        stay.seen_s += elapsed
        if self._moved(stay.anchor, stay.box, user.scale):
            stay.anchor, stay.since_s, stay.seen_s, stay.has_place = stay.box.contact, at_s, 0.0, False
        return stay

    def _moved(self, anchor: tuple[float, float], box: Box, scale: Scale) -> bool:
        """Whether the box has left the anchor, by more than boxes wander and by 1.5 m."""
        dx, dy = box.contact[0] - anchor[0], box.contact[1] - anchor[1]
        wander_px = max(WANDER_PX, WANDER_SHARE * (box.bottom - box.top) * self._size[1])
        return hypot(dx * self._size[0], dy * self._size[1]) >= wander_px and hypot(*metres(scale, dx, dy)) >= MOVE_M

    def _assigned(self, steady: list[RoadUser]) -> dict[int, RoadUser]:
        """Place id -> the road user there: one to one, the best overlaps first."""
        fits = [
            (overlap, place.id, index)
            for place in self._places
            for index, user in enumerate(steady)
            if (overlap := geometry.iou(place.box, user.track.box)) >= SAME_IOU
        ]
        here: dict[int, RoadUser] = {}
        taken: set[int] = set()
        for _, number, index in sorted(fits, reverse=True):
            if number not in here and index not in taken:
                here[number] = steady[index]
                taken.add(index)
        return here

    def _look(self, at_s: float, elapsed: float, place: Place, here: RoadUser | None, seen: list[RoadUser]) -> None:
        """Is the vehicle still there? Seen, hidden, or the place is empty."""
        if here is not None:
            place.user, place.last_seen_s, place.hidden_s, place.empty_s = here, at_s, 0.0, 0.0
            place.seen_s += elapsed
            place.box = _towards(place.box, here.track.box, elapsed / FOLLOW_S)
            if self._moved(place.anchor, place.box, here.scale):
                place.anchor, place.since_s, place.seen_s = place.box.contact, at_s, 0.0
        elif any(geometry.covered(place.box, user.track.box) >= OCCLUDED for user in seen):
            place.hidden_s += elapsed
        else:
            place.empty_s += elapsed

    def _known(self, box: Box) -> bool:
        return any(geometry.iou(place.box, box) >= SAME_IOU for place in self._places)


def _towards(old: Box, new: Box, share: float) -> Box:
    weight = min(1.0, share)
    return Box(*(a + weight * (b - a) for a, b in zip(old, new, strict=True)))
