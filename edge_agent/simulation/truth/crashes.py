"""Collisions: one accident each, from the first touch on until the last one drives off; its box is where they come to stand."""

from edge_agent.simulation.bodies import Body
from edge_agent.simulation.truth.happening import Happening

ROLLS_M_S = 1.0


class Crashes:
    def __init__(self) -> None:
        self._known: dict[int, Happening] = {}
        self._boxes: dict[int, dict[int, tuple[float, ...]]] = {}  # by collision and body
        self._stood = set[int]()

    def update(self, at_s: float, body: Body, lane: str, box: tuple[float, ...]) -> Happening | None:
        """Somebody who is part of one, as he is seen now; the accident when it is new."""
        boxes, known = self._boxes.setdefault(body.crash, {}), self._known.get(body.crash)
        new = known is None
        if known is None:
            known = self._known[body.crash] = Happening("suspected_accident", at_s, at_s, lane)
        if body.id not in self._stood:
            boxes[body.id] = box
            left, top, right, bottom = zip(*boxes.values(), strict=True)
            known.box = min(left), min(top), max(right), max(bottom)
        if body.speed_m_s < ROLLS_M_S:
            self._stood.add(body.id)
            known.end_s = at_s
        return known if new else None

    def bodies_of(self, happening: Happening) -> list[int]:
        """Who is part of it."""
        return next((list(self._boxes[number]) for number, one in self._known.items() if one is happening), [])
