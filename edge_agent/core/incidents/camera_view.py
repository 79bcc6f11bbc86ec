"""What is wrong with a camera's view at this moment, reading by reading. How long it must last stands in camera_fault.py."""

from collections import deque
from math import hypot
from statistics import median
from typing import Literal

from edge_agent.core.types import PictureReading

Verdict = Literal["black", "overexposed", "covered", "frozen", "blurred", "moved", "slipped", "unsure"]
BLACK = 28.0  # the brightest of such a picture; street lamps and head lamps are far above it
BURNT = 0.5
WASHED_OUT, GLARING = 100.0, 0.05  # nothing is dark, and so much is burnt: a night picture is never white as a whole
NOTHING = 4.0  # contrast of a picture in which there is nothing
STILL_S = 0.5
BLURRED = 0.72  # of the fine detail is left; night, rain and fog leave 0.92 and more
LOST = 6.0  # certainty below which the road is not found; unrelated pictures reach 4 to 5.5
FOUND = 7.0  # certainty with which a road that is found elsewhere is neither covered nor blurred
SLIP = 0.018  # of the width: wind and masts that bend in the sun stay within 0.013
SETTLED = 13  # readings, about four seconds
MOST = 0.7  # of them agree
Point = tuple[float, float]


class CameraView:
    """`judge` each reading. `shift` is where the picture has settled, in widths to the right and down; None: nowhere known."""

    def __init__(self, height_per_width: float, covered_share: float, small_move: float, registered: Point) -> None:
        self._tall, self._covered_share, self._small_move = height_per_width, covered_share, small_move
        self._places: deque[Point | None] = deque(maxlen=SETTLED)
        self.registered = registered
        self.shift: Point | None = None

    def judge(self, reading: PictureReading) -> Verdict | None:
        """The first that is true; "slipped": moved by little, "unsure": no picture to judge a road by, whatever it is."""
        blind = self._blind(reading)
        if blind is not None:
            self._places.clear()
        return blind or self._moved(reading)

    def follow(self) -> None:
        """The zones are moved to where the picture has settled; as they were drawn where that is as good as there."""
        if self.shift is not None:
            self.registered = self.shift if self.moved_by(self.shift) >= SLIP else (0.0, 0.0)
        self.forget()

    def forget(self) -> None:
        """The camera was away."""
        self._places.clear()

    def moved_by(self, place: Point) -> float:
        """How far the picture lies beside the scene as it was drawn, in its widths."""
        return hypot(place[0], place[1] * self._tall)

    def _blind(self, reading: PictureReading) -> Verdict | None:
        standing = reading.standing
        if reading.brightest < BLACK:
            return "black"
        if reading.burnt > BURNT or (reading.darkest > WASHED_OUT and reading.burnt > GLARING):
            return "overexposed"
        found = standing is not None and standing.certainty >= FOUND and self._is_elsewhere(standing.shift)
        if reading.contrast < NOTHING or (standing is not None and standing.flat >= self._covered_share and not found):
            return "covered"
        if reading.still_s >= STILL_S:
            return "frozen"
        if standing is not None and standing.detail < BLURRED and not found:
            return "blurred"
        return None

    def _moved(self, reading: PictureReading) -> Verdict | None:
        if reading.standing is None:
            return None
        place = None if reading.standing.certainty < LOST else reading.standing.shift
        self._places.append(place)
        self.shift = self._settled()
        if self.shift is not None:
            if self._from_registered(self.shift) < SLIP:
                return None
            return "slipped" if self.moved_by(self.shift) < self._small_move else "moved"
        if sum(map(self._is_elsewhere, self._places)) >= MOST * SETTLED:
            return "moved"
        return "unsure" if self._is_elsewhere(place) else None

    def _is_elsewhere(self, place: Point | None) -> bool:
        return place is None or self._from_registered(place) >= self._small_move

    def _settled(self) -> Point | None:
        """Where most of the last readings place the picture; None while they are few, or shaken, or the road is not found."""
        found = [place for place in self._places if place is not None]
        if len(found) < MOST * SETTLED:
            return None
        middle = median(x for x, _ in found), median(y for _, y in found)
        apart = median(hypot(x - middle[0], (y - middle[1]) * self._tall) for x, y in found)
        return middle if apart < max(SLIP / 3, self._from_registered(middle) / 4) else None

    def _from_registered(self, place: Point) -> float:
        return self.moved_by((place[0] - self.registered[0], place[1] - self.registered[1]))
