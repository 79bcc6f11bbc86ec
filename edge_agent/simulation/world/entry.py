"""Where a lane's traffic comes from."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from math import inf

from numpy.random import Generator

from edge_agent.simulation.plan import VehicleClass
from edge_agent.simulation.world.road import Lane
from edge_agent.simulation.world.user import RoadUser

WAITING = 6  # vehicles that wait to enter a lane; more take another way
FREE_M = 1e6
ENTRY_M = 8.0
ROOM_S = 3.0  # the room beyond ENTRY_M lets somebody be faster than who is ahead by so much of it a second
SIDE_M = 0.3
ONCOMING_S = 5.0  # nobody enters against who is nearer than that


@dataclass(slots=True)
class Entry:
    """Who waits to enter a lane, when the next of each class arrives, how often the lane is closed."""

    lane: Lane
    next_s: dict[VehicleClass, float] = field(default_factory=dict)
    waiting: deque[RoadUser] = field(default_factory=deque)
    closed: int = 0
    due_s: float = inf  # the earliest of next_s

    def begin(self, random: Generator, from_s: float) -> None:
        for cls, flow in self.lane.plan.flow_per_h.items():
            if flow > 0:
                self.next_s[cls] = from_s + random.exponential(3600 / flow)
        self.due_s = min(self.next_s.values(), default=inf)

    def arrived(self, random: Generator, t_s: float) -> list[VehicleClass]:
        """Who has come until now; beyond WAITING, and while the lane is closed, they take another way."""
        come = list[VehicleClass]()
        if t_s < self.due_s:
            return come
        for cls, at_s in self.next_s.items():
            if at_s <= t_s:
                self.next_s[cls] = at_s + random.exponential(3600 / self.lane.plan.flow_per_h[cls])
                if not self.closed and len(self.waiting) + len(come) < WAITING:
                    come.append(cls)
        self.due_s = min(self.next_s.values())
        return come


def room_at(users: Iterable[RoadUser], new: RoadUser, across: float) -> tuple[float, float]:
    """Metres free before somebody who would enter now at `across` (< 0: taken), and the speed of whoever is ahead."""
    room, speed = FREE_M, new.v
    low, high = across - new.half_d - SIDE_M, across + new.half_d + SIDE_M
    for other in users:
        if other.high <= low or other.low >= high:
            continue
        along = (other.s - new.s) * new.sign
        halves = new.half_s + other.half_s
        if along < -halves:
            continue
        follows = other.v * other.sign * new.sign
        free = along - halves - ONCOMING_S * max(0.0, -follows)
        if free < room:
            room, speed = free, max(0.0, follows)
    return room, speed
