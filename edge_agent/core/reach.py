"""From which distance on vehicles are too small for the detector: as a line in the picture, and in metres of each lane.

How high a road user is in the picture follows from the scale of the road beneath it: of the calibrated road plane, or, without
one, of the boxes that were seen so far.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from edge_agent.core.geometry import Array, Homography, inside
from edge_agent.core.lane import Lane
from edge_agent.core.scene import CLASS_HEIGHT_M
from edge_agent.core.types import CLASS_OF_COCO, Detections

# Heights at the detector's input from which on about half are found: on labelled roadside pictures 12 to 24 px give a recall of
# 0.69 of all vehicles, less than 12 px 0.09; on painted ones two-wheelers need half as much again as cars.
LEAST_PX = {"car": 12.0, "bus": 13.0, "truck": 13.0, "motorcycle": 18.0, "bicycle": 21.0, "person": 18.0}
SHOWN = ("car", "motorcycle")
COLUMNS, ROWS = 17, 400
STEPS = 200  # of a centreline
FAR_PX = 16.0  # cars of which the whole picture shows less are looked for again
FAR_MARGIN = 1.2  # heights of a car around the far stretch
WORTH_IT = 1.3  # times as large must vehicles be in the second look
GRID = 24
ENOUGH_BOXES, ENOUGH_SPREAD = 12, 0.08
Scale = Callable[[Array], Array]  # (n, 2) normalised image points -> (n,) widths of the picture per metre; NaN: unknown


class Region(NamedTuple):
    """A part of the picture, normalised."""

    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True, slots=True)
class LaneReach:
    """One lane: it is seen from `near_m` to `far_m` from the camera, and of that `blind_m` are too far for the class; all None
    without a calibration. `blind_share` of its length in the picture."""

    lane: str
    cls: str
    near_m: float | None
    far_m: float | None
    blind_m: float | None
    blind_share: float


@dataclass(frozen=True, slots=True)
class Reach:
    """`scale` of the road; `input_px`: so wide is the picture at the detector's input. `homography` where metres are known."""

    scale: Scale
    input_px: float
    aspect: float  # width / height
    homography: Homography | None = None

    def heights_px(self, cls: str, points: Array) -> Array:
        """How high the class is at the detector's input with its feet at these points."""
        return np.asarray(self.scale(points) * CLASS_HEIGHT_M[cls] * self.input_px)

    def line(self, cls: str) -> list[tuple[float, float]]:
        """Across the picture from left to right: above it the class is too small. Empty where it is never, or always."""
        xs, ys = np.linspace(0, 1, COLUMNS), np.linspace(1, 0, ROWS)
        points = np.stack(np.meshgrid(xs, ys, indexing="ij"), axis=2).reshape(-1, 2)
        seen = (self.heights_px(cls, points) >= LEAST_PX[cls]).reshape(COLUMNS, ROWS)
        told = zip(xs, seen, strict=True)
        ends = [(float(x), float(ys[column.argmin()])) for x, column in told if column[0] and not column.all()]
        return ends if len(ends) > 1 else []

    def distance_m(self, cls: str) -> float | None:
        """How far away the line is, in the middle of the picture."""
        line = self.line(cls)
        if self.homography is None or not line:
            return None
        place = self.homography.road_at(*line[len(line) // 2])
        return None if place is None else place[1]

    def far_region(self, lanes: Iterable[Lane], native_px: int) -> Region | None:
        """The part of the picture in which cars on the lanes are not sure to be recognised, and would be in the picture as it
        comes, `native_px` wide. None where there is none, or where it is so wide that looking closer brings nothing."""
        places = [_grid(lane) for lane in lanes]
        points = np.vstack(places) if places else np.empty((0, 2))
        heights = self.heights_px("car", points)
        far = (heights < FAR_PX) & (heights / self.input_px * native_px >= LEAST_PX["car"])
        points, heights = points[far], heights[far]
        if not len(points):
            return None
        margin = FAR_MARGIN * float(heights.max()) / self.input_px * np.array([1.0, self.aspect])
        (left, top), (right, bottom) = points.min(axis=0) - margin, points.max(axis=0) + margin
        region = Region(max(0.0, float(left)), max(0.0, float(top)), min(1.0, float(right)), min(1.0, float(bottom)))
        return region if self.closer(region, native_px) >= WORTH_IT else None

    def closer(self, region: Region, native_px: int) -> float:
        """How many times as large vehicles are in a look at the region only."""
        return min(1 / (region.right - region.left), native_px / self.input_px)

    def of_lane(self, lane: Lane, cls: str) -> LaneReach:
        points = _along(lane)
        blind = ~(self.heights_px(cls, points) >= LEAST_PX[cls])
        share = float(blind.mean())
        road = None if self.homography is None else self.homography.road(points)
        if road is None or not np.isfinite(road).all():
            return LaneReach(lane.id, cls, None, None, None, share)
        steps = np.linalg.norm(np.diff(road, axis=0), axis=1)
        blind_m = float(steps[blind[1:] & blind[:-1]].sum())
        return LaneReach(lane.id, cls, float(road[:, 1].min()), float(road[:, 1].max()), blind_m, share)


def input_px(picture_px: tuple[int, int], bounds_px: tuple[int, int]) -> float:
    """How wide the whole picture is at the detector's input, in pixels."""
    return picture_px[0] * min(bounds_px[0] / picture_px[0], bounds_px[1] / picture_px[1])


def scale_of_plane(homography: Homography) -> Scale:
    return lambda points: 1 / homography.across(points)


def scale_of_boxes(frames: Iterable[Detections], aspect: float) -> Scale | None:
    """From what was seen: boxes grow from the horizon down. `aspect`: the picture's width / height. None while too little was
    seen, or all of it at one distance."""
    rows = [
        (float(box[3]), (float(box[3]) - float(box[1])) / aspect / CLASS_HEIGHT_M[CLASS_OF_COCO[int(cls)]])
        for found in frames for box, cls in zip(found.boxes, found.classes, strict=True)
        if box[3] < 0.99
    ]  # fmt: skip
    if len(rows) < ENOUGH_BOXES or np.std([row[0] for row in rows]) < ENOUGH_SPREAD:
        return None
    low, scale = np.array(rows).T
    first, second = np.triu_indices(len(low), 1)
    apart = np.abs(low[first] - low[second]) > ENOUGH_SPREAD / 2
    if not apart.any():
        return None
    slope = float(np.median((scale[first] - scale[second])[apart] / (low[first] - low[second])[apart]))
    start = float(np.median(scale - slope * low))
    return None if slope <= 0 else lambda points: np.asarray(np.maximum(start + slope * points[:, 1], 0.0))


def _along(lane: Lane) -> Array:
    """Points along the centreline, evenly in the picture."""
    corners = np.array(lane.centreline)
    lengths = np.array([float(np.linalg.norm(b - a)) for a, b in pairwise(corners)])
    at = np.concatenate([[0.0], np.cumsum(lengths)])
    where = np.linspace(0, at[-1], STEPS)
    return np.column_stack([np.interp(where, at, corners[:, 0]), np.interp(where, at, corners[:, 1])])


def _grid(lane: Lane) -> Array:
    """Points all over the lane."""
    low, high = lane.polygon.min(axis=0), lane.polygon.max(axis=0)
    points = np.stack(np.meshgrid(*np.linspace(low, high, GRID).T), axis=2).reshape(-1, 2)
    return np.asarray(points[inside(lane.polygon, points)])
