"""Plane geometry: polygons, homography, boxes. Image coordinates are normalised, the road plane is in metres."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
HORIZON = 1e-9  # a point's weight in the homography; the pairs' mean is 1


def polygon_area(polygon: Array) -> float:
    """Shoelace area of (k, 2) vertices, always positive."""
    x, y = polygon[:, 0], polygon[:, 1]
    return abs(float(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1)))) / 2


class Polygons:
    """Several polygons of any shape, asked at once which points they hold."""

    def __init__(self, polygons: Sequence[Array]) -> None:
        corners = max((len(polygon) for polygon in polygons), default=1)
        # a corner repeated makes an edge without length, which nothing crosses
        padded = [[*polygon, *[polygon[-1]] * (corners - len(polygon))] for polygon in polygons]
        here = np.array(padded).reshape(-1, 1, corners, 2)
        there = np.roll(here, -1, axis=2)
        self._x, self._y, self._next_y = here[..., 0], here[..., 1], there[..., 1]
        rise = there[..., 1] - here[..., 1]
        self._slope = (there[..., 0] - here[..., 0]) / np.where(rise == 0, 1.0, rise)

    def hold(self, points: Array) -> NDArray[np.bool_]:
        """(polygons, n): which of the (n, 2) points lie in which; even-odd rule, the border belongs to one side."""
        x, y = points[None, :, None, 0], points[None, :, None, 1]
        crossed = ((self._next_y > y) != (self._y > y)) & (x < self._slope * (y - self._y) + self._x)
        return np.asarray(np.logical_xor.reduce(crossed, axis=2))


def inside(polygon: Array, points: Array) -> NDArray[np.bool_]:
    """Which of the (n, 2) points lie in the (k, 2) polygon."""
    return np.asarray(Polygons([polygon]).hold(points)[0])


def convex_hull(points: Array) -> Array:
    """Vertices of the convex hull in order (monotone chain, Andrew 1979). Degenerate input gives fewer than 3 vertices."""
    ordered = sorted({(float(x), float(y)) for x, y in points})

    def half(candidates: list[tuple[float, float]]) -> list[tuple[float, float]]:
        chain: list[tuple[float, float]] = []
        for p in candidates:
            while len(chain) >= 2 and cross(chain[-2], chain[-1], p) <= 0:
                chain.pop()
            chain.append(p)
        return chain[:-1]

    return np.array(half(ordered) + half(ordered[::-1]))


def cross(origin: tuple[float, float], a: tuple[float, float], b: tuple[float, float]) -> float:
    """> 0 when origin -> a -> b turns towards +y from +x; on a screen (y down) that is to the right."""
    return (a[0] - origin[0]) * (b[1] - origin[1]) - (a[1] - origin[1]) * (b[0] - origin[0])


def iou(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> float:
    """Intersection over union of two boxes [left, top, right, bottom]."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    common = width * height
    return common / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - common)


def covered(inner: tuple[float, float, float, float], outer: tuple[float, float, float, float]) -> float:
    """Share of `inner`'s area that lies in `outer`, 0..1."""
    width = min(inner[2], outer[2]) - max(inner[0], outer[0])
    height = min(inner[3], outer[3]) - max(inner[1], outer[1])
    area = (inner[2] - inner[0]) * (inner[3] - inner[1])
    return width * height / area if width > 0 and height > 0 and area > 0 else 0.0


class Homography:
    """Image -> road plane. `matrix` (3, 3) acts on (x, y, 1); `rms_m` is the fit's residual on its own pairs."""

    def __init__(self, matrix: Array, rms_m: float) -> None:
        self.matrix, self.rms_m = matrix, rms_m
        self._entries: list[float] = matrix.ravel().tolist()  # one point at a time is cheaper in plain numbers

    def road(self, points: Array) -> Array:
        """(n, 2) image points -> (n, 2) metres. Points on or beyond the horizon give NaN."""
        mapped = np.column_stack([points, np.ones(len(points))]) @ self.matrix.T
        w = mapped[:, 2:]
        return np.asarray(np.where(w > HORIZON, mapped[:, :2] / np.where(w > HORIZON, w, 1.0), np.nan))

    def road_at(self, x: float, y: float) -> tuple[float, float] | None:
        """One image point -> metres, None on or beyond the horizon."""
        a, b, c, d, e, f, g, h, i = self._entries
        w = g * x + h * y + i
        return None if w <= HORIZON else ((a * x + b * y + c) / w, (d * x + e * y + f) / w)

    def scale_at(self, x: float, y: float) -> tuple[float, float, float, float]:
        """The derivative at an image point, row by row: metres on the road per unit of normalised image x and y."""
        a, b, c, d, e, f, g, h, i = self._entries
        u, v, w = a * x + b * y + c, d * x + e * y + f, g * x + h * y + i
        w = w if abs(w) > HORIZON else HORIZON
        return (a - u / w * g) / w, (b - u / w * h) / w, (d - v / w * g) / w, (e - v / w * h) / w

    def across(self, points: Array) -> Array:
        """(n, 2) image points -> (n,) metres on the road per unit of normalised image x. NaN on or beyond the horizon."""
        mapped = np.column_stack([points, np.ones(len(points))]) @ self.matrix.T
        w = np.where(mapped[:, 2:] > HORIZON, mapped[:, 2:], np.nan)
        slopes = (self.matrix[:2, 0] - mapped[:, :2] / w * self.matrix[2, 0]) / w
        return np.asarray(np.linalg.norm(slopes, axis=1))


def fit_homography(image: Array, road_m: Array) -> Homography:
    """Direct linear transform with normalised coordinates (Hartley 1997), signed so that the pairs lie before the horizon.

    image (n, 2), road_m (n, 2), n >= 4. Raises ValueError when the points do not determine a plane.
    """
    from_image, to_road = _normalisation(image), _normalisation(road_m)
    a = np.column_stack([image, np.ones(len(image))]) @ from_image.T
    b = np.column_stack([road_m, np.ones(len(road_m))]) @ to_road.T
    zero = np.zeros_like(a)
    rows = np.vstack([np.hstack([a, zero, -b[:, :1] * a]), np.hstack([zero, a, -b[:, 1:2] * a])])
    _, singular, vectors = np.linalg.svd(rows)
    if len(singular) < 8 or singular[7] < 1e-9 * singular[0]:
        raise ValueError("the points do not determine the road plane; no three of four may lie in a line")
    matrix = np.linalg.inv(to_road) @ vectors[-1].reshape(3, 3) @ from_image
    depth = np.column_stack([image, np.ones(len(image))]) @ matrix[2]
    if depth.min() * depth.max() <= 0:
        raise ValueError("the points lie on both sides of the horizon; check image points and metres")
    matrix = matrix / depth.mean()
    fitted = Homography(matrix, 0.0).road(image)
    return Homography(matrix, float(np.sqrt(np.mean(np.sum((fitted - road_m) ** 2, axis=1)))))


def _normalisation(points: Array) -> Array:
    """Similarity that moves the centroid to 0 and the mean distance to sqrt(2)."""
    centre = points.mean(axis=0)
    scale = np.sqrt(2) / max(float(np.mean(np.linalg.norm(points - centre, axis=1))), 1e-12)
    return np.array([[scale, 0, -scale * centre[0]], [0, scale, -scale * centre[1]], [0, 0, 1]])
