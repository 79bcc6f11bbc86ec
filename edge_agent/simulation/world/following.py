"""How fast everybody drives: car-following by the Intelligent Driver Model (Treiber 2000), with distance kept to whoever is
ahead within the width that is needed, so that motorcycles filter between cars.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from edge_agent.simulation.world.user import RoadUser

HARDEST_M_S2 = 9.0
SIGHT_M, SIGHT_S = 20.0, 5.0  # one looks so far ahead, and as far as one gets in that time
LEADERS = 2  # of the same direction that one minds; who is before them is theirs to mind
TIGHT_M, TIGHT_S = 0.1, 0.03  # who stands needs that room on each side, and so much more for every m/s
FALLS_BACK_M_S2 = 1.0  # behind somebody beside who is to be let in front
STOPS_M_S2 = 4.0  # who would have to brake harder drives on over a red light
BOLD_M_S2, BOLD_M = 4.0, 1.0  # who drives against everybody brakes when he must so hard to stand so far off
REACTS_S = 0.5


@dataclass(frozen=True, slots=True)
class Barrier:
    """Nobody who can still stop passes `s` on this road in the direction `sign`, between `low_d` and `high_d`."""

    road: int
    sign: int
    s: float
    low_d: float
    high_d: float


def accelerate(users: Sequence[RoadUser], barriers: Sequence[Barrier]) -> None:
    """Set `a` of everybody on one road who drives himself. `users` are sorted by s."""
    backwards = users[::-1]
    for index, user in enumerate(users):
        if user.guided:
            continue
        ahead = users[index + 1 :] if user.sign > 0 else backwards[len(users) - index :]
        manner, pace = user.manner, (user.v / user.wish) ** 2
        push, hardest = _push(user, ahead)
        if barriers or user.limit_s is not None:
            push = max(push, _push_of_stop(user, barriers))
        wanted = manner.acceleration * (1 - pace * pace - push)
        user.a = max(-HARDEST_M_S2, wanted if wanted < hardest else hardest)


def _push(user: RoadUser, ahead: Sequence[RoadUser]) -> tuple[float, float]:
    """IDM's (desired / gap)^2 of whoever ahead matters most, and the highest acceleration that is left."""
    v, s, sign, manner = user.v, user.s, user.sign, user.manner
    room = min(manner.side_m, TIGHT_M + TIGHT_S * v)
    low, high = user.low - room, user.high + room
    half_s, sight = user.half_s, SIGHT_M + SIGHT_S * v
    push, hardest, leaders = 0.0, HARDEST_M_S2, LEADERS
    for other in ahead:
        gap = (other.s - s) * sign - half_s - other.half_s
        if gap > sight:
            break
        if other.high <= low or other.low >= high:
            continue
        if gap <= 0 and abs(other.d - user.d) > user.half_d + other.half_d:
            hardest = -FALLS_BACK_M_S2
            continue
        along = other.v * other.sign * sign
        closing = v - along
        if user.bold:
            if closing >= 0 and closing * closing >= 2 * BOLD_M_S2 * (gap - BOLD_M):
                return 0.0, -HARDEST_M_S2
            continue
        desired = manner.standstill_m + max(0.0, v * manner.headway_s + v * closing / manner.root)
        ratio = desired / (gap if gap > 0.05 else 0.05)
        push = max(push, ratio * ratio)
        if along > 0:
            leaders -= 1
            if not leaders:
                break
    return push, hardest


def _push_of_stop(user: RoadUser, barriers: Sequence[Barrier]) -> float:
    """The same of where it must come to stand: its own limit, a red light, a barrier."""
    v, sign, stop = user.v, user.sign, 1e6
    if user.limit_s is not None:
        own = (user.limit_s - user.s) * sign
        if own >= -3.0:
            stop = max(own, 0.0) + 0.5
    if not user.bold:
        can_m = v * v / (2 * STOPS_M_S2) - 1.0
        for barrier in barriers:
            if barrier.sign == sign and user.d + user.half_d > barrier.low_d and user.d - user.half_d < barrier.high_d:
                left = (barrier.s - user.s) * sign - user.half_s
                if left > -0.5 and left > can_m:
                    stop = min(stop, max(left, 0.05))
    ratio = (0.5 + 0.3 * v + v * v / user.manner.root) / stop
    return ratio * ratio


def surprised(users: Sequence[RoadUser], s: float, low_d: float, high_d: float) -> bool:
    """Whether somebody is at s, between those places across, or could not stop before what appears there."""
    for user in users:
        if user.sign and user.high > low_d and user.low < high_d:
            gap = (s - user.s) * user.sign - user.half_s
            if -2 * user.half_s < gap < 0.5 + REACTS_S * user.v + user.v * user.v / (2 * STOPS_M_S2):
                return True
    return False
