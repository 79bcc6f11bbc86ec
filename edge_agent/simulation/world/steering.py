"""Where across the road somebody drives: cars and lorries keep a lane and change it past what is slow; motorcycles and bicycles
take whatever room is ahead. A simple form of MOBIL (Kesting 2007): what is gained ahead against whom it hinders behind.
"""

import numpy as np
from numpy.typing import NDArray

from edge_agent.simulation.world.fleet import HEADWAY_S, SIDE_M, TWO_WHEELERS, Fleet
from edge_agent.simulation.world.road import Road

Array = NDArray[np.float64]
LOOK_M = 70.0
GAIN_M = 12.0  # a change must give so much more room ahead
EACH_S = 0.7  # how often one decides
FINE_M = 0.7  # motorcycles look at places so far apart


def choose(fleet: Fleet, row: int, road: Road) -> float:
    """The d that row should steer to next."""
    places = _places(fleet, row, road)
    if len(places) < 2:
        return float(fleet.d_target[row])
    ahead, behind = _room(fleet, row, places)
    wish = _wished(fleet, row, ahead, places)
    safe = behind > 0
    here = int(np.argmin(np.abs(places - fleet.d_target[row])))
    safe[here] = True
    best = int(np.argmax(np.where(safe, wish, -np.inf)))
    gain = FINE_M * 4 if fleet.cls[row] in TWO_WHEELERS else GAIN_M
    return float(places[best]) if wish[best] > wish[here] + gain else float(fleet.d_target[row])


def _places(fleet: Fleet, row: int, road: Road) -> Array:
    """Middles of the lanes of its direction; for two-wheelers any place between their edges."""
    lanes = [lane for lane in road.lanes if lane.sign == fleet.sign[row]]
    if not lanes:
        return np.empty(0)
    if fleet.cls[row] in TWO_WHEELERS:
        low, high = min(lane.edges_m[0] for lane in lanes) + 0.6, max(lane.edges_m[1] for lane in lanes) - 0.6
        return np.append(np.arange(low, high, FINE_M), high)
    return np.array([lane.middle_m for lane in lanes])


def _room(fleet: Fleet, row: int, places: Array) -> tuple[Array, Array]:
    """At each place: metres free ahead (at most LOOK_M, less where it is slow), and to spare behind (< 0: it would cut in)."""
    others = (fleet.road == fleet.road[row]) & (np.arange(len(fleet)) != row)
    reach = (fleet.width[others] + fleet.width[row]) / 2 + SIDE_M[fleet.cls[row]]
    sideways = np.minimum(
        np.abs(places[:, None] - fleet.d[others]), np.abs(places[:, None] - fleet.d_target[others])
    )
    in_way = sideways < reach
    along = (fleet.s[others] - fleet.s[row]) * fleet.sign[row]
    free = np.abs(along) - (fleet.length[others] + fleet.length[row]) / 2
    same = fleet.sign[others] * fleet.sign[row]
    speed = fleet.v[others] * same  # oncoming is negative
    closing = np.maximum(0.0, fleet.v[row] - speed)
    ahead = np.where(in_way & (along > 0), np.maximum(0.0, free - 2.0 * closing), LOOK_M).min(axis=1, initial=LOOK_M)
    needed = HEADWAY_S[fleet.cls[others]] * 0.6 * fleet.v[others] + 2.0 * np.maximum(0.0, speed - fleet.v[row]) + 1.0
    behind = np.where(in_way & (along <= 0) & (same > 0), free - needed, 1.0).min(axis=1, initial=1.0)
    beside = np.where(in_way & (free < 0.3), -1.0, 1.0).min(axis=1, initial=1.0)
    return ahead, np.minimum(behind, beside)


def _wished(fleet: Fleet, row: int, ahead: Array, places: Array) -> Array:
    """Room ahead counts; where there is enough, the own place across is preferred, and near ones to far ones."""
    home = np.abs(places - fleet.cruise_d[row])
    way = 1.5 * np.abs(places - fleet.d_target[row])
    return np.asarray(ahead - home - way)
