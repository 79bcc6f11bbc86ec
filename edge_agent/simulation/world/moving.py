"""Everybody a step further: along at his speed, sideways towards `d_target` as far as nobody is beside."""

from collections.abc import Sequence
from math import atan2

from edge_agent.simulation.world.user import RoadUser

CREEP_M_S = 0.35  # who stands behind somebody and wants to pass him can just squeeze out
BESIDE_M = 0.15  # nobody comes nearer to whoever is beside him
LONGEST_HALF_M = 7.0
NEAR_S = 0.3  # who will be beside me so soon is
TURN_S = 0.3
EASE_PER_S = 1.5  # of what is left to d_target


def move(users: Sequence[RoadUser], dt_s: float) -> None:
    """A ballistic step of everybody on one road who drives himself, one after the other. `users` are sorted by s."""
    for index, user in enumerate(users):
        if user.guided:
            continue
        before = user.v
        user.v = v = max(0.0, before + user.a * dt_s)
        user.s += user.sign * (before + v) / 2 * dt_s
        away = user.d_target - user.d
        if -0.005 < away < 0.005 and not user.yaw:
            continue
        _steer(users, index, away, dt_s)


def _steer(users: Sequence[RoadUser], index: int, away: float, dt_s: float) -> None:
    """Sideways by some of `away`; the yaw is that of the way it takes."""
    user = users[index]
    v, manner = user.v, user.manner
    quickest = min(manner.sideways_m_s, max(CREEP_M_S, manner.sideways_share * v))
    if v < 0.05 and -0.4 < away < 0.4:
        quickest = 0.0
    left, right = _free(users, index)
    sideways = max(-quickest, -left / dt_s / 2, min(quickest, right / dt_s / 2, away * EASE_PER_S))
    user.d += sideways * dt_s
    if v > 0.05:
        steer = atan2(sideways * user.sign, max(v, 2.0)) if v > 0.5 else 0.0
        most = max(0.0, 2 * (user.half_d + min(left, right)) - user.width) / user.length
        yaw = user.yaw + (steer - user.yaw) * min(1.0, dt_s / TURN_S)
        user.yaw = 0.0 if -0.002 < yaw < 0.002 else max(-most, min(most, yaw))
    user.measure()


def _free(users: Sequence[RoadUser], index: int) -> tuple[float, float]:
    """Metres to the left and right that nobody beside takes."""
    user = users[index]
    left = right = 1e3
    for others in (users[index + 1 :], users[index - 1 :: -1] if index else ()):
        for other in others:
            apart = abs(other.s - user.s) - user.half_s
            if apart > LONGEST_HALF_M + 3.0:
                break
            if apart - other.half_s > 0.3 + NEAR_S * abs(user.v * user.sign - other.v * other.sign):
                continue
            between = abs(other.d - user.d) - user.half_d - other.half_d - BESIDE_M
            if other.d > user.d:
                right = min(right, between)
            else:
                left = min(left, between)
    return max(0.0, left), max(0.0, right)
