"""Roads by chance: where the lanes and what lies beside them, who drives there, and the mast that looks at them.

Every site is straight and runs away from the mast, which stands at [0, 0]; its lanes are told from their own plans.
"""

from math import atan, atan2, degrees

from msgspec import Struct
from numpy.random import Generator

from edge_agent.simulation.plan import (
    Approach,
    Building,
    CameraPlan,
    Crossing,
    LanePlan,
    Limits,
    RoadPlan,
    SignalPlan,
    Strip,
    VehicleClass,
)

BEHIND_M = 40.0  # roads begin so far behind the mast ...
LENGTH_M = 260.0  # ... and are so long
LOOKS_AT_M = 38.0  # the middle of the picture lies about there
MEDIAN_M = 3.0
VERGE = Strip("verge", 8.0)
SIDEWALK = Strip("sidewalk", 4.0)
BUS_BAY = Strip("bus_bay", 2.8, no_stop=True)

LIMIT, LOWEST = 1.35, 0.6  # of the speed that drivers wish to drive

Flows = dict[VehicleClass, float]


class Site(Struct, frozen=True):
    kind: str
    camera: CameraPlan
    roads: tuple[RoadPlan, ...]
    signals: tuple[SignalPlan, ...] = ()
    crossings: tuple[Crossing, ...] = ()
    buildings: tuple[Building, ...] = ()


def between(random: Generator, low: float, high: float, digits: int = 1) -> float:
    return round(float(random.uniform(low, high)), digits)


def motorway(random: Generator) -> Site:
    """Two or three lanes each way with the mast over the median, or one carriageway with the mast beside it."""
    lanes, width = int(random.integers(2, 4)), between(random, 3.5, 3.75, 2)
    shoulder, speed = Strip("shoulder", between(random, 2.5, 3.0)), between(random, 75, 100, 0)
    both = bool(random.random() < 0.6)
    x = round((MEDIAN_M + lanes * width) / 2, 2) if both else between(random, 5, 8)
    left, right = (Strip("median", MEDIAN_M / 2),), (shoulder, VERGE)
    out = tuple(_fast_lane(random, f"out-{n}", width, speed, n, lanes) for n in range(1, lanes + 1))
    roads = [RoadPlan("out", _away(x), out, left, right)]
    if both:
        back = tuple(_fast_lane(random, f"in-{n}", width, speed, n, lanes) for n in range(1, lanes + 1))
        roads.append(RoadPlan("in", _away(-x)[::-1], back, left, right))
    return Site("motorway", _mast(random, 0.0 if both else x, lowest_m=8.5), tuple(roads))


def rural(random: Generator) -> Site:
    """One lane each way, shoulders, fields."""
    width, speed, x = between(random, 3.3, 3.7), between(random, 55, 75, 0), between(random, 2, 6)
    sides = (Strip("shoulder", between(random, 2.4, 2.8)), VERGE)
    lanes = tuple(
        LanePlan(lane, width, against=lane == "towards", speed_kmh=speed, speed_limit_kmh=_limit(speed),
                 min_speed_kmh=_lowest(speed),
                 flow_per_h=_flows(random, {"car": 150, "truck": 30, "bus": 10, "motorcycle": 110}))
        for lane in ("towards", "away")
    )  # fmt: skip
    return Site("rural", _mast(random, x), (RoadPlan("road", _away(x), lanes, sides, sides),))


def street(random: Generator) -> Site:
    """A city street full of motorcycles; people cross on a zebra."""
    usual: Flows = {"motorcycle": 380, "car": 70, "bicycle": 15, "bus": 5}
    at_m = BEHIND_M + between(random, 62, 75)
    zebra = Crossing("zebra", "street", at_m, people_per_h=between(random, 20, 120, 0))
    return _city(random, "street", usual, (), (zebra,))


def approach(random: Generator) -> Site:
    """A city street that leads to a signal; who comes from there has left it behind."""
    usual: Flows = {"motorcycle": 160, "car": 130, "truck": 10, "bicycle": 8, "bus": 8}
    stop_m, cycle_s = BEHIND_M + between(random, 66, 74), between(random, 45, 75, 0)
    signal = SignalPlan("main", cycle_s, (0.0, round(cycle_s * between(random, 0.45, 0.6, 2))))
    zebra = Crossing("zebra", "street", stop_m + 5, people_per_h=between(random, 60, 240, 0), signal="main")
    lines = (Approach("main", stop_m), Approach("main", stop_m + 10, against=True))
    return _city(random, "approach", usual, lines, (zebra,), (signal,))


def _city(
    random: Generator, kind: str, usual: Flows, lines: tuple[Approach, ...], crossings: tuple[Crossing, ...],
    signals: tuple[SignalPlan, ...] = (),
) -> Site:  # fmt: skip
    width, x = between(random, 3.3, 3.8), between(random, 1, 5)
    speeds = {"oncoming": 40, "inner": 42, "kerb": 36}
    lanes = tuple(
        LanePlan(lane, width + (0.6 if lane == "oncoming" else 0), against=lane == "oncoming",
                 speed_kmh=speed + between(random, -4, 6, 0), speed_limit_kmh=_limit(speed + 6),
                 flow_per_h=_flows(random, usual))
        for lane, speed in speeds.items()
    )  # fmt: skip
    parking = Strip("parking", 2.2, occupied=between(random, 0, 0.5, 2))
    road = RoadPlan("street", _away(x), lanes, (parking, SIDEWALK), (BUS_BAY, SIDEWALK), lines)
    edge = sum(lane.width_m for lane in lanes) / 2 + 7.5
    return Site(kind, _mast(random, x), (road,), signals, crossings, _houses(random, x, edge))


def _fast_lane(random: Generator, lane: str, width: float, speed: float, number: int, lanes: int) -> LanePlan:
    """The outer one carries the lorries, slower."""
    outer = number == lanes
    usual: Flows = {"car": 220, "truck": 70, "bus": 20, "motorcycle": 15} if outer else {"car": 300, "bus": 12}
    return LanePlan(
        lane, width, speed_kmh=speed - (15 if outer else 0), speed_limit_kmh=_limit(speed), min_speed_kmh=_lowest(speed - 15),
        flow_per_h=_flows(random, usual),
    )  # fmt: skip


def _limit(speed_kmh: float) -> Limits:
    """What nearly everybody keeps to."""
    return {"default": 5.0 * round(LIMIT * speed_kmh / 5)}


def _lowest(speed_kmh: float) -> Limits:
    return {"default": 5.0 * round(LOWEST * speed_kmh / 5)}


def _flows(random: Generator, usual: Flows) -> Flows:
    return {cls: round(between(random, 0.5, 1.4, 2) * flow, 1) for cls, flow in usual.items()}


def _away(x_m: float) -> tuple[tuple[float, float], ...]:
    return (x_m, -BEHIND_M), (x_m, LENGTH_M - BEHIND_M)


def _mast(random: Generator, road_x_m: float, lowest_m: float = 6.0) -> CameraPlan:
    """Looks down so far that the horizon is near the picture's upper edge, and to the side as far as the road asks for."""
    focal_px, horizon_px = between(random, 580, 760, 0), between(random, 140, 178, 0)
    return CameraPlan(
        focal_px=focal_px, height_m=between(random, lowest_m, 11), tilt_deg=round(degrees(atan(horizon_px / focal_px)), 2),
        pan_deg=round(degrees(atan2(road_x_m, LOOKS_AT_M)) + between(random, -2, 2), 2),
    )  # fmt: skip


def _houses(random: Generator, x_m: float, edge_m: float) -> tuple[Building, ...]:
    houses = []
    for side in (-1, 1):
        for y_m in (30.0, 62.0, 96.0):
            deep, high = between(random, 9, 13), between(random, 6, 17)
            houses.append(Building((round(x_m + side * (edge_m + deep / 2), 2), y_m), (deep, between(random, 24, 30), high)))
    return tuple(houses)
