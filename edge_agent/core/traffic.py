"""Traffic state: per lane and minute, and per count line the counts by class and direction."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from math import ceil, floor, hypot, sqrt

from edge_agent.core.geometry import cross
from edge_agent.core.observation import Observation
from edge_agent.core.scene import Scene
from edge_agent.core.scene_format import CountLineShape
from edge_agent.core.types import LaneTraffic, LineTraffic, RoadUser, TrafficMinute

MINUTE_S = 60.0
SLEW_S = 0.5  # a clock that is steered moves less in a minute: the next one does not begin with the last one again
PRESUMED_S, PRESUMED_HITS = 1.0, 4  # of whoever is lost: so long he goes on as he did, if he was seen so often
ANEW_S, ANEW_HEIGHTS = 1.5, 1.5  # who crosses so soon and so near after one who was lost is the same
CLEAR_OF_LINE = 0.1  # a road user has a side once its contact point is so many box heights away from the line
FORGET_S = 10.0


@dataclass(slots=True)
class _Passage:
    """One vehicle in one lane: its speeds of this minute, each with its own standard error and that of the calibration."""

    cls: str
    speeds: list[tuple[float, float, float]] = field(default_factory=list)


@dataclass(slots=True)
class _LaneMinute:
    passages: dict[int, _Passage] = field(default_factory=dict)
    arrivals_s: list[float] = field(default_factory=list)
    occupied: float = 0.0
    frames: int = 0
    queue_m: float = 0.0


class Traffic:
    """One camera's minutes. A minute is reported with the first frame after it; `flush` gives the unfinished one.

    Each begins with a minute of the wall clock as it was set then: `minute_offset_s` is asked anew every time.
    """

    def __init__(
        self, scene: Scene, count_lines: tuple[CountLineShape, ...], minute_offset_s: Callable[[], float] = lambda: 0.0
    ) -> None:
        self._scene, self._minute_offset_s = scene, minute_offset_s
        self._lines = [LineCounter(line, scene) for line in count_lines]
        self._lanes = {lane.id: _LaneMinute() for lane in scene.lanes}
        self._counted: dict[tuple[int, str], float] = {}  # track in lane -> last seen there
        self._from_s: float | None = None
        self._last_s = 0.0

    def update(self, at_s: float, observation: Observation) -> list[TrafficMinute]:
        minutes = []
        if self._from_s is None:
            self._from_s = self._minute_of(at_s)
        elif at_s >= self._from_s + MINUTE_S:
            minutes.append(self._report(self._from_s + MINUTE_S))
            self._from_s = self._minute_of(at_s + SLEW_S)
        self._last_s = at_s
        for lane, state in observation.lanes.items():
            minute = self._lanes[lane]
            minute.frames += 1
            minute.occupied += state.occupancy
            minute.queue_m = max(minute.queue_m, state.queue_m)
        for user in observation.road_users:
            if user.track.seen and user.lane is not None:
                self._note(at_s, user, user.lane)
            for line in self._lines:
                line.update(at_s, user)
        for key in [key for key, seen_s in self._counted.items() if at_s - seen_s > FORGET_S]:
            del self._counted[key]
        return minutes

    def flush(self) -> list[TrafficMinute]:
        """The minute that has begun, cut off at the last frame."""
        return [] if self._from_s is None else [self._report(max(self._from_s, self._last_s))]

    def _minute_of(self, at_s: float) -> float:
        offset_s = self._minute_offset_s()
        return floor((at_s + offset_s) / MINUTE_S) * MINUTE_S - offset_s

    def _note(self, at_s: float, user: RoadUser, lane: str) -> None:
        minute, key = self._lanes[lane], (user.track.id, lane)
        if key not in self._counted:
            minute.arrivals_s.append(at_s)
            minute.passages[user.track.id] = _Passage(user.track.cls)
        self._counted[key] = at_s
        passage = minute.passages.get(user.track.id)
        if passage is not None:
            passage.cls = user.track.cls
            if user.speed_kmh is not None and user.speed_se_kmh is not None:
                common = user.scale_se * user.speed_kmh
                passage.speeds.append((user.speed_kmh, sqrt(max(0.0, user.speed_se_kmh**2 - common**2)), common))

    def _report(self, to_s: float) -> TrafficMinute:
        report = TrafficMinute(
            self._scene.camera, self._from_s or 0.0, to_s,
            tuple(_lane_traffic(lane, minute) for lane, minute in self._lanes.items()),
            tuple(line.take() for line in self._lines),
        )  # fmt: skip
        self._lanes = {lane: _LaneMinute() for lane in self._lanes}
        return report


def _lane_traffic(lane: str, minute: _LaneMinute) -> LaneTraffic:
    """Speeds: one value per vehicle (precision-weighted mean), then the mean and nearest-rank 85th percentile of vehicles.

    Their own errors average out, the calibration's does not.
    """
    means: list[tuple[float, float, float]] = []
    for passage in minute.passages.values():
        if passage.speeds:
            weights = [1 / max(hypot(own, common), 0.1) ** 2 for _, own, common in passage.speeds]
            mean = sum(w * v for w, (v, _, _) in zip(weights, passage.speeds, strict=True)) / sum(weights)
            # neighbouring fits share most of their samples: a vehicle is known no better than by its best fit
            own, common = min((own, common) for _, own, common in passage.speeds)
            means.append((mean, own, common))
    n = len(means)
    speeds = sorted(mean for mean, _, _ in means)
    gaps = [b - a for a, b in pairwise(minute.arrivals_s)]
    return LaneTraffic(
        lane=lane,
        counts=dict(sorted(Counter(passage.cls for passage in minute.passages.values()).items())),
        mean_kmh=sum(speeds) / n if n else None,
        p85_kmh=speeds[ceil(0.85 * n) - 1] if n else None,
        speed_se_kmh=hypot(sqrt(sum(own * own for _, own, _ in means)), sum(common for *_, common in means)) / n if n else None,
        occupancy=minute.occupied / minute.frames if minute.frames else 0.0,
        headway_s=sum(gaps) / len(gaps) if gaps else None,
        queue_m=minute.queue_m,
    )


@dataclass(slots=True)
class _Side:
    """Where one track was last clear of the line; `presumed`: not seen there, but on its way when it was lost."""

    right: bool
    point: tuple[float, float]
    seen_s: float
    presumed: bool = False


class LineCounter:
    """Counts road users that cross one line. Walking along it from its first to its second point, from your left to your
    right is forward; with a lane, forward is that lane's legal direction. Whoever is lost just before it has crossed when he
    must have, unless he is seen on the same side again."""

    def __init__(self, shape: CountLineShape, scene: Scene) -> None:
        self.id, (self._a, self._b) = shape.id, shape.line
        self._scene = scene
        self._lane = shape.lane
        self._sides: dict[int, _Side] = {}  # by track
        self._counts: dict[bool, Counter[str]] = {True: Counter(), False: Counter()}
        self._presumed: dict[int, tuple[float, tuple[float, float], bool]] = {}  # by track: when, where, forward
        self._tidied_s: float | None = None
        self._forward_is_right = True
        if shape.lane is not None:
            middle = (self._a[0] + self._b[0]) / 2, (self._a[1] + self._b[1]) / 2
            dx, dy = scene.lane_of_id[shape.lane].direction_at(middle)
            self._forward_is_right = cross(self._a, self._b, (self._a[0] + dx, self._a[1] + dy)) > 0

    def update(self, at_s: float, user: RoadUser) -> bool | None:
        """True for a crossing forward, False for one backward, None for none."""
        away = self._away_px(user.point)
        height_px = (user.track.box.bottom - user.track.box.top) * self._scene.height_px
        number, crossed = user.track.id, None
        side, seen = self._sides.get(number), user.track.seen
        if not seen and (side is None or at_s - side.seen_s > PRESUMED_S or user.track.hits < PRESUMED_HITS):
            return None
        if seen:
            self._presumed.pop(number, None)  # he is followed again
        if abs(away) >= CLEAR_OF_LINE * height_px:
            right = away > 0
            if side is not None and side.right != right and self._between_ends(side.point, user.point):
                crossed = right == self._forward_is_right
                if side.presumed and seen:  # he had not crossed, and has not now
                    self._take_back(not crossed, user.track.cls)
                    crossed = None
                elif seen and self._was_presumed(at_s, user, crossed):
                    crossed = None
                else:
                    self._counts[crossed][user.track.cls] += 1
                    if not seen:
                        self._presumed[number] = at_s, user.point, crossed
                self._sides[number] = _Side(right, user.point, at_s if seen else side.seen_s, presumed=not seen)
            elif seen or side is None:
                self._sides[number] = _Side(right, user.point, at_s)
        if at_s != self._tidied_s:  # once a frame, not once a road user
            self._tidied_s = at_s
            for gone in [key for key, one in self._sides.items() if at_s - one.seen_s > MINUTE_S]:
                del self._sides[gone]
        return crossed

    def _was_presumed(self, at_s: float, user: RoadUser, forward: bool) -> bool:
        """Whether he is one who was lost before the line, is counted already, and comes under another id."""
        self._presumed = {key: one for key, one in self._presumed.items() if at_s - one[0] <= ANEW_S}
        for number, (_, point, way) in self._presumed.items():
            if way == forward and not self._scene.has_moved(user, point, ANEW_HEIGHTS):
                del self._presumed[number]
                return True
        return False

    def _take_back(self, forward: bool, cls: str) -> None:
        """A crossing of this minute that was none."""
        if self._counts[forward][cls] > 0:
            self._counts[forward][cls] -= 1

    def take(self) -> LineTraffic:
        """The counts since the last call."""
        counts, self._counts = self._counts, {True: Counter(), False: Counter()}
        return LineTraffic(self.id, dict(sorted(counts[True].items())), dict(sorted(counts[False].items())))

    def _away_px(self, point: tuple[float, float]) -> float:
        """Signed distance from the (endless) line in pixels; positive on the right."""
        width, height = self._scene.width_px, self._scene.height_px
        a, b = (self._a[0] * width, self._a[1] * height), (self._b[0] * width, self._b[1] * height)
        return cross(a, b, (point[0] * width, point[1] * height)) / sqrt((b[0] - a[0]) ** 2 + (b[1] - a[1]) ** 2)

    def _between_ends(self, p: tuple[float, float], q: tuple[float, float]) -> bool:
        """Whether the way from p to q, which lie on different sides, crosses between the line's two points."""
        return (cross(p, q, self._a) > 0) != (cross(p, q, self._b) > 0)
