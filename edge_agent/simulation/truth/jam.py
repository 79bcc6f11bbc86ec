"""Whether a lane is truly congested: the share of it under vehicles and their mean speed, past the rule's thresholds for long
enough, and clear of them for as long before it is over."""

from math import exp

import numpy as np

from edge_agent.core.scene_building import build_scene
from edge_agent.core.scene_format import LaneShape, SceneFile
from edge_agent.simulation.bodies import Body

SMOOTHING_S = 5.0
CLEAR = 1.3
CELL_M = 0.5


class Jam:
    """`ends` says when the congestion that began at a time was over; `is_open` whether one goes on now."""

    def __init__(self, lane: LaneShape, scene: SceneFile) -> None:
        self.lane, self._rule, self._needed_s = lane.id, scene.rules.congestion, scene.rules.congestion.duration_s
        if lane.signalised:
            self._needed_s = scene.rules.congestion.signalised_s
        homography = build_scene(scene).homography
        assert homography is not None  # noqa: S101 - a simulated camera is always calibrated
        ends = homography.road(np.array([lane.centreline[0], lane.centreline[-1]]))
        step = ends[1] - ends[0]
        self._length_m = float(np.hypot(*step))
        self._start, self._unit = ends[0], step / self._length_m
        self._occupancy = self._vehicles = 0.0
        self._pace_kmh: float | None = None
        self._at_s: float | None = None
        self._past_s: float | None = None
        self._clear_s: float | None = None
        self._open_s: float | None = None
        self.ends: dict[float, float] = {}

    @property
    def is_open(self) -> bool:
        return self._open_s is not None

    def update(self, at_s: float, vehicles: list[Body]) -> list[float]:
        """The beginning of a congestion that has just lasted long enough, else nothing."""
        self._smooth(at_s, vehicles)
        rule, pace = self._rule, self._pace_kmh
        dense = self._occupancy >= rule.occupancy and self._vehicles >= rule.min_vehicles - 0.5
        past = dense and pace is not None and pace <= rule.slow_kmh
        clear = pace is None or pace > CLEAR * rule.slow_kmh or self._occupancy < rule.occupancy / CLEAR
        self._past_s = (at_s if self._past_s is None else self._past_s) if past else None
        self._clear_s = (at_s if self._clear_s is None else self._clear_s) if clear else None
        if self._open_s is not None:
            self.ends[self._open_s] = at_s
            if self._clear_s is not None and at_s - self._clear_s >= rule.duration_s:
                self._open_s = self._past_s = None
            return []
        if self._past_s is None or at_s - self._past_s < self._needed_s:
            return []
        self._open_s = self._past_s
        self.ends[self._open_s] = at_s
        return [self._open_s]

    def _smooth(self, at_s: float, vehicles: list[Body]) -> None:
        weight = 1.0 if self._at_s is None else 1 - exp(-(at_s - self._at_s) / SMOOTHING_S)
        self._at_s = at_s
        self._occupancy += weight * (self._covered(vehicles) - self._occupancy)
        self._vehicles += weight * (len(vehicles) - self._vehicles)
        if vehicles:
            pace = sum(body.speed_m_s for body in vehicles) / len(vehicles) * 3.6
            before = pace if self._pace_kmh is None else self._pace_kmh
            self._pace_kmh = before + weight * (pace - before)

    def _covered(self, vehicles: list[Body]) -> float:
        """The share of the lane's length that is under vehicles."""
        if not vehicles:
            return 0.0
        cells = np.zeros(max(1, round(self._length_m / CELL_M)), bool)
        for body in vehicles:
            along = float((body.x_m - self._start[0]) * self._unit[0] + (body.y_m - self._start[1]) * self._unit[1])
            low, high = (along - body.length_m / 2) / CELL_M, (along + body.length_m / 2) / CELL_M
            cells[max(0, round(low)) : max(0, round(high))] = True
        return float(cells.mean())
