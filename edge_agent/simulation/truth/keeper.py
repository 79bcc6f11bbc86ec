"""The truth of a simulated camera: incidents, counts and speeds for `truth.json`, boxes and positions for `tracks.csv`.

A blow turns the camera away from its scene. Then `tracks.csv` has the boxes of the picture; incidents and counts are judged
on the road as the scene has it, of those who are still in the picture; and speeds are not asked, for the calibration is void.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from math import atan2, cos, degrees, hypot, sin
from typing import Any

import numpy as np

from edge_agent.core.geometry import cross
from edge_agent.core.scene_format import CountLineShape, SceneFile
from edge_agent.simulation.bodies import Body, Snapshot
from edge_agent.simulation.mast import camera_at, mast_of
from edge_agent.simulation.plan import Simulation
from edge_agent.simulation.truth.referee import Referee
from edge_agent.simulation.truth.sight import Sight, look

SPEED_EVERY_S = 1.0
SPEED_WITHIN_M = 45.0
SPEED_VISIBLE = 0.75
SPEED_SEEN_S = 2.0  # a track needs so long before a speed can be asked of it
LEAST_KMH = 5.0
Point = tuple[float, float]
HEADER = "frame,id,class,left,top,width,height,visible,x_m,y_m,speed_kmh,heading_deg,lane\n"


class TruthKeeper:
    """`update` picture by picture, from the first on; `document` at the end is truth.json's."""

    def __init__(self, plan: Simulation, scene: SceneFile) -> None:
        self._plan, self._referee = plan, Referee(plan, scene)
        self._lines = [_Line(shape) for shape in scene.count_lines]
        self._speeds = _Speeds(plan)
        self._frames = 0

    def update(self, at_s: float, sight: Sight) -> None:
        """`sight` is what is in the picture."""
        self._frames += 1
        if moved := camera_at(self._plan, at_s) != self._plan.camera:
            sight = _as_drawn(self._plan, at_s, sight)
        self._referee.update(at_s, sight)
        contact = [(x, y) for x, y in sight.contact.tolist()]
        for line in self._lines:
            line.update(at_s, sight.bodies, contact)
        if not moved:
            self._speeds.update(at_s, sight, contact)

    def document(self) -> dict[str, Any]:
        return {
            "fps": self._plan.fps,
            "duration_s": round(self._frames / self._plan.fps, 3),
            "incidents": self._referee.incidents(),
            "counts": [row for line in self._lines for row in line.rows()],
            "speeds": self._speeds.rows,
        }


def _as_drawn(plan: Simulation, at_s: float, sight: Sight) -> Sight:
    """The same people where the scene's camera would have had them, as visible as they are in the picture."""
    drawn = look(mast_of(plan.camera), Snapshot(at_s, sight.bodies, {}))
    visible = {body.id: share for body, share in zip(sight.bodies, sight.visible.tolist(), strict=True)}
    return replace(drawn, visible=np.array([visible[body.id] for body in drawn.bodies]))


@dataclass(slots=True)
class _Line:
    """Who crosses a count line. Walk along it as seen on the screen: from your left to your right is forward."""

    shape: CountLineShape
    last: dict[int, tuple[float, Point]] = field(default_factory=dict)
    crossed: Counter[str] = field(default_factory=Counter)

    def update(self, at_s: float, bodies: tuple[Body, ...], contact: list[Point]) -> None:
        a, b = self.shape.line
        for body, point in zip(bodies, contact, strict=True):
            before = self.last.get(body.id)
            self.last[body.id] = at_s, point
            if before is None or body.cls == "object":
                continue
            old, new = cross(a, b, before[1]), cross(a, b, point)
            if (old < 0) != (new < 0) and cross(before[1], point, a) * cross(before[1], point, b) < 0:
                self.crossed["forward" if new >= 0 else "backward"] += 1
        for number in [number for number, (seen_s, _) in self.last.items() if at_s - seen_s > 1.0]:
            del self.last[number]

    def rows(self) -> list[dict[str, Any]]:
        return [{"line": self.shape.id, "direction": way, "n": self.crossed[way]} for way in ("forward", "backward")]


class _Speeds:
    """Now and then the speed of one vehicle that is plainly seen: what a published speed is held against."""

    def __init__(self, plan: Simulation) -> None:
        self._mast = plan.camera.x_m, plan.camera.y_m
        self._random = np.random.default_rng([plan.seed, 7])
        self._since: dict[int, tuple[float, float]] = {}  # first and last plainly seen
        self._due_s = SPEED_EVERY_S
        self.rows: list[dict[str, Any]] = []

    def update(self, at_s: float, sight: Sight, contact: list[Point]) -> None:
        plain = [
            index
            for index, (body, visible) in enumerate(zip(sight.bodies, sight.visible.tolist(), strict=True))
            if visible >= SPEED_VISIBLE and body.lane is not None and body.cls not in ("person", "object")
        ]
        for index in plain:
            number = sight.bodies[index].id
            first, last = self._since.get(number, (at_s, at_s))
            self._since[number] = (first if at_s - last < 0.5 else at_s), at_s
        if at_s < self._due_s:
            return
        self._due_s = at_s + SPEED_EVERY_S
        ready = [index for index in plain if self._is_ready(at_s, sight, index)]
        if ready:
            index = ready[int(self._random.integers(len(ready)))]
            x, y = contact[index]
            kmh = sight.bodies[index].speed_m_s * 3.6
            self.rows.append({"t_s": round(at_s, 3), "point": [round(x, 4), round(y, 4)], "kmh": round(kmh, 2)})
        for number in [number for number, (_, last) in self._since.items() if at_s - last > 5.0]:
            del self._since[number]

    def _is_ready(self, at_s: float, sight: Sight, index: int) -> bool:
        body, whole, cut = sight.bodies[index], sight.whole[index], sight.boxes[index]
        away_m = hypot(body.x_m - self._mast[0], body.y_m - self._mast[1])
        complete = bool(np.abs(whole - cut).max() < 1e-9)
        seen_s = at_s - self._since[body.id][0]
        return complete and seen_s >= SPEED_SEEN_S and away_m <= SPEED_WITHIN_M and body.speed_m_s * 3.6 >= LEAST_KMH


def track_rows(number: int, sight: Sight, size_px: tuple[int, int]) -> Iterator[str]:
    """Lines of tracks.csv for one picture: boxes in pixels, cut at its edges; positions are of the middle on the road."""
    size = np.array([*size_px, *size_px], float)
    for body, box, visible in zip(sight.bodies, (sight.boxes * size).tolist(), sight.visible.tolist(), strict=True):
        left, top, right, bottom = box
        heading = degrees(atan2(sin(body.heading), cos(body.heading)))
        yield (
            f"{number},{body.id},{body.cls},{left:.2f},{top:.2f},{right - left:.2f},{bottom - top:.2f},{visible:.2f},"
            f"{body.x_m:.3f},{body.y_m:.3f},{body.speed_m_s * 3.6:.2f},{heading:.1f},{body.lane or ''}\n"
        )
