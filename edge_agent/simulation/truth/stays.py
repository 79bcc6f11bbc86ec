"""Who stands where he should not, and what does: stopped vehicles, illegal parking, obstacles, on the true road."""

from dataclasses import dataclass
from math import cos, hypot, sin
from typing import Literal

from edge_agent.core.incidents.stopped_vehicle import WAITS_BEHIND_M
from edge_agent.core.scene_format import SceneFile
from edge_agent.core.scoring import FINDABLE
from edge_agent.simulation.bodies import Body
from edge_agent.simulation.truth.findable import Findable
from edge_agent.simulation.truth.happening import Happening
from edge_agent.simulation.truth.jam import Jam

MOVE_M = 1.5
QUEUE_KMH, QUEUE_SPAN_M, QUEUE_VEHICLES = 8.0, 60.0, 3
LEAST_VISIBLE = 0.4  # on average, of somebody who stands
PARKING_S = 60.0
OBSTACLE_S = 20.0
GONE_S = 1.0
DISSOLVES_S = 5.0  # whoever was part of a queue so lately waits for his turn

Excuse = Literal["none", "plain", "hard to see"]


@dataclass(frozen=True, slots=True)
class Seen:
    body: Body
    box: tuple[float, ...]
    visible: float
    lane: str | None  # by the contact point, as a scene says it


@dataclass(slots=True)
class _Stay:
    """How long one body has kept its place, and what was made of it."""

    place: tuple[float, float]
    since_s: float
    at_s: float
    where: str
    visible_s: float = 0.0
    excused_s: float | None = None
    raised: Happening | None = None
    looks: Happening | None = None  # what it looks like to whoever does not see all that excuses it


class Stays:
    """`judge` everybody who is seen, picture by picture, then `close` the picture."""

    def __init__(self, scene: SceneFile, jams: dict[str, Jam], findable: Findable) -> None:
        self._rule, self._known_s = scene.rules.stopped_vehicle, scene.rules.obstacle.known_s
        self._shapes = {lane.id: lane for lane in scene.lanes}
        self._jams, self._findable = jams, findable
        self._stays: dict[int, _Stay] = {}

    def judge(
        self, at_s: float, step_s: float, one: Seen, zone: str | None, vehicles: dict[str, list[Body]]
    ) -> list[Happening]:
        """What is new. `zone`: the no-stop zone beside the lanes in which he is; `vehicles` are those on each lane."""
        body, where = one.body, one.lane or zone
        if where is None:
            self._stays.pop(body.id, None)
            return []
        stay = self._stays.get(body.id)
        if stay is None or stay.where != where or hypot(body.x_m - stay.place[0], body.y_m - stay.place[1]) >= MOVE_M:
            self._stays[body.id] = _Stay((body.x_m, body.y_m), at_s, at_s, where)
            return []
        stay.at_s = at_s
        stay.visible_s += one.visible * step_s
        if stay.raised is not None:
            stay.raised.end_s = at_s
            self._note(stay.raised, body)
            return []
        stood_s = at_s - stay.since_s
        kind, needed_s = self._kind(one)
        if stood_s < needed_s or stay.visible_s < LEAST_VISIBLE * stood_s:
            return []
        if kind == "obstacle" and stay.since_s < self._known_s:
            return []
        if kind == "stopped_vehicle":
            excuse = self._excuse(at_s, stood_s, one, vehicles)
            stay.excused_s = stay.excused_s if excuse == "none" else at_s
            if stay.excused_s is not None and at_s - stay.excused_s < DISSOLVES_S:
                return self._looking(at_s, stay, one) if excuse == "hard to see" else []
        stay.raised = Happening(kind, at_s - needed_s, at_s, one.lane, one.box, findable=None if kind == "obstacle" else 0.0)
        self._note(stay.raised, body)
        return [stay.raised]

    def close(self, at_s: float) -> None:
        """Forget who has left the picture."""
        for number in [number for number, one in self._stays.items() if at_s - one.at_s > GONE_S]:
            del self._stays[number]

    def _kind(self, one: Seen) -> tuple[str, float]:
        if one.body.cls == "object":
            return "obstacle", OBSTACLE_S
        if one.lane is None:
            return "illegal_parking", PARKING_S
        return "stopped_vehicle", self._rule.dwell_s

    def _excuse(self, at_s: float, stood_s: float, one: Seen, vehicles: dict[str, list[Body]]) -> Excuse:
        """At a red light, behind another one, part of a congestion, a queue or a crash. A crashed car stands, too; and a queue
        that nobody can see to be one looks like its first vehicle."""
        lane = one.lane or ""
        at_signal = self._shapes[lane].signalised and stood_s < self._rule.signalised_s
        if at_signal or self._jams[lane].is_open or self._waits_behind(at_s, one):
            return "plain"
        if one.body.crash:
            return "hard to see"
        slow = [body for body in vehicles[lane] if body.speed_m_s * 3.6 < QUEUE_KMH]
        slow = [body for body in slow if _apart_m(body, one.body) <= QUEUE_SPAN_M]
        if len(slow) < QUEUE_VEHICLES:
            return "none"
        return "plain" if sum(self._findable.of(body.id) >= FINDABLE for body in slow) >= QUEUE_VEHICLES else "hard to see"

    def _waits_behind(self, at_s: float, one: Seen) -> bool:
        """Behind another vehicle that stands on his lane, and was found to: what lies there excuses nobody."""
        ahead_x, ahead_y = cos(one.body.heading), sin(one.body.heading)
        for stay in self._stays.values():
            if stay.raised is None or stay.raised.kind == "obstacle":
                continue
            if stay.where != one.lane or at_s - stay.at_s > GONE_S:
                continue
            x, y = stay.place[0] - one.body.x_m, stay.place[1] - one.body.y_m
            if MOVE_M < x * ahead_x + y * ahead_y <= WAITS_BEHIND_M:
                return True
        return False

    def _looking(self, at_s: float, stay: _Stay, one: Seen) -> list[Happening]:
        """Whoever tells of it is not wrong, but nobody has to."""
        if stay.looks is not None:
            stay.looks.end_s = at_s
            return []
        stay.looks = Happening("stopped_vehicle", stay.since_s, at_s, one.lane, one.box, findable=0.0)
        return [stay.looks]

    def _note(self, happening: Happening, body: Body) -> None:
        if happening.findable is not None:
            happening.findable = max(happening.findable, self._findable.of(body.id))


def _apart_m(body: Body, other: Body) -> float:
    return hypot(body.x_m - other.x_m, body.y_m - other.y_m)
