"""Where road users stand, and since when: through occlusion, flicker and ID switches.

A place is made when a road user has hardly moved for a while, and lives on its own: tracks come and go, the place ends when
its road user is seen to leave or when it has been seen empty. "Hardly moved" means less than `MOVE_M` on the plane or less
than what a detector's boxes jitter by themselves: far away one pixel is metres of road.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from math import hypot

from edge_agent.core import geometry
from edge_agent.core.scene import metres
from edge_agent.core.types import Box, RoadUser

MOVE_M = 1.5
JITTER_PX, JITTER_SHARE = 1.5, 0.10  # two boxes of one standing vehicle differ by less (about three standard deviations)
SETTLE_S = 0.8  # a road user that has hardly moved for so long has a place
SMOOTHING_S = 0.3  # time constant of the smoothed contact point
EMPTY_S = 3.0
OCCLUDED = 0.25  # a place of which so much lies under another box cannot be seen
OCCLUDED_MAX_S = 60.0
TAKE_OVER_IOU = 0.3


@dataclass(slots=True)
class Place:
    """One standing road user. `seen_s` is for how long it was really seen since `since_s`; `box` is smoothed."""

    id: int
    user: RoadUser  # as last seen
    box: Box
    since_s: float
    last_seen_s: float
    seen_s: float = 0.0
    hidden_s: float = 0.0
    departed: bool = False

    @property
    def lane(self) -> str | None:
        return self.user.lane


@dataclass(slots=True)
class _Anchor:
    """Where one track has been since it last moved."""

    point: tuple[float, float]  # smoothed now
    anchor: tuple[float, float]
    since_s: float
    at_s: float
    place: Place | None = None


class Standing:
    """All places of one camera. `update` returns those that exist now, ended ones left out."""

    def __init__(self, width_px: int, height_px: int) -> None:
        self._size = (width_px, height_px)
        self._anchors: dict[int, _Anchor] = {}
        self._places: list[Place] = []
        self._ids: Iterator[int] = count(1)
        self._at_s: float | None = None

    def update(self, at_s: float, users: list[RoadUser]) -> list[Place]:
        elapsed = 0.0 if self._at_s is None else at_s - self._at_s
        self._at_s = at_s
        seen = [user for user in users if user.track.seen]
        for user in seen:
            self._follow(at_s, elapsed, user)
        for place in self._places:
            if place.last_seen_s < at_s:
                self._miss(at_s, elapsed, place, seen)
        self._places = [place for place in self._places if not place.departed]
        alive = {user.track.id for user in users}
        for gone in [number for number, anchor in self._anchors.items() if number not in alive and at_s - anchor.at_s > 1.0]:
            del self._anchors[gone]
        return self._places

    def _follow(self, at_s: float, elapsed: float, user: RoadUser) -> None:
        """Move one track's anchor, and make, keep, take over or leave its place."""
        anchor = self._anchors.get(user.track.id)
        if anchor is None:
            anchor = self._anchors[user.track.id] = _Anchor(user.point, user.point, at_s, at_s)
            self._take_over(anchor, user)
        weight = min(1.0, (at_s - anchor.at_s) / SMOOTHING_S) if at_s > anchor.at_s else 1.0
        anchor.point = (
            anchor.point[0] + weight * (user.point[0] - anchor.point[0]),
            anchor.point[1] + weight * (user.point[1] - anchor.point[1]),
        )
        anchor.at_s = at_s
        if self._moved(anchor, user):
            self._leave(anchor)
            anchor.anchor, anchor.since_s = anchor.point, at_s
        elif anchor.place is None and at_s - anchor.since_s >= SETTLE_S:
            self._settle(at_s, anchor, user)
        if anchor.place is not None:
            place = anchor.place
            place.user, place.last_seen_s, place.hidden_s = user, at_s, 0.0
            place.seen_s += elapsed
            place.box = Box(*(old + 0.1 * (new - old) for old, new in zip(place.box, user.track.box, strict=True)))

    def _moved(self, anchor: _Anchor, user: RoadUser) -> bool:
        dx, dy = anchor.point[0] - anchor.anchor[0], anchor.point[1] - anchor.anchor[1]
        height_px = (user.track.box.bottom - user.track.box.top) * self._size[1]
        if hypot(dx * self._size[0], dy * self._size[1]) < max(JITTER_PX, JITTER_SHARE * height_px):
            return False
        return hypot(*metres(user.scale, dx, dy)) >= MOVE_M

    def _take_over(self, anchor: _Anchor, user: RoadUser) -> None:
        """A new track that begins on a place whose road user is not seen now is that road user again."""
        for place in self._places:
            if place.last_seen_s < anchor.at_s and geometry.iou(place.box, user.track.box) >= TAKE_OVER_IOU:
                anchor.place = place
                anchor.anchor, anchor.since_s = place.box.contact, place.since_s
                return

    def _settle(self, at_s: float, anchor: _Anchor, user: RoadUser) -> None:
        held = [other.place for other in self._anchors.values() if other.place is not None and other.at_s == at_s]
        for place in self._places:
            if not any(place is other for other in held) and geometry.iou(place.box, user.track.box) >= TAKE_OVER_IOU:
                anchor.place, anchor.since_s = place, place.since_s
                return
        anchor.place = Place(next(self._ids), user, user.track.box, anchor.since_s, at_s, seen_s=at_s - anchor.since_s)
        self._places.append(anchor.place)

    def _leave(self, anchor: _Anchor) -> None:
        if anchor.place is not None:
            anchor.place.departed = True
            anchor.place = None

    def _miss(self, at_s: float, elapsed: float, place: Place, seen: list[RoadUser]) -> None:
        """The place's road user is not seen: hidden behind another one, or gone."""
        if any(geometry.covered(place.box, user.track.box) >= OCCLUDED for user in seen):
            place.hidden_s += elapsed
        if at_s - place.last_seen_s - place.hidden_s > EMPTY_S or place.hidden_s > OCCLUDED_MAX_S:
            place.departed = True
