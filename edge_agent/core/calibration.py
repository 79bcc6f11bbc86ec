"""A homography from points that somebody clicked, and what his trembling hand makes of speeds.

The fit is the one that is most likely when clicks err by the same in all directions: it makes the residuals in the picture
small, where the clicks were made, not those on the road, where one pixel far away is worth metres. Hartley and Zisserman,
Multiple View Geometry, 2nd ed., 4.2 and 5.2.
"""

from dataclasses import dataclass
from math import hypot, sqrt

import numpy as np

from edge_agent.core.geometry import Array, Homography, fit_homography

CLICK_PX = 1.5  # how far off a click on a still is, in pixels of the reference resolution (standard deviation)
CLICK_WEIGHS = 2.0  # ... which counts like so many independent residuals
STEPS = 8
NEXT_TO_M = 0.25  # a derivative on the road is taken over so much
CELLS = 96  # the share is worked out once per cell of the picture
LOST = 1.0  # of a speed is uncertain where the road cannot be
SUSPICIOUS = 3.0  # standard errors: a residual beyond is a slip rather than a trembling hand


@dataclass(frozen=True, slots=True)
class Fit:
    """`homography` goes from normalised image points to metres. Of each pair: `residual_px` in the picture, `residual_m` on the
    road. `click_px`: how far off the clicks are, by what was expected and what is seen. `covariance` (9, 9): of the entries of
    `to_px`, the way back from metres to pixels."""

    homography: Homography
    residual_px: Array
    residual_m: Array
    click_px: float
    to_px: Array
    covariance: Array

    @property
    def rms_m(self) -> float:
        return self.homography.rms_m

    @property
    def rms_px(self) -> float:
        return float(np.sqrt(np.mean(self.residual_px**2)))

    def suspicious(self) -> list[int]:
        """The pairs that do not fit the others: one of both places is wrong. Of four pairs none can be told."""
        if len(self.residual_px) <= 4:
            return []
        usual = max(CLICK_PX, 1.4826 * float(np.median(self.residual_px)) / 1.18)  # of a distance in two dimensions
        return [int(pair) for pair in np.flatnonzero(self.residual_px > SUSPICIOUS * usual)]


def calibrate(image: Array, road_m: Array, size_px: tuple[int, int], click_px: float = CLICK_PX) -> Fit:
    """image (n, 2) normalised, road_m (n, 2), n >= 4. Raises ValueError when the points do not determine a plane."""
    first = fit_homography(image, road_m)
    pixels = image * np.array(size_px)
    scaled, units = _centred(road_m)
    to_px = np.diag([*size_px, 1.0]) @ np.linalg.inv(first.matrix) @ np.linalg.inv(units)
    to_px /= np.linalg.norm(to_px)
    for _ in range(STEPS):
        off, slopes = _off(to_px, scaled, pixels), _slopes(to_px, scaled)
        better = to_px - (np.linalg.pinv(slopes, rcond=1e-10) @ off.ravel()).reshape(3, 3)
        if not np.square(_off(better, scaled, pixels)).sum() < np.square(off).sum():
            break
        to_px = better / np.linalg.norm(better)
    off, slopes = _off(to_px, scaled, pixels), _slopes(to_px, scaled)
    free = max(0, off.size - 8)
    variance = (CLICK_WEIGHS * click_px**2 + float(np.square(off).sum())) / (CLICK_WEIGHS + free)
    spread = np.kron(np.eye(3), units.T)  # entries of to_px in scaled metres -> in metres
    covariance = variance * spread @ np.linalg.pinv(slopes.T @ slopes, rcond=1e-14, hermitian=True) @ spread.T
    to_px = to_px @ units
    homography = _back(to_px, image, road_m, size_px)
    residual_m = homography.road(image) - road_m
    return Fit(homography, np.hypot(*off.T), residual_m, sqrt(variance), to_px, covariance)


def _back(to_px: Array, image: Array, road_m: Array, size_px: tuple[int, int]) -> Homography:
    """Metres to pixels -> normalised image to metres, signed so that the pairs lie before the horizon."""
    matrix = np.linalg.inv(to_px) @ np.diag([*size_px, 1.0])
    matrix = matrix / (np.column_stack([image, np.ones(len(image))]) @ matrix[2]).mean()
    off_m = Homography(matrix, 0.0).road(image) - road_m
    return Homography(matrix, float(np.sqrt(np.mean(np.sum(off_m**2, axis=1)))))


class ScaleError:
    """By which share speeds may be off, one standard error, because the calibration is."""

    def __init__(self, fit: Fit, common: float = 0.0) -> None:
        """`common`: a share that all speeds have, and that the pairs do not show."""
        self._fit, self._common = fit, common
        self._cells: dict[tuple[int, int], tuple[float, ...]] = {}

    def share_at(self, x: float, y: float, ux: float, uy: float) -> float:
        """At a normalised image point, for who moves in the direction (ux, uy), a unit vector on the road."""
        cell = int(x * CELLS), int(y * CELLS)
        entries = self._cells.get(cell)
        if entries is None:
            entries = self._cells[cell] = self._at((cell[0] + 0.5) / CELLS, (cell[1] + 0.5) / CELLS)
        if not entries:
            return LOST
        a, b, c = ux * ux, ux * uy, uy * uy
        aa, ab, ac, bb, bc, cc = entries
        variance = a * a * aa + b * b * bb + c * c * cc + 2 * (a * b * ab + a * c * ac + b * c * bc)
        return hypot(sqrt(max(0.0, variance)), self._common)

    def _at(self, x: float, y: float) -> tuple[float, ...]:
        """How a distance on the road stretches with the clicks' errors: variances and covariances of its three shares (across,
        askew, along). Empty on or beyond the horizon."""
        place = self._fit.homography.road_at(x, y)
        if place is None:
            return ()
        across, along = (
            (self._moves(place, step) - self._moves(place, (-step[0], -step[1]))) / (2 * NEXT_TO_M)
            for step in ((NEXT_TO_M, 0.0), (0.0, NEXT_TO_M))
        )
        stretch = np.array([across[0], across[1] + along[0], along[1]])
        spread = stretch @ self._fit.covariance @ stretch.T
        return tuple(spread[np.triu_indices(3)].tolist())

    def _moves(self, place: tuple[float, float], step: tuple[float, float]) -> Array:
        """(2, 9): by how much the place beside `place` moves on the road with each entry of `to_px`."""
        here = np.array([[place[0] + step[0], place[1] + step[1]]])
        return np.asarray(np.linalg.solve(_stretch(self._fit.to_px, here[0]), -_slopes(self._fit.to_px, here)))


def _centred(road_m: Array) -> tuple[Array, Array]:
    """Metres around 0 and of about 1, and the matrix that makes them so."""
    middle, scale = road_m.mean(axis=0), 1 / max(float(np.std(road_m)), 1e-9)
    units = np.array([[scale, 0, -scale * middle[0]], [0, scale, -scale * middle[1]], [0, 0, 1]])
    return (road_m - middle) * scale, units


def _off(to_px: Array, road: Array, pixels: Array) -> Array:
    mapped = np.column_stack([road, np.ones(len(road))]) @ to_px.T
    return np.asarray(mapped[:, :2] / mapped[:, 2:] - pixels)


def _slopes(to_px: Array, road: Array) -> Array:
    """(2n, 9): derivatives of the pixels by the entries of the matrix, row by row."""
    points = np.column_stack([road, np.ones(len(road))])
    mapped = points @ to_px.T
    depth = mapped[:, 2:]
    slopes = np.zeros((len(road), 2, 9))
    slopes[:, 0, :3] = slopes[:, 1, 3:6] = points / depth
    slopes[:, :, 6:] = -(mapped[:, :2] / depth)[:, :, None] * (points / depth)[:, None, :]
    return slopes.reshape(-1, 9)


def _stretch(to_px: Array, place: Array) -> Array:
    """(2, 2): derivatives of the pixels by metres."""
    mapped = to_px @ np.array([*place, 1.0])
    pixel = mapped[:2] / mapped[2]
    return np.asarray((to_px[:2, :2] - np.outer(pixel, to_px[2, :2])) / mapped[2])
