"""Who is on the road: a vehicle with its driver, somebody on foot, or a thing that lies there."""

from dataclasses import dataclass, field
from functools import cached_property
from math import cos, sin, sqrt
from typing import Literal

from edge_agent.simulation.bodies import BodyClass


@dataclass(frozen=True)
class Manner:
    """How a class moves: metres, seconds. `side_m` is the room that it wants on each side at speed; nobody moves sideways
    faster than `sideways_m_s`, nor by more than `sideways_share` of his speed."""

    acceleration: float
    braking: float
    headway_s: float
    standstill_m: float
    side_m: float
    sideways_m_s: float
    sideways_share: float
    filters: bool = False  # between the others, as motorcycles do

    @cached_property
    def root(self) -> float:
        """2 sqrt(acceleration braking) of the model of car-following."""
        return 2.0 * sqrt(self.acceleration * self.braking)


MANNERS: dict[BodyClass, Manner] = {
    "bicycle": Manner(0.9, 2.0, 0.8, 0.8, 0.15, 0.8, 0.25, filters=True),
    "bus": Manner(0.9, 2.0, 1.5, 2.2, 0.35, 0.8, 0.12),
    "car": Manner(1.5, 2.5, 1.3, 2.0, 0.35, 1.1, 0.2),
    "motorcycle": Manner(2.0, 2.8, 0.7, 0.7, 0.15, 1.3, 0.25, filters=True),
    "truck": Manner(0.8, 2.0, 1.6, 2.4, 0.35, 0.8, 0.12),
    "person": Manner(0.0, 1.0, 0.0, 0.0, 0.5, 0.0, 0.0),
    "object": Manner(0.0, 1.0, 0.0, 0.0, 0.1, 0.0, 0.0),
}


@dataclass(slots=True, eq=False)
class RoadUser:
    """s, d: metres along and across its road, of its middle; `sign` +1 drives along s, -1 against, 0 does not drive; v >= 0.

    `wish` is the speed it would like, `d_target` where across it steers to, `cruise_d` where it likes to be; its middle must
    come to stand at `limit_s`. `guided` ones are moved by their script alone, `bold` ones drive on until they must brake,
    `fixed` ones keep their place across. `crash` numbers a collision, 0: none.
    """

    id: int
    cls: BodyClass
    road: int
    sign: int
    s: float
    d: float
    v: float
    length: float
    width: float
    height: float
    look: int
    wish: float = 0.1
    a: float = 0.0
    yaw: float = 0.0
    limit_s: float | None = None
    crash: int = 0
    guided: bool = False
    bold: bool = False
    fixed: bool = False
    hazard: bool = False
    state: Literal["coming", "here", "gone"] = "coming"
    usual: float = field(init=False)  # the first wish
    d_target: float = field(init=False)
    cruise_d: float = field(init=False)
    manner: Manner = field(init=False)
    half_s: float = field(init=False)  # half of what its footprint covers along ...
    half_d: float = field(init=False)  # ... and across the road
    low: float = field(init=False)  # from here ...
    high: float = field(init=False)  # ... to here across it is, and will be on its way to d_target

    def __post_init__(self) -> None:
        self.manner, self.usual = MANNERS[self.cls], self.wish
        self.keep_to(self.d)

    def keep_to(self, d: float) -> None:
        self.d = self.d_target = self.cruise_d = d
        self.measure()

    def measure(self) -> None:
        """Bring what follows from place and yaw up to date."""
        if self.yaw:
            along, across = abs(cos(self.yaw)) / 2, abs(sin(self.yaw)) / 2
            self.half_s = along * self.length + across * self.width
            half_d = along * self.width + across * self.length
        else:
            self.half_s, half_d = self.length / 2, self.width / 2
        self.half_d = half_d
        if self.d <= self.d_target:
            self.low, self.high = self.d - half_d, self.d_target + half_d
        else:
            self.low, self.high = self.d_target - half_d, self.d + half_d
