"""How often the shipped detector finds a road user who looks like this one: so tall, so visible, of this class, in this light.

By the model of it, without chance. What it finds in fewer than half of the pictures no rule can judge, so the truth says of
each incident how findable its road users were at their best.
"""

from math import exp

import numpy as np

from edge_agent.simulation.plan import Simulation
from edge_agent.simulation.seeing import ClassTable, condition, fitted
from edge_agent.simulation.truth.sight import Sight

DETECTOR = "nanodet-g-416"
OVER_S = 2.0  # a rule needs about so long to judge


class Findable:
    """`update` picture by picture; `of` is the share of the pictures of the last seconds in which somebody is found."""

    def __init__(self, plan: Simulation) -> None:
        numbers = fitted().detectors[DETECTOR][condition(plan.light, plan.weather)].classes
        self._row = {cls: row for row, cls in enumerate(numbers)}
        self._table = ClassTable(list(numbers.values()))
        self._scale = 640 / plan.camera.size_px[0] * plan.camera.size_px[1]
        self._shares: dict[int, float] = {}
        self._at_s = 0.0

    def update(self, at_s: float, sight: Sight) -> None:
        weight = 1 - exp(-(at_s - self._at_s) / OVER_S)
        self._at_s = at_s
        known = [index for index, body in enumerate(sight.bodies) if body.cls in self._row]
        rows = np.array([self._row[sight.bodies[index].cls] for index in known], np.int64)
        heights = (sight.boxes[known, 3] - sight.boxes[known, 1]) * self._scale
        now = self._table.chance(rows, heights, sight.visible[known])
        before = self._shares
        self._shares = {}
        for index, chance in zip(known, now.tolist(), strict=True):
            number = sight.bodies[index].id
            old = before.get(number, 0.0)
            self._shares[number] = old + weight * (chance - old)

    def of(self, body: int) -> float:
        return self._shares.get(body, 0.0)

    def of_all(self, bodies: list[int], needed: int) -> float:
        """Of the one that is found least often among those `needed` that are found most often."""
        shares = sorted((self.of(body) for body in bodies), reverse=True)
        return shares[needed - 1] if len(shares) >= needed else 0.0
