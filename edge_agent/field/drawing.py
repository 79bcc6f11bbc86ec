"""What the agent saw, drawn on the picture: lanes, count lines, boxes with ids and speeds, incidents in red."""

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from math import hypot
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.core.scene_format import SceneFile
from edge_agent.core.types import Box, Frame, IncidentReport, RoadUser
from event_contract.kinds import CAMERA_FAULTS, INCIDENT_KINDS

Pixels = NDArray[np.uint8]
Colour = tuple[int, int, int]  # BGR
Point = tuple[int, int]
Rectangle = tuple[int, int, int, int]  # left, top, right, bottom

LEAST_WIDTH_PX = 960  # small clips are enlarged so that labels can be read
GROUND_OPACITY = 0.7  # of what never moves; the road stays visible below it
CHEVRON_PX, CHEVRONS_EVERY_PX = 9, 60
HEADLINES = 8
FONT, SMALL, LARGE = cv2.FONT_HERSHEY_SIMPLEX, 0.45, 0.65
WHITE: Colour = (255, 255, 255)
DARK: Colour = (25, 25, 25)
ALARM: Colour = (50, 50, 225)
LANE: Colour = (245, 200, 90)
LINE: Colour = (60, 220, 250)
MASK: Colour = (120, 120, 120)
UNSEEN: Colour = (170, 170, 170)
COLOUR_OF_CLASS: dict[str, Colour] = {
    "car": (90, 200, 90), "motorcycle": (220, 170, 40), "bicycle": (220, 220, 60), "person": (200, 110, 220),
    "bus": (60, 170, 240), "truck": (60, 130, 220),
}  # fmt: skip
MOVING = ("wrong_way", "speeding", "slow_vehicle")  # where such a one was noticed is not where it is


class Mark(NamedTuple):
    """A line of normalised image points that is no part of the scene, with its label at its left end."""

    label: str
    points: Sequence[tuple[float, float]]
    colour: Colour


def too_small(cls: str, line: Sequence[tuple[float, float]]) -> Mark:
    """The line beyond which the detector recognises no such road user."""
    return Mark(f"{cls}s too small above", line, COLOUR_OF_CLASS[cls])


def media_time(frame: Frame) -> str:
    return f"{frame.at_s:.2f} s"


class Drawing:
    """Draws on enlarged copies of the frames; what never changes is drawn once."""

    def __init__(
        self, scene: SceneFile, width_px: int, height_px: int, marks: Sequence[Mark] = (),
        time_of: Callable[[Frame], str] = media_time,
    ) -> None:  # fmt: skip
        factor = max(1.0, LEAST_WIDTH_PX / width_px)
        self._time_of = time_of
        self.size_px = _even(width_px * factor), _even(height_px * factor)
        self._ground = self._of_scene(scene, marks, inked=False)
        self._bare = np.asarray(255 - self._of_scene(scene, marks, inked=True), np.uint8)

    def draw(self, frame: Frame, users: Iterable[RoadUser], incidents: Iterable[IncidentReport]) -> Pixels:
        picture: Pixels = np.asarray(cv2.resize(frame.pixels, self.size_px, interpolation=cv2.INTER_LINEAR), np.uint8)
        cv2.multiply(picture, self._bare, picture, 1 / 255)
        cv2.add(picture, self._ground, picture)
        open_now = sorted(incidents, key=lambda incident: incident.number)
        taken = self._headlines(picture, frame, open_now)
        number_of = {user.track.id: incident.number for incident in open_now for user in incident.road_users}
        seen = {user.track.id for user in users if user.track.seen}
        for incident in open_now:
            concerned = any(user.track.id in seen for user in incident.road_users)
            if incident.box is not None and incident.kind not in MOVING and not concerned:
                self._corners(picture, incident.box, ALARM)
                self._tag(picture, incident.box, f"#{incident.number}", WHITE, ALARM, taken)
        for user in sorted(users, key=lambda user: user.track.id in number_of):  # what alarms lies on top
            self._road_user(picture, user, number_of.get(user.track.id), taken)
        return picture

    def _headlines(self, picture: Pixels, frame: Frame, incidents: list[IncidentReport]) -> list[Rectangle]:
        """Camera and time, and below them the open incidents; gives the room that they take."""
        texts = [(f"{frame.camera}  {self._time_of(frame)}", DARK)]
        for incident in incidents[-HEADLINES:]:  # the newest
            reason = CAMERA_FAULTS.get(str(incident.detail.get("reason")))
            where = f"  lane {incident.lane}" if incident.lane else f": {reason.en}" if reason else ""
            texts.append((f"#{incident.number} {INCIDENT_KINDS[incident.kind].en}{where}", ALARM))
        if len(incidents) > HEADLINES:
            texts.append((f"and {len(incidents) - HEADLINES} more", ALARM))
        return [_text(picture, (10, 26 + 27 * row), text, WHITE, ground, LARGE) for row, (text, ground) in enumerate(texts)]

    def _road_user(self, picture: Pixels, user: RoadUser, incident: int | None, taken: list[Rectangle]) -> None:
        track = user.track
        if not track.seen:
            self._corners(picture, track.box, UNSEEN)
            return
        speed = "" if user.speed_kmh is None else f" {user.speed_kmh:.0f}+-{1.96 * (user.speed_se_kmh or 0):.0f}"
        text = f"{track.id} {track.cls}{speed}"
        left, top, right, bottom = self._rectangle(track.box)
        if incident is None:
            colour = COLOUR_OF_CLASS.get(track.cls, WHITE)
            cv2.rectangle(picture, (left, top), (right, bottom), colour, 2, cv2.LINE_AA)
            self._tag(picture, track.box, text, colour, DARK, taken)
        else:
            cv2.rectangle(picture, (left, top), (right, bottom), ALARM, 3, cv2.LINE_AA)
            self._tag(picture, track.box, f"#{incident}  {text}", WHITE, ALARM, taken)

    def _tag(
        self, picture: Pixels, box: Box, text: str, colour: Colour, ground: Colour, taken: list[Rectangle]
    ) -> None:
        """A label above its box, or below it, wherever no other one is yet; none if there is no room: boxes tell enough."""
        (width, height), _ = cv2.getTextSize(text, FONT, SMALL, 1)
        left, top, _, bottom = self._rectangle(box)
        left = max(2, min(left, self.size_px[0] - width - 4))
        for base in (top - 5, bottom + height + 5, top + height + 4):
            room = left - 3, base - height - 3, left + width + 3, base + 4
            inside = room[1] >= 0 and room[3] <= self.size_px[1]
            if inside and not any(_meet(room, other) for other in taken):
                taken.append(_text(picture, (left, base), text, colour, ground, SMALL))
                return

    def _corners(self, picture: Pixels, box: Box, colour: Colour) -> None:
        """A discreet box: where something is believed to be that is not seen."""
        left, top, right, bottom = self._rectangle(box)
        arm = max(3, min(right - left, bottom - top) // 5)
        for x, to_x in ((left, left + arm), (right, right - arm)):
            for y, to_y in ((top, top + arm), (bottom, bottom - arm)):
                cv2.line(picture, (x, y), (to_x, y), colour, 1, cv2.LINE_AA)
                cv2.line(picture, (x, y), (x, to_y), colour, 1, cv2.LINE_AA)

    def _of_scene(self, scene: SceneFile, marks: Sequence[Mark], *, inked: bool) -> Pixels:
        """Masks, lanes, count lines and marks on black; `inked`: how much of each pixel they cover instead."""

        def ink(colour: Colour) -> Colour:
            return WHITE if inked else colour

        canvas: Pixels = np.zeros((self.size_px[1], self.size_px[0], 3), np.uint8)
        for mask in scene.masks:
            cv2.polylines(canvas, [self._points(mask.polygon)], True, ink(MASK), 1, cv2.LINE_AA)
        for lane in scene.lanes:
            cv2.polylines(canvas, [self._points(lane.polygon)], True, ink(LANE), 1, cv2.LINE_AA)
            for chevron in _chevrons(self._points(lane.centreline).tolist(), lane.two_way):
                cv2.polylines(canvas, [chevron], False, ink(LANE), 2, cv2.LINE_AA)
        for line in scene.count_lines:
            cv2.polylines(canvas, [self._points(line.line)], False, ink(LINE), 2, cv2.LINE_AA)
        for mark in marks:
            cv2.polylines(canvas, [self._points(mark.points)], False, ink(mark.colour), 1, cv2.LINE_AA)
            if mark.label:
                at = self._points(mark.points)[0].tolist()
                _text(canvas, (max(4, at[0]), at[1] - 4), mark.label, ink(mark.colour), ink(DARK), SMALL)
        for lane in scene.lanes:
            _text(canvas, tuple(self._points(lane.centreline)[0].tolist()), lane.id, ink(LANE), ink(DARK), SMALL)
        for line in scene.count_lines:
            _text(canvas, tuple(self._points(line.line)[0].tolist()), line.id, ink(LINE), ink(DARK), SMALL)
        return np.asarray(canvas * GROUND_OPACITY, np.uint8)

    def _rectangle(self, box: Box) -> Rectangle:
        width, height = self.size_px
        return round(box.left * width), round(box.top * height), round(box.right * width), round(box.bottom * height)

    def _points(self, shape: Iterable[tuple[float, float]]) -> NDArray[np.int32]:
        return np.asarray(np.round(np.array([*shape]) * np.array(self.size_px)), np.int32)


def _text(picture: Pixels, at: Point, text: str, colour: Colour, ground: Colour, scale: float) -> Rectangle:
    """Text on a ground of its own, so that it can be read on any road; `at` is its lower left. Gives what it covers."""
    (width, height), _ = cv2.getTextSize(text, FONT, scale, 1)
    covered = at[0] - 3, at[1] - height - 3, at[0] + width + 3, at[1] + 4
    cv2.rectangle(picture, covered[:2], covered[2:], ground, cv2.FILLED)
    cv2.putText(picture, text, at, FONT, scale, colour, 1, cv2.LINE_AA)
    return covered


def _even(size_px: float) -> int:
    """Video codecs halve the picture for its colours."""
    return 2 * round(size_px / 2)


def _meet(a: Rectangle, b: Rectangle) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _chevrons(path: list[list[int]], two_way: bool) -> list[NDArray[np.int32]]:
    """Arrow heads along the centreline, in the legal direction; by turns both ways on a two-way lane."""
    heads: list[NDArray[np.int32]] = []
    left_px = CHEVRONS_EVERY_PX / 2
    for (ax, ay), (bx, by) in pairwise(path):
        length = hypot(bx - ax, by - ay)
        while left_px < length:
            ux, uy = (bx - ax) / length, (by - ay) / length
            x, y = ax + ux * left_px, ay + uy * left_px
            back = CHEVRON_PX if not two_way or len(heads) % 2 else -CHEVRON_PX
            wings = [(x - back * (ux + side * 0.6 * uy), y - back * (uy - side * 0.6 * ux)) for side in (1, -1)]
            heads.append(np.array([wings[0], (x, y), wings[1]], np.int32))
            left_px += CHEVRONS_EVERY_PX
        left_px -= length
    return heads
