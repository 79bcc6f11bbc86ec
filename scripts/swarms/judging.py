"""What a swarm's figures mean: pure. Latencies, and how a fleet came back."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence

from edge_agent.config import BrokerConfig
from scripts.swarms.device import Absence

ALLOWANCE_S = 5.0  # for connecting itself, on a busy machine
ATTEMPT_S = 10.0  # an attempt gives up after so long
STORM_OF = 200  # from so many devices on the share of a second is judged
WORST_SECOND = 0.15


def quantile(ascending: Sequence[float], share: float) -> float:
    """The value that `share` of them do not exceed; 0 for none."""
    return ascending[min(len(ascending) - 1, int(share * len(ascending)))] if ascending else 0.0


def bound_s(absence: Absence, broker: BrokerConfig) -> float:
    """The longest that the waits of the back-off can add up to after so many failures. A short connection had used some up."""
    doublings = range(absence.failures + 1)
    waits = [min(broker.max_wait_s, broker.first_wait_s * 2**n) if absence.steady else broker.max_wait_s for n in doublings]
    return sum(waits) + absence.failures * ATTEMPT_S + ALLOWANCE_S


def late_ones(absences: Iterable[Absence], broker: BrokerConfig, stall_s: float = 0.0) -> list[Absence]:
    """Who came back later than the back-off allows, on a machine that let the swarm stand still for up to `stall_s`."""
    return [one for one in absences if one.back_at_s - one.lost_at_s > bound_s(one, broker) + 2 * stall_s]


def worst_allowed(stall_s: float) -> float:
    """What was due in a second comes together with what the swarm, standing still, had left undone before."""
    return WORST_SECOND * (1.0 + stall_s)


def worst_second(connected_at_s: Sequence[float], devices: int) -> float:
    """The largest share of the devices that connected within any second."""
    moments = sorted(connected_at_s)
    most = max((bisect_left(moments, at + 1.0) - number for number, at in enumerate(moments)), default=0)
    return most / devices
