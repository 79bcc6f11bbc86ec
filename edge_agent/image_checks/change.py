"""Has anything changed on the road since the detector last looked? A small grey picture tells, for a hundredth of the work.

Each place is held against what changes there anyway: the sensor's noise, rain, leaves, a road that trembles with its mast.
Light that changes everywhere at once is no change. Against the picture that was looked at last, not against the one before:
what creeps has gone a step that can be seen sooner or later.
"""

from collections.abc import Iterable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.image_checks.small import Grey, Polygon, small_picture

Plane = NDArray[np.float32]
MARGIN = 0.03  # of the width: who is about to come onto the road counts, and the picture may have moved by so much
BLUR_PX = 3
USUAL_SHARE = 0.95  # of the frames stay below what is usual at a place
STEP, STEP_PLACES = 0.25, 0.5  # by which what is usual is learnt, in grey levels and in places
USUAL, FIRST_USUAL = (0.5, 8.0), 2.0  # grey levels; what changes more than that all the time stays a change
TIMES_USUAL, LEAST = 2.5, 3.0  # a place has changed by more than its usual, and by so many grey levels at least
LEAST_PLACES, USUAL_PLACES = 3, 10.0  # more places than usual, of which no more than so many are usual


class ChangeCheck:
    """One camera's. `has_changed` at every picture; `mark` when the detector looks at the last one."""

    def __init__(self, zones: Sequence[Polygon], masks: Iterable[Polygon] = ()) -> None:
        """`zones`: where to look; without any, everywhere."""
        self._zones, self._masks = zones, tuple(masks)
        self._now: Plane | None = None
        self._marked: Plane | None = None
        self._watched: Grey | None = None
        self._usual: Plane | None = None
        self._usual_places = 0.0

    def has_changed(self, pixels: NDArray[np.uint8]) -> bool:
        """BGR (h, w, 3). True until the first `mark`, and whenever the size is another."""
        small = small_picture(pixels, self._masks)
        self._now = np.asarray(cv2.boxFilter(small, cv2.CV_32F, (BLUR_PX, BLUR_PX)), np.float32)
        if self._marked is None or self._marked.shape != small.shape or self._usual is None or self._watched is None:
            return True
        step = self._now - self._marked
        step = np.abs(step - cv2.mean(step, self._watched)[0])
        changed = (step > np.maximum(TIMES_USUAL * self._usual, LEAST)) & (self._watched > 0)
        self._usual += np.where(step > self._usual, STEP * USUAL_SHARE, STEP * (USUAL_SHARE - 1)).astype(np.float32)
        np.clip(self._usual, *USUAL, out=self._usual)
        return self._is_unusual(int(np.count_nonzero(changed)))

    def mark(self) -> None:
        """What was asked about last is what the next pictures are held against."""
        if self._now is None:
            return
        if self._watched is None or self._watched.shape != self._now.shape:
            self._watched = _watched(self._zones, self._now.shape)
            self._usual, self._usual_places = np.full(self._now.shape, FIRST_USUAL, np.float32), 0.0
        self._marked = self._now

    def _is_unusual(self, places: int) -> bool:
        unusual = places >= self._usual_places + LEAST_PLACES
        step = STEP_PLACES * (USUAL_SHARE if places > self._usual_places else USUAL_SHARE - 1)
        self._usual_places = min(max(self._usual_places + step, 0.0), USUAL_PLACES)
        return unusual


def _watched(zones: Sequence[Polygon], shape: tuple[int, ...]) -> Grey:
    """1 in the zones and up to MARGIN around them."""
    if not zones:
        return np.ones(shape, np.uint8)
    watched = np.zeros(shape, np.uint8)
    for zone in zones:
        cv2.fillPoly(watched, [np.round(np.array(zone) * shape[::-1]).astype(np.int32)], 1)
    side = 2 * round(MARGIN * shape[1]) + 1
    return np.asarray(cv2.dilate(watched, np.ones((side, side), np.uint8)), np.uint8)
