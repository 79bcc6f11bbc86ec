"""Everybody on the road as arrays, and how they move: car-following by the Intelligent Driver Model (Treiber 2000), with
distance kept to whoever is ahead within the width that is needed, so that motorcycles filter between cars.
"""

import numpy as np
from numpy.typing import NDArray

from edge_agent.simulation.bodies import BodyClass

Array = NDArray[np.float64]
CLASSES: tuple[BodyClass, ...] = ("bicycle", "bus", "car", "motorcycle", "truck", "person", "object")
BICYCLE, BUS, CAR, MOTORCYCLE, TRUCK, PERSON, OBJECT = range(len(CLASSES))
TWO_WHEELERS = (BICYCLE, MOTORCYCLE)

# Per class in the order of CLASSES: acceleration and comfortable braking m/s2, time gap s, standstill gap m, side room m.
ACCELERATION = np.array([0.9, 0.9, 1.5, 2.0, 0.8, 0.0, 0.0])
BRAKING = np.array([2.0, 2.0, 2.5, 2.8, 2.0, 1.0, 1.0])
HEADWAY_S = np.array([0.8, 1.5, 1.3, 0.7, 1.6, 0.0, 0.0])
STANDSTILL_M = np.array([0.8, 2.2, 2.0, 0.7, 2.4, 0.0, 0.0])
SIDE_M = np.array([0.15, 0.35, 0.35, 0.15, 0.35, 0.5, 0.1])
SIDEWAYS_M_S = np.array([0.8, 0.8, 1.1, 1.3, 0.8, 0.0, 0.0])
SIDEWAYS_SHARE = 0.25  # nobody moves sideways by more than this share of his speed ...
CREEP_M_S = 0.35  # ... except that who stands can just squeeze out
HARDEST_M_S2 = 9.0
FREE_M = 1e6

FLOATS = ("s", "d", "v", "a", "length", "width", "height", "wish", "d_target", "yaw", "limit_s", "cruise_d")
INTS = ("id", "road", "sign", "cls", "look", "crash")
BOOLS = ("guided", "blind", "fixed", "hazard")


class Fleet:
    """Arrays of equal length n, one row each road user, grown and shrunk together.

    s, d: metres along and across its road (its middle); `sign` +1 drives along s, -1 against; `v` >= 0 in m/s; `wish` is the
    speed it would like; `d_target` where across it steers to, `cruise_d` where it likes to be; `limit_s` an s where its middle
    must come to stand (NaN: none); `guided` rows are moved by their script alone; `blind` ones see nobody ahead, `fixed` ones
    keep their place across; `sign` 0 is for people and things. `crash` numbers a collision, 0: none.
    """

    s: Array
    d: Array
    v: Array
    a: Array
    length: Array
    width: Array
    height: Array
    wish: Array
    d_target: Array
    cruise_d: Array
    yaw: Array
    limit_s: Array
    id: NDArray[np.int64]
    road: NDArray[np.int64]
    sign: NDArray[np.int64]
    cls: NDArray[np.int64]
    crash: NDArray[np.int64]
    look: NDArray[np.int64]
    guided: NDArray[np.bool_]
    blind: NDArray[np.bool_]
    fixed: NDArray[np.bool_]
    hazard: NDArray[np.bool_]

    def __init__(self) -> None:
        for names, kind in ((FLOATS, np.float64), (INTS, np.int64), (BOOLS, np.bool_)):
            for name in names:
                setattr(self, name, np.empty(0, kind))

    def __len__(self) -> int:
        return len(self.s)

    def add(self, **row: float) -> None:
        """One road user; what is not named is 0."""
        for name in (*FLOATS, *INTS, *BOOLS):
            old = getattr(self, name)
            setattr(self, name, np.append(old, np.asarray(row.get(name, 0), old.dtype)))

    def keep(self, who: NDArray[np.bool_]) -> None:
        for name in (*FLOATS, *INTS, *BOOLS):
            setattr(self, name, getattr(self, name)[who])

    def row(self, number: int) -> int | None:
        """The row of the road user with this id, None when it is gone."""
        found = np.flatnonzero(self.id == number)
        return int(found[0]) if len(found) else None

    def gaps(self) -> Array:
        """(n, n): the free metres from i's front to j, where j is ahead of i and in the way of it; FREE_M elsewhere."""
        reach_lo = np.minimum(self.d, self.d_target) - self.width / 2
        reach_hi = np.maximum(self.d, self.d_target) + self.width / 2
        room = SIDE_M[self.cls]
        low, high = (reach_lo - room)[:, None], (reach_hi + room)[:, None]
        overlap = (low < reach_hi[None, :]) & (reach_lo[None, :] < high)
        ahead = (self.s[None, :] - self.s[:, None]) * self.sign[:, None]
        in_way = overlap & (ahead > 0) & (self.road[:, None] == self.road[None, :])
        free = ahead - (self.length[:, None] + self.length[None, :]) / 2
        return np.where(in_way, np.maximum(free, 0.05), FREE_M)

    def accelerate(self, stops: Array) -> None:
        """Set `a` by IDM: towards `wish`, from whoever is ahead, and so as to stand before `stops` (n,) metres ahead."""
        strength, ease = ACCELERATION[self.cls], BRAKING[self.cls]
        gap0, headway = STANDSTILL_M[self.cls], HEADWAY_S[self.cls]
        gaps = self.gaps()
        closing = self.v[:, None] - self.v[None, :] * (self.sign[:, None] * self.sign[None, :])
        root = 2 * np.sqrt(np.maximum(strength * ease, 1e-3))
        desired = gap0[:, None] + np.maximum(0.0, (self.v * headway)[:, None] + self.v[:, None] * closing / root[:, None])
        push = np.where(self.blind[:, None], 0.0, (desired / gaps) ** 2).max(axis=1, initial=0.0)
        gap_stop = np.maximum(stops, 0.05)
        desired_stop = 0.5 + np.maximum(0.0, self.v * self.v / root) + 0.3 * self.v
        push = np.maximum(push, (desired_stop / gap_stop) ** 2)
        free = (self.v / np.maximum(self.wish, 0.1)) ** 4
        self.a = np.clip(strength * (1 - free - push), -HARDEST_M_S2, strength)

    def move(self, dt_s: float) -> None:
        """Ballistic step of everyone who is not guided; sideways towards `d_target`."""
        free = ~self.guided
        before = self.v
        self.v = np.where(free, np.maximum(0.0, before + self.a * dt_s), before)
        self.s = self.s + np.where(free, self.sign * (before + self.v) / 2 * dt_s, 0.0)
        quickest = np.minimum(SIDEWAYS_M_S[self.cls], np.maximum(CREEP_M_S, SIDEWAYS_SHARE * self.v))
        pulls_out = np.abs(self.d_target - self.d) > 0.4  # who stands behind somebody and wants to pass him squeezes out
        quickest = np.where((self.v < 0.05) & ~pulls_out, 0.0, quickest)
        sideways = np.clip((self.d_target - self.d) * 1.5, -quickest, quickest)
        self.d = self.d + np.where(free, sideways * dt_s, 0.0)
        steer = np.where(self.v > 0.5, np.arctan2(sideways * self.sign, np.maximum(self.v, 2.0)), 0.0)
        self.yaw = np.where(free & (self.v > 0.05), self.yaw + (steer - self.yaw) * min(1.0, dt_s / 0.3), self.yaw)
