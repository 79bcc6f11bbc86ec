"""One camera's pictures, looked at a few times a second: is this camera still looking at its road?"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.core.types import PictureReading, StandingView, Thing
from edge_agent.image_checks.foreground import WIDTH_PX, Foreground
from edge_agent.image_checks.reference import Comparison, Reference
from edge_agent.image_checks.small import Grey, Polygon, small_picture
from edge_agent.image_checks.structure import Structure, structure_of

EVERY_S = 0.3
THINGS_EVERY_S = 0.5
ABSENT_S = 2.0  # after so long without a picture the next one is compared with nothing
SAME_MEAN, SAME_MOST = 0.12, 8  # grey levels by which one and the same picture differs, encoded twice
WHITE = 245
RENEW_EVERY_S, FIRST_LOOKS = 3.0, 60  # a reference ripens with every one of its first looks
UNSEEN_CONTRAST = 4.0  # standard deviation of a picture in which there is nothing
PLACED, PLACED_PX = 7.0, 1.5  # certainty and distance of a shift that says: this is the same view
UNHURT_FLAT, UNHURT_DETAIL = 0.2, 0.8


class PictureCheck:
    """`look` at every picture; most cost nothing. `reference` is what stands there, `foreground` knows the road itself: both to
    be kept over a restart."""

    def __init__(
        self, masks: Sequence[Polygon] = (), reference: Reference | None = None, foreground: Foreground | None = None
    ) -> None:
        self.reference, self.foreground = reference or Reference(), foreground or Foreground()
        self._masks = masks
        self._due_s = self._last_s = self._since_s = self._renewed_s = self._things_s = float("-inf")
        self._first: Grey | None = None  # of the pictures that have been the same since

    def look(self, at_s: float, pixels: NDArray[np.uint8]) -> PictureReading | None:
        """BGR (h, w, 3); None between two checks."""
        if self._last_s <= at_s < self._due_s:
            return None
        self._due_s = at_s + EVERY_S
        small = small_picture(pixels, self._masks)
        still_s = self._still_s(at_s, small)
        contrast = cv2.meanStdDev(small)[1].item()
        structure = structure_of(small)
        standing = self._compared(at_s, structure, still_s, contrast)
        things = None if standing is None or still_s > 0 else self._things(at_s, pixels, standing)
        return PictureReading(*_levels(small), contrast, still_s, standing, things)

    def _things(self, at_s: float, pixels: NDArray[np.uint8], view: StandingView) -> tuple[Thing, ...] | None:
        """None where it is not sure that this is the road, and where on it every pixel lies."""
        early = 0 <= at_s - self._things_s < THINGS_EVERY_S
        if early or view.certainty < PLACED or view.flat > UNHURT_FLAT or view.detail < UNHURT_DETAIL:
            return None
        self._things_s = at_s
        small = small_picture(pixels, self._masks, WIDTH_PX)
        height, width = small.shape
        return self.foreground.look(at_s, small, (view.shift[0] * width, view.shift[1] * height))

    def _still_s(self, at_s: float, small: Grey) -> float:
        """For how long the picture has been the same. It is held against the first of them, so that slow changes count."""
        absent, self._last_s = at_s - self._last_s > ABSENT_S, at_s
        if self._first is None or absent or self._first.shape != small.shape or _differ(self._first, small):
            self._first, self._since_s = small, at_s
        return at_s - self._since_s

    def _compared(self, at_s: float, structure: Structure, still_s: float, contrast: float) -> StandingView | None:
        known = self.reference
        if not known.is_learnt or not known.fits(structure):
            if still_s == 0 and contrast > UNSEEN_CONTRAST:
                known.add(structure)
            return None
        found = known.compare(structure)
        self._renew(at_s, structure, found, still_s)
        height, width = structure.steepness.shape
        shift = found.shift.x_px / width, found.shift.y_px / height
        return StandingView(found.flat, found.detail, shift, found.shift.certainty)

    def _renew(self, at_s: float, structure: Structure, found: Comparison, still_s: float) -> None:
        """Light and seasons change; a camera that is hurt, or looks elsewhere, teaches nothing."""
        shift, since_s = found.shift, at_s - self._renewed_s
        ripe = self.reference.looks >= FIRST_LOOKS
        placed = shift.certainty >= PLACED and abs(shift.x_px) < PLACED_PX and abs(shift.y_px) < PLACED_PX
        hurt = found.flat > UNHURT_FLAT or found.detail < UNHURT_DETAIL or still_s > 0
        if placed and not hurt and not (ripe and 0 <= since_s < RENEW_EVERY_S):
            self.reference.renew(structure, shift, min(max(since_s, 0.0), RENEW_EVERY_S))
            self._renewed_s = at_s


def _levels(small: Grey) -> tuple[float, float, float]:
    """The brightest and the darkest level, and the share that is white. Masks are black, and count as neither."""
    levels = np.cumsum(cv2.calcHist([small], [0], None, [256], [0, 256]))
    seen = levels - levels[0]
    bright, dark = np.searchsorted(levels, 0.99 * small.size), np.searchsorted(seen, 0.01 * seen[-1], side="right")
    return float(bright), float(dark), 1.0 - float(levels[WHITE - 1]) / small.size


def _differ(one: Grey, other: Grey) -> bool:
    difference = cv2.absdiff(one, other)
    return cv2.mean(difference)[0] > SAME_MEAN or cv2.minMaxLoc(difference)[1] > SAME_MOST
