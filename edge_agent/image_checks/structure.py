"""Where the edges of a picture run, without how bright it is; and how far two such pictures are shifted against one another.

Orientation correlation (Fitch, Kadyrov, Christmas, Kittler, BMVC 2002): a day picture and a night picture of the same road
agree, though none of their brightnesses does. A soft weight instead of unit vectors keeps the sensor's noise down.
"""

from bisect import bisect_right
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.image_checks.small import Grey

Field = NDArray[np.float32]  # (h, w, 2): direction of the brightness gradient, its length 0..1
Plane = NDArray[np.float32]  # (h, w)
QUICK = sorted(2**a * 3**b * 5**c for a in range(9) for b in range(6) for c in range(4))  # sizes of a quick transform
SOFT = 4.0  # grey levels per pixel: an edge of this steepness counts half


@dataclass(frozen=True, slots=True)
class Structure:
    """`steepness` is the gradient in grey levels per pixel, `detail` the fine part of it, which blur takes away first."""

    field: Field
    steepness: Plane
    detail: Plane


def structure_of(small: Grey) -> Structure:
    grey = small.astype(np.float32)
    field, steepness = field_of(grey)
    return Structure(field, steepness, np.abs(_plane(cv2.Laplacian(grey, cv2.CV_32F))))


def field_of(grey: Plane) -> tuple[Field, Plane]:
    """And how steep it is."""
    across = cv2.Sobel(grey, cv2.CV_32F, 1, 0, ksize=3, scale=1 / 8)
    down = cv2.Sobel(grey, cv2.CV_32F, 0, 1, ksize=3, scale=1 / 8)
    steepness = cv2.magnitude(across, down)
    soft = 1 / (steepness + SOFT)
    return _plane(cv2.merge((across * soft, down * soft))), _plane(steepness)


def length(field: Field) -> Plane:
    return _plane(cv2.magnitude(field[..., 0], field[..., 1]))


def spectrum(field: Field) -> Field:
    """Of as much of it as is quickly transformed, from the upper left corner."""
    height, width = (QUICK[bisect_right(QUICK, size) - 1] for size in field.shape[:2])
    return _plane(cv2.dft(field[:height, :width]))


@dataclass(frozen=True, slots=True)
class Shift:
    """How far a picture lies beside another one, in pixels: to the right, and down. `certainty`: by how many standard
    deviations the best place stands out of all places; 4 to 5 is what unrelated pictures reach, 7 to 40 the same road."""

    x_px: float
    y_px: float
    certainty: float


def shift_of(known: Field, now: Field) -> Shift:
    """Of the picture with the spectrum `now` against the one with the spectrum `known`, to a tenth of a pixel."""
    surface = cv2.idft(cv2.mulSpectrums(now, known, 0, conjB=True), flags=cv2.DFT_SCALE)[..., 0]
    _, best, _, (x, y) = cv2.minMaxLoc(surface)
    height, width = surface.shape
    spread = cv2.meanStdDev(surface)[1].item()
    fine_x = x + _between(surface[y, x - 1], best, surface[y, (x + 1) % width])
    fine_y = y + _between(surface[y - 1, x], best, surface[(y + 1) % height, x])
    return Shift(_signed(fine_x, width), _signed(fine_y, height), best / spread if spread > 0 else 0.0)


def _between(before: float, best: float, after: float) -> float:
    """Where the parabola through three neighbours has its peak, from the middle one."""
    bend = float(before) - 2 * best + float(after)
    return 0.0 if bend >= 0 else (float(before) - float(after)) / (2 * bend)


def _signed(place: float, size: int) -> float:
    return place - size if place > size / 2 else place


def _plane(array: object) -> NDArray[np.float32]:
    return np.asarray(array, np.float32)
