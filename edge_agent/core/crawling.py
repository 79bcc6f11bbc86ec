"""Who crawls where one drives fast: as great a danger there as who stands.

Told only where it is sure: on the calibrated stretch, where boxes wander by no more than what makes a stand, of what is as
wide as its class at least (a person taken for a lorry is not), and of who began to crawl, or came into the picture so, where
that could be seen. Who comes up from afar at a crawl has long been doing so.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import hypot

from edge_agent.core.standing import GAP_S, MOVE_M, SMOOTHING_S, WANDER_PX, WANDER_SHARE
from edge_agent.core.types import RoadUser

FAST_KMH = 40.0  # usual pace of a lane on which crawling is a danger
CRAWL_KMH = 15.0  # nobody crawls who is faster
WINDOW_S = 4.0  # a pace is measured over so long
BEGUN_S = 1.0  # within which it is sure that one has begun to crawl
LEAST_WIDTH_M = {"car": 1.5, "bus": 2.2, "truck": 2.2}
WIDTH_S = 3.0  # time constant of a track's width


@dataclass(slots=True)
class _Trail:
    """One track's smoothed positions over the last WINDOW_S, and since when what it does has been in doubt."""

    width_m: float
    at: deque[tuple[float, float, float]] = field(default_factory=deque)  # seconds, metres, metres
    doubtful_since_s: float = 0.0
    crawls_since_s: float | None = None


class Crawling:
    """`update` returns who crawls now: track id -> since when."""

    def __init__(self, height_px: int, share: float) -> None:
        """`share` of its lane's usual pace: who is surely slower crawls."""
        self._height_px, self._share = height_px, share
        self._trails: dict[int, _Trail] = {}

    def update(self, at_s: float, users: list[RoadUser], usual_kmh: Mapping[str, float]) -> dict[int, float]:
        crawling: dict[int, float] = {}
        for user in users:
            if not user.track.seen:
                continue
            usual = usual_kmh.get(user.lane or "", 0.0)
            limit_kmh = min(CRAWL_KMH, self._share * usual) if usual >= FAST_KMH else 0.0
            trail = self._follow(at_s, user)
            self._judge(trail, user, limit_kmh)
            begun = trail.crawls_since_s is not None and trail.crawls_since_s - trail.doubtful_since_s <= BEGUN_S
            if user.calibrated and begun and trail.width_m >= LEAST_WIDTH_M.get(user.track.cls, float("inf")):
                crawling[user.track.id] = trail.crawls_since_s or 0.0
        for gone in [number for number, trail in self._trails.items() if at_s - trail.at[-1][0] > GAP_S]:
            del self._trails[gone]
        return crawling

    def _follow(self, at_s: float, user: RoadUser) -> _Trail:
        box, (a, _, c, _) = user.track.box, user.scale
        width_m = (box.right - box.left) * hypot(a, c)
        trail = self._trails.get(user.track.id)
        if trail is None or at_s - trail.at[-1][0] > GAP_S:
            trail = self._trails[user.track.id] = _Trail(width_m, deque([(at_s, *user.plane_m)]), at_s)
            return trail
        before_s, x_m, y_m = trail.at[-1]
        weight = min(1.0, (at_s - before_s) / SMOOTHING_S)
        trail.at.append((at_s, x_m + weight * (user.plane_m[0] - x_m), y_m + weight * (user.plane_m[1] - y_m)))
        trail.width_m += min(1.0, (at_s - before_s) / WIDTH_S) * (width_m - trail.width_m)
        while at_s - trail.at[1][0] >= WINDOW_S:
            trail.at.popleft()
        return trail

    def _judge(self, trail: _Trail, user: RoadUser, limit_kmh: float) -> None:
        """Surely faster, surely slower, or in doubt?"""
        (then_s, *then_m), (at_s, *now_m) = trail.at[0], trail.at[-1]
        moved_m, within_m = hypot(now_m[0] - then_m[0], now_m[1] - then_m[1]), limit_kmh / 3.6 * (at_s - then_s)
        tall_px = (user.track.box.bottom - user.track.box.top) * self._height_px
        _, b, _, d = user.scale
        wander_m = max(WANDER_PX, WANDER_SHARE * tall_px) * hypot(b, d) / self._height_px
        if moved_m - wander_m > within_m:
            trail.doubtful_since_s = at_s
        if at_s - then_s < WINDOW_S or wander_m > MOVE_M or moved_m + wander_m > within_m:
            trail.crawls_since_s = None
        elif trail.crawls_since_s is None:
            trail.crawls_since_s = then_s
