"""What the cameras see now, for whoever looks now: lanes, boxes, ids, speeds and incidents drawn, private masks painted.

Nothing is drawn, copied or encoded while nobody looks, and all of it is done in the thread of who does.
"""

import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import hypot

import cv2
import numpy as np

from edge_agent.app.eye import Eye
from edge_agent.app.scenes import private_masks
from edge_agent.core.scene_building import shifted
from edge_agent.core.scene_format import SceneFile
from edge_agent.core.types import COCO_OF_CLASS, Detections, Frame, IncidentReport, RoadUser
from edge_agent.evidence.mosaic import Pixels, unrecognisable
from edge_agent.field.drawing import Drawing
from edge_agent.sources.pipe import Polygon
from edge_agent.web.figures import IncidentNow, LensAid, RoadUserNow, SeenNow
from edge_agent.web.services import MOST_VIEWERS, Shot

QUALITY, STILL_QUALITY = 70, 88
KEPT_PX = 320  # wide: enough for the shape of a road
STILL_WITHIN_S = 3.0
DARK, BRIGHT = 8, 247  # of 255: nothing can be told there
COARSE = 24  # a turned camera may show what its masks were drawn to hide: then its picture is made so much coarser


@dataclass(frozen=True, slots=True)
class _Seen:
    """`moved`: what is told of a camera that does not look where it did; its masks may not be where they belong."""

    frame: Frame
    users: list[RoadUser]
    incidents: tuple[IncidentReport, ...]
    registered: tuple[float, float]
    moved: Mapping[str, str | float | int] | None
    kept_s: float = field(default_factory=time.monotonic)

    @property
    def turned(self) -> bool:
        return self.moved is not None

    @property
    def beside(self) -> float | None:
        """How far the picture lies beside the scene as it was drawn, in its widths; None where that is not known."""
        if self.moved is None:
            height, width = self.frame.pixels.shape[:2]
            return hypot(self.registered[0], self.registered[1] * height / width)
        percent = self.moved.get("moved_percent")
        return None if percent is None else float(percent) / 100


class Preview:
    """`keep` from the watch; all else from any thread."""

    def __init__(self, scenes: Mapping[str, SceneFile]) -> None:
        self._scenes = scenes
        self._viewers: Counter[str] = Counter()
        self._asking: Counter[str] = Counter()  # for a still
        self._seen: dict[str, _Seen] = {}
        self._shots: dict[str, Shot] = {}
        self._drawings: dict[str, tuple[tuple[float, float, int, int], Drawing]] = {}
        self._lock = threading.Lock()

    def keep(self, eye: Eye, frame: Frame) -> None:
        """The last frame, and what was made of it."""
        if not self._viewers[eye.name] and not self._asking[eye.name]:
            return
        pipeline = eye.pipeline
        incidents = tuple(pipeline.open_incidents.values())
        moved = next((one.detail for one in incidents if one.detail.get("reason") == "moved"), None)
        self._seen[eye.name] = _Seen(frame, pipeline.road_users, incidents, pipeline.registered, moved)

    def join(self, camera: str) -> bool:
        """False: as many look already as may. KeyError for a camera that is none."""
        self._scenes[camera]
        with self._lock:
            if self._viewers.total() >= MOST_VIEWERS:
                return False
            self._viewers[camera] += 1
            return True

    def leave(self, camera: str) -> None:
        """The last one puts out the light."""
        with self._lock:
            self._viewers[camera] -= 1
            self._forget(camera)

    def still(self, camera: str) -> bytes | None:
        """JPEG of the next picture as it comes, but for its private masks; None when none comes. KeyError as `join`."""
        seen = self._next(camera)
        return None if seen is None else _jpeg(self._bare(camera, seen), STILL_QUALITY)

    def keepsake(self, camera: str, masks: Sequence[Polygon]) -> bytes | None:
        """What may be kept of it: small, heads and plates of everybody who is followed hidden, `masks` black, too."""
        seen = self._next(camera)
        if seen is None:
            return None
        pixels = unrecognisable(self._bare(camera, seen), _detections(seen.users), (), masks)
        height, width = pixels.shape[:2]
        size_px = KEPT_PX, round(height * KEPT_PX / width)
        return _jpeg(np.asarray(cv2.resize(pixels, size_px, interpolation=cv2.INTER_AREA), np.uint8), STILL_QUALITY)

    def aid(self, camera: str) -> LensAid | None:
        """Of the next picture; None when none comes. KeyError as `join`."""
        seen = self._next(camera)
        if seen is None:
            return None
        grey = cv2.cvtColor(seen.frame.pixels, cv2.COLOR_BGR2GRAY)
        return LensAid(
            sharpness=round(float(np.sqrt(cv2.Laplacian(grey, cv2.CV_32F).var())), 2),
            brightness=round(float(grey.mean()) / 255, 3),
            dark=round(float((grey <= DARK).mean()), 3),
            bright=round(float((grey >= BRIGHT).mean()), 3),
        )

    def seen(self, camera: str) -> SeenNow | None:
        """What is made of the next picture; None when none comes. KeyError as `join`."""
        seen = self._next(camera)
        if seen is None:
            return None
        return SeenNow(
            index=seen.frame.index, calibrated=self._scenes[camera].calibration is not None,
            users=tuple(map(_user, seen.users)), incidents=tuple(map(_incident, seen.incidents)), turned=seen.turned,
            beside=None if seen.beside is None else round(seen.beside, 4),
        )  # fmt: skip

    def _next(self, camera: str) -> _Seen | None:
        self._scenes[camera]
        with self._lock:
            self._asking[camera] += 1
        try:
            asked_s = time.monotonic()
            while (seen := self._lately(camera, asked_s)) is None and time.monotonic() < asked_s + STILL_WITHIN_S:
                time.sleep(0.05)
        finally:
            with self._lock:
                self._asking[camera] -= 1
                self._forget(camera)
        return seen

    def _lately(self, camera: str, asked_s: float) -> _Seen | None:
        """Not the last one of a camera that has failed since, which whoever looks at it keeps there."""
        seen = self._seen.get(camera)
        return None if seen is None or seen.kept_s < asked_s - STILL_WITHIN_S else seen

    def _forget(self, camera: str) -> None:
        """What nobody looks at any longer."""
        if not self._viewers[camera] and not self._asking[camera]:
            for kept in (self._viewers, self._asking, self._seen, self._shots, self._drawings):
                kept.pop(camera, None)

    def shot(self, camera: str, after: int) -> Shot | None:
        """The newest picture of a camera that is looked at, None where it is the one of number `after`."""
        with self._lock:  # who looks at the same camera gets the same picture
            seen = self._seen.get(camera)
            if seen is None or seen.frame.index == after:
                return None
            shot = self._shots.get(camera)
            if shot is None or shot.index != seen.frame.index:
                self._shots[camera] = shot = self._take(camera, seen)
            return shot

    def _take(self, camera: str, seen: _Seen) -> Shot:
        height, width = seen.frame.pixels.shape[:2]
        key = (*seen.registered, width, height)
        if self._drawings.get(camera, (None, None))[0] != key:
            scene = shifted(self._scenes[camera], seen.registered)
            self._drawings[camera] = (key, Drawing(scene, width, height, time_of=_wall_time))
        frame = Frame(camera, seen.frame.index, seen.frame.at_s, self._bare(camera, seen))
        picture = self._drawings[camera][1].draw(frame, seen.users, seen.incidents)
        return Shot(seen.frame.index, _jpeg(picture, QUALITY))

    def _bare(self, camera: str, seen: _Seen) -> Pixels:
        scene = shifted(self._scenes[camera], seen.registered)
        return _masked(seen.frame.pixels, private_masks(scene), seen.turned)


def _wall_time(frame: Frame) -> str:
    """As the device's clock is set now: whether the picture is a new one is seen at once."""
    return time.strftime("%H:%M:%S %z", time.localtime(time.time() - time.monotonic() + frame.at_s))


def _user(user: RoadUser) -> RoadUserNow:
    speed, error = user.speed_kmh, user.speed_se_kmh
    return RoadUserNow(
        id=user.track.id, cls=user.track.cls, lane=user.lane, speed_kmh=None if speed is None else round(speed, 1),
        error_kmh=None if error is None else round(1.96 * error, 1),
        away_m=None if user.road_m is None else round(user.road_m[1], 1),
    )  # fmt: skip


def _incident(one: IncidentReport) -> IncidentNow:
    reason = one.detail.get("reason")
    return IncidentNow(number=one.number, kind=one.kind, lane=one.lane, reason=None if reason is None else str(reason))


def _detections(users: Sequence[RoadUser]) -> Detections:
    """Those who are not seen at this moment are where they are thought to be."""
    tracks = [user.track for user in users]
    return Detections(
        np.array([track.box for track in tracks], np.float32).reshape(-1, 4),
        np.array([track.score for track in tracks], np.float32),
        np.array([COCO_OF_CLASS[track.cls] for track in tracks], np.int32),
    )


def _jpeg(pixels: Pixels, quality: int) -> bytes:
    return cv2.imencode(".jpg", pixels, (cv2.IMWRITE_JPEG_QUALITY, quality))[1].tobytes()


def _masked(pixels: Pixels, masks: Sequence[Polygon], turned: bool) -> Pixels:
    """The capture child has painted the masks where they were drawn; here they are painted where the picture has them now."""
    if not masks:
        return pixels
    height, width = pixels.shape[:2]
    if turned:
        small = cv2.resize(pixels, (max(1, width // COARSE), max(1, height // COARSE)), interpolation=cv2.INTER_AREA)
        return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_NEAREST), np.uint8)
    painted = pixels.copy()
    for polygon in masks:
        cv2.fillPoly(painted, [np.rint(np.array(polygon) * (width, height)).astype(np.int32)], (0, 0, 0))
    return painted
