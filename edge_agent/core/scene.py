"""From the image plane to the road plane: lane, metres and km/h of every track.

With a calibration the metres come from the homography; elsewhere from the road users themselves: a box's height tells the
scale around it. Rules work on both; only the first is published.
"""

from dataclasses import dataclass
from math import hypot

import numpy as np

from edge_agent.core import geometry
from edge_agent.core.calibration import ScaleError
from edge_agent.core.lane import Area, Lane
from edge_agent.core.motion import Motion, Velocity
from edge_agent.core.types import Box, Detections, RoadUser, Track

CLASS_HEIGHT_M = {"bicycle": 1.7, "person": 1.7, "motorcycle": 1.7, "car": 1.5, "bus": 3.0, "truck": 3.2}
DEFAULT_HEIGHT_M = 1.5
JITTER_PX, JITTER_SHARE = 0.7, 0.08  # a box's bottom edge: standard deviation in pixels, or as a share of its height
TRUSTED_RATIO = 3.0  # outside the calibrated stretch the homography serves while it agrees with class heights so far
USUAL_MAST_M, USUAL_FOCAL = 6.0, 1.1  # without calibration: a usual mast, and a usual lens in image widths
STALE_S = 1.0  # an unseen road user's velocity is believed so long
FORGET_S = 60.0
EDGE_SHARE = 0.1  # of a box's width: where its contact point lies is no surer than that
Scale = tuple[float, float, float, float]


@dataclass(slots=True)
class _Progress:
    """What is remembered of a track: where it was, in which metres, and how it moves."""

    motion: Motion
    point: tuple[float, float]
    plane_m: tuple[float, float]
    road_m: tuple[float, float] | None
    height: float  # smoothed box height, normalised
    velocity: Velocity | None
    at_s: float
    user: RoadUser | None = None  # in the last frame


class Scene:
    """One camera's view of the road."""

    def __init__(
        self,
        camera: str,
        size_px: tuple[int, int],
        lanes: tuple[Lane, ...],
        carriageway: tuple[Area, ...] = (),
        masks: tuple[geometry.Array, ...] = (),
        homography: geometry.Homography | None = None,
        stretch: geometry.Array | None = None,
        no_stop_zones: tuple[Area, ...] = (),
        scale_error: ScaleError | None = None,
    ) -> None:
        """`size_px` is the scene's reference resolution; `stretch` the calibrated part of the image (k, 2): outside it
        nothing is published. `scale_error`: how well the homography's metres are known."""
        self.camera = camera
        self.width_px, self.height_px = size_px
        self.lanes = lanes
        self._lane_polygons = geometry.Polygons([lane.polygon for lane in lanes])
        self._mask_polygons = geometry.Polygons(masks)
        self._stretch_polygon = geometry.Polygons([] if stretch is None else [stretch])
        self.lane_of_id = {lane.id: lane for lane in lanes}
        self.carriageway = carriageway
        self.no_stop_zones = no_stop_zones
        self.masks = masks
        self.homography = homography
        self.stretch = stretch
        self._scale_error = scale_error
        self._progress: dict[int, _Progress] = {}

    def locate(self, at_s: float, tracks: list[Track]) -> list[RoadUser]:
        """Tracks of one frame -> road users in the same order. A track that rests out of sight is worked out once."""
        users = [self._unchanged(at_s, track) for track in tracks]
        located = iter(self._located(at_s, [track for track, user in zip(tracks, users, strict=True) if user is None]))
        self._forget(at_s)
        return [user or next(located) for user in users]

    def unmasked(self, detections: Detections) -> Detections:
        """Detections whose middle lies in no mask."""
        if not self.masks or not len(detections):
            return detections
        middles = (detections.boxes[:, :2] + detections.boxes[:, 2:]).astype(np.float64) / 2
        hidden = np.logical_or.reduce(self._mask_polygons.hold(middles), axis=0)
        return Detections(detections.boxes[~hidden], detections.scores[~hidden], detections.classes[~hidden])

    def near(self, one: RoadUser, other: RoadUser, heights: float) -> bool:
        """Their feet are within so many heights of the first on the picture."""
        tall = one.track.box.bottom - one.track.box.top
        dx = (one.point[0] - other.point[0]) * self.width_px / self.height_px
        return hypot(dx, one.point[1] - other.point[1]) <= heights * tall

    def has_moved(self, user: RoadUser, from_point: tuple[float, float], heights: float) -> bool:
        """His feet are more than so many of his heights away from the point on the picture."""
        tall = user.track.box.bottom - user.track.box.top
        dx = (user.point[0] - from_point[0]) * self.width_px / self.height_px
        return hypot(dx, user.point[1] - from_point[1]) > heights * tall

    def plainly_on_lane(self, box: Box) -> bool:
        """Whether the contact point is on a lane, and would be if the box were shifted sideways by what boxes err."""
        (x, y), aside = box.contact, EDGE_SHARE * (box.right - box.left)
        return bool(np.logical_or.reduce(self._lane_polygons.hold(np.array([(x - aside, y), (x + aside, y)])), axis=0).all())

    def _unchanged(self, at_s: float, track: Track) -> RoadUser | None:
        """The road user of the last frame where nothing can have changed since: the very same track, unseen."""
        before = self._progress.get(track.id)
        if track.seen or before is None or before.user is None or before.user.track is not track:
            return None
        return before.user if before.user.pace_kmh is None or at_s - before.at_s <= STALE_S else None

    def _located(self, at_s: float, tracks: list[Track]) -> list[RoadUser]:
        if not tracks:
            return []
        points = np.array([track.box.contact for track in tracks])
        lanes = self._lanes_of(points, tracks)
        published = np.logical_or.reduce(self._stretch_polygon.hold(points), axis=0).tolist()
        return [
            self._user(at_s, track, lane, calibrated)
            for track, lane, calibrated in zip(tracks, lanes, published, strict=True)
        ]

    def _lanes_of(self, points: geometry.Array, tracks: list[Track]) -> list[Lane | None]:
        """The first lane that holds the contact point and admits the class."""
        found: list[Lane | None] = [None] * len(tracks)
        for number, index in zip(*np.nonzero(self._lane_polygons.hold(points)), strict=True):
            lane = self.lanes[number]
            if found[index] is None and lane.admits(tracks[index].cls):
                found[index] = lane
        return found

    def _user(self, at_s: float, track: Track, lane: Lane | None, published: bool) -> RoadUser:
        point = track.box.contact
        before = self._progress.get(track.id)
        height = track.box.bottom - track.box.top
        height = height if before is None else before.height + 0.15 * (height - before.height)
        scale, by_road = self._scale(point, height, track.cls, published)
        road = self._road(point) if by_road and (published or track.seen or before is None) else None
        if before is None:
            before = self._progress[track.id] = _Progress(Motion(), point, road or (0.0, 0.0), road, height, None, at_s)
        elif track.seen:
            self._advance(before, point, road, scale)
        if track.seen:
            before.velocity = before.motion.update(at_s, *before.plane_m, self._sigma_m(before.velocity, scale, height))
            before.height, before.at_s = height, at_s
        velocity = before.velocity if at_s - before.at_s <= STALE_S else None
        common = self._share_of_scale(velocity, point) if published else 0.0
        before.user = RoadUser(
            track=track,
            point=point,
            lane=None if lane is None else lane.id,
            road_m=road if published else None,
            plane_m=before.plane_m,
            scale=scale,
            pace_kmh=None if velocity is None else velocity.speed_m_s * 3.6,
            along_kmh=None if velocity is None or lane is None else _along(velocity, lane, point, scale) * 3.6,
            pace_se_kmh=None if velocity is None else hypot(velocity.se_m_s, common * velocity.speed_m_s) * 3.6,
            calibrated=published,
            scale_se=common,
        )
        return before.user

    def _advance(self, before: _Progress, point: tuple[float, float], road: tuple[float, float] | None, scale: Scale) -> None:
        """Plane metres go on from where they were, so that a track may pass from one kind of metres to the other."""
        if road is not None and before.road_m is not None:
            step = road[0] - before.road_m[0], road[1] - before.road_m[1]
        else:
            step = metres(scale, point[0] - before.point[0], point[1] - before.point[1])
        before.plane_m = before.plane_m[0] + step[0], before.plane_m[1] + step[1]
        before.point, before.road_m = point, road

    def _scale(self, point: tuple[float, float], height: float, cls: str, published: bool) -> tuple[Scale, bool]:
        """Metres per unit of normalised image x and y at the point, and whether they are the road's own."""
        per_px = CLASS_HEIGHT_M.get(cls, DEFAULT_HEIGHT_M) / max(height * self.height_px, 1.0)
        if self.homography is not None:
            a, b, c, d = self.homography.scale_at(*point)
            across = hypot(a, c) / self.width_px / per_px
            if published or 1 / TRUSTED_RATIO < across < TRUSTED_RATIO:
                return (a, b, c, d), True
        foreshortening = max(1.0, USUAL_FOCAL * self.width_px * per_px / USUAL_MAST_M)  # distance / height of the mast
        return (per_px * self.width_px, 0.0, 0.0, per_px * self.height_px * foreshortening), False

    def _road(self, point: tuple[float, float]) -> tuple[float, float] | None:
        return None if self.homography is None else self.homography.road_at(*point)

    def _share_of_scale(self, velocity: Velocity | None, point: tuple[float, float]) -> float:
        """The share by which the calibration may be off, where and whither it goes."""
        if self._scale_error is None or velocity is None:
            return 0.0
        speed = velocity.speed_m_s
        ux, uy = (velocity.x_m_s / speed, velocity.y_m_s / speed) if speed > 0.5 else (0.0, 1.0)
        return self._scale_error.share_at(*point, ux, uy)

    def _sigma_m(self, velocity: Velocity | None, scale: Scale, height: float) -> float:
        """How well one contact point is known, in metres along the direction of travel (away from the camera if unknown)."""
        sigma_px = max(JITTER_PX, JITTER_SHARE * height * self.height_px)
        a, b, c, d = scale
        speed = 0.0 if velocity is None else velocity.speed_m_s
        ux, uy = (0.0, 1.0) if velocity is None or speed < 0.5 else (velocity.x_m_s / speed, velocity.y_m_s / speed)
        return sigma_px * hypot((ux * a + uy * c) / self.width_px, (ux * b + uy * d) / self.height_px)

    def _forget(self, at_s: float) -> None:
        for gone in [number for number, progress in self._progress.items() if at_s - progress.at_s > FORGET_S]:
            del self._progress[gone]


def metres(scale: Scale, dx: float, dy: float) -> tuple[float, float]:
    """An image step in metres on the plane."""
    a, b, c, d = scale
    return a * dx + b * dy, c * dx + d * dy


def _along(velocity: Velocity, lane: Lane, point: tuple[float, float], scale: Scale) -> float:
    """Speed in the lane's legal direction, m/s; negative = against it."""
    x, y = metres(scale, *lane.direction_at(point))
    length = hypot(x, y)
    return 0.0 if length == 0 else (velocity.x_m_s * x + velocity.y_m_s * y) / length
