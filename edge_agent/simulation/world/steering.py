"""Where across the road somebody drives: cars and lorries keep a lane and change it past what is slow; motorcycles and bicycles
take whatever room is ahead. A simple form of MOBIL (Kesting 2007): what is gained ahead against whom it hinders behind.
"""

from collections.abc import Sequence

from edge_agent.simulation.world.road import Lane
from edge_agent.simulation.world.user import RoadUser

LOOK_M, LOOK_S = 70.0, 6.0  # one looks so far, or as far as one gets in that time
GAIN_M = 12.0  # a change must give so much more room ahead
FINE_GAIN_M = 2.8  # ... that of a motorcycle
EACH_S = 0.7  # how often one decides
FINE_M = 0.7  # motorcycles look at places so far apart
EDGE_M = 0.6  # from the lanes' edges
ASIDE_M = 0.75  # within its lane a car keeps so far aside for a two-wheeler, and for who comes towards it
NARROW_M = 2.2  # ... if it is no wider
BESIDE_M = 0.3

# of one other: from and to across, the room before him (less where he is slow), what is to spare behind
# (< 0: one would cut in), whether he is beside
_Seen = tuple[float, float, float, float, bool]


def places(lanes: Sequence[Lane], filters: bool) -> tuple[float, ...]:
    """Where across one may drive, of these lanes: their middles; who filters, anywhere between their edges."""
    if not filters:
        return tuple(lane.middle_m for lane in lanes)
    fine = []
    for low, high in _joined(lanes):
        steps = int((high - low - 2 * EDGE_M) / FINE_M)
        fine += [low + EDGE_M + FINE_M * step for step in range(steps + 1)] + [high - EDGE_M]
    return tuple(fine)


def _joined(lanes: Sequence[Lane]) -> list[tuple[float, float]]:
    """Edges of what lies side by side."""
    joined = list[tuple[float, float]]()
    for low, high in sorted(lane.edges_m for lane in lanes):
        if joined and low - joined[-1][1] < 0.01:
            joined[-1] = joined[-1][0], high
        else:
            joined.append((low, high))
    return joined


def choose(users: Sequence[RoadUser], index: int, offered: Sequence[float]) -> float:
    """The d that users[index] should steer to next, of where it steers to now and the places offered. Sorted by s."""
    user = users[index]
    here, filters, look_m = user.d_target, user.manner.filters, max(LOOK_M, LOOK_S * user.v)
    seen, gives_way = _seen(users, index, look_m)
    room, _ = _judged(seen, here, here, look_m)
    if room >= look_m and abs(here - user.cruise_d) < 0.05:
        return here
    if gives_way and not filters and user.width < NARROW_M:
        offered = [place + aside for place in offered for aside in (0.0, -ASIDE_M, ASIDE_M)]
    best, best_wish = here, _wish(user, room, here) + (FINE_GAIN_M if filters else GAIN_M)
    for place in offered:
        if look_m - abs(place - user.cruise_d) <= best_wish:
            continue
        room, spare = _judged(seen, place, user.d, look_m)
        wish = _wish(user, room, place)
        if wish > best_wish and spare > 0:
            best, best_wish = place, wish
    return best


def _wish(user: RoadUser, room: float, place: float) -> float:
    """Room ahead counts; where there is enough, the own place across is preferred, and near ones to far ones."""
    return room - abs(place - user.cruise_d) - 1.5 * abs(place - user.d_target)


def _seen(users: Sequence[RoadUser], index: int, look_m: float) -> tuple[list[_Seen], bool]:
    """Everybody near, and whether there is somebody before this one whom it should give way within its lane."""
    user, gives_way = users[index], False
    s, v, sign, half_s = user.s, user.v, user.sign, user.half_s
    side = user.half_d + user.manner.side_m
    seen = list[_Seen]()
    for others in (users[index + 1 :], users[index - 1 :: -1] if index else ()):
        for other in others:
            along = (other.s - s) * sign
            free = abs(along) - half_s - other.half_s
            if free > look_m:
                break
            same = other.sign * sign
            speed = other.v * same
            room, spare = look_m, 1.0
            if along > 0:
                room = max(0.0, free - 2.0 * max(0.0, v - speed))
                gives_way = gives_way or same < 0 or other.manner.filters
            elif same > 0:
                spare = free - other.manner.headway_s * 0.6 * other.v - 2.0 * max(0.0, speed - v) - 1.0
            seen.append((other.low - side, other.high + side, room, spare, free < BESIDE_M))
    return seen, gives_way


def _judged(seen: list[_Seen], place: float, d: float, look_m: float) -> tuple[float, float]:
    """Of a place: metres free ahead, and to spare behind and on the way there from d."""
    room, spare = look_m, 1.0
    low, high = (d, place) if d < place else (place, d)
    for from_d, to_d, before, behind, beside in seen:
        if from_d < place < to_d:
            room, spare = min(room, before), min(spare, behind)
        if beside and from_d < high and low < to_d:
            spare = -1.0
    return room, spare
