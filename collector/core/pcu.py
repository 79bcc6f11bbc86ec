"""Passenger-car units: how much of a road mixed traffic takes, in cars. The factors are a standard's, not measured here.

TCVN 4054:2005 (flat terrain) has bicycle 0.2, motorcycle 0.3, car 1.0; lorries with two axles and buses under 25 seats 2.0,
larger ones 2.5, trailers 4.0. A camera counts neither axles nor seats, so all of these are 2.0 here, the least that they take.
"""

from collections.abc import Mapping

TABLE = "TCVN 4054:2005"
FACTORS = {"motorcycle": 0.3, "bicycle": 0.2, "car": 1.0, "bus": 2.0, "truck": 2.0}
OTHERWISE = 1.0  # three-wheelers and what was not recognised, of which the standard says nothing
NOT_VEHICLES = frozenset({"person"})


def pcu(counts: Mapping[str, int]) -> float:
    return sum(count * FACTORS.get(cls, OTHERWISE) for cls, count in counts.items() if cls not in NOT_VEHICLES)
