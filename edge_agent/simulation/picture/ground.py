"""Paints the ground: grass or pavement, what lies beside the lanes, asphalt, kerbs, and every mark on the road."""

from itertools import pairwise

import numpy as np

from edge_agent.simulation.picture.easel import Easel
from edge_agent.simulation.picture.solids import Array, Colour
from edge_agent.simulation.picture.wear import wear
from edge_agent.simulation.plan import Crossing, Simulation, StripKind
from edge_agent.simulation.world.road import Lane, Road

GRASS: Colour = (70, 118, 98)
PAVEMENT: Colour = (142, 150, 156)
ASPHALT: Colour = (106, 107, 107)
WHITE: Colour = (222, 226, 226)
YELLOW: Colour = (70, 178, 222)
KERB: Colour = (176, 182, 184)
STRIPS: dict[StripKind, tuple[Colour, float]] = {
    "shoulder": ((112, 114, 114), 60),
    "parking": ((114, 116, 118), 60),
    "bus_bay": ((120, 118, 116), 60),
    "sidewalk": ((138, 152, 168), 90),
    "median": ((86, 124, 108), 160),
    "verge": (GRASS, 220),
}
DASH_M = {True: (6.0, 9.0), False: (3.0, 4.5)}  # fast roads, others: line and gap
MARK_M = 0.15
BEYOND_M = 400.0
Spans = list[tuple[float, float]]  # from s to s, metres
ROUGH = 75.0


def is_town(roads: tuple[Road, ...]) -> bool:
    return any(strip.plan.kind == "sidewalk" for road in roads for strip in road.strips)


def paint_ground(easel: Easel, plan: Simulation, roads: tuple[Road, ...]) -> None:
    reach = 1500.0
    square = np.array([(-reach, -reach), (reach, -reach), (reach, reach), (-reach, reach)])
    easel.ground(square, PAVEMENT if is_town(roads) else GRASS, 140 if is_town(roads) else 220)
    spans = [span_of(road, roads) for road in roads]
    for road, span in zip(roads, spans, strict=True):
        for strip in road.strips:
            easel.ground(road.band(strip.from_m, strip.to_m, *span), *STRIPS[strip.plan.kind])
    for road, span in zip(roads, spans, strict=True):
        for strip in road.strips:
            if strip.plan.kind in ("sidewalk", "median"):
                inner = strip.from_m if strip.from_m > 0 else strip.to_m
                easel.ground(road.band(inner - 0.12, inner + 0.12, *span), KERB)
    for road, span in zip(roads, spans, strict=True):
        easel.ground(road.band(-road.half_m, road.half_m, *span), ASPHALT, ROUGH)
    for road, span in zip(roads, spans, strict=True):
        _tracks(easel, road, span)
    for road in roads:
        wear(easel, road, np.random.default_rng([plan.seed, 14, road.lanes[0].index]))
    for road, span in zip(roads, spans, strict=True):
        free = _free_of(road, roads, span)
        for left, right in pairwise(road.lanes):
            _between(easel, road, left, right, free)
        _edges(easel, road, free)
        _stops(easel, road)
    for crossing in plan.crossings:
        _zebra(easel, next(road for road in roads if road.plan.id == crossing.road), crossing)


def span_of(road: Road, roads: tuple[Road, ...]) -> tuple[float, float]:
    """From where to where it is drawn: on beyond its ends, where they do not lie on another road."""
    ends, _ = road.at(np.array([0.0, road.length_m]), np.zeros(2))
    others = [other for other in roads if other is not road]
    start, end = (all(distance_to(one, place) > one.half_m + 3.0 for one in others) for place in ends)
    return -BEYOND_M if start else 0.0, road.length_m + (BEYOND_M if end else 0.0)


def distance_to(road: Road, place_m: Array) -> float:
    """Metres from a point (2,) to the middle of a road."""
    s = np.arange(0.0, road.length_m + 2.0, 2.0)
    line, _ = road.at(s, np.zeros(len(s)))
    return float(np.hypot(*(line - place_m).T).min())


def _tracks(easel: Easel, road: Road, span: tuple[float, float]) -> None:
    """Where the wheels run the asphalt is a little darker, and smooth."""
    for lane in road.lanes:
        for beside in (-0.85, 0.85) if lane.plan.width_m > 2.4 else (0.0,):
            middle = lane.middle_m + beside
            easel.ground(road.band(middle - 0.3, middle + 0.3, *span), (101, 102, 102), 55)
        easel.ground(road.band(lane.middle_m - 0.2, lane.middle_m + 0.2, *span), (102, 102, 101), 60)


def _free_of(road: Road, roads: tuple[Road, ...], span: tuple[float, float]) -> Spans:
    """The stretches of a road that lie on no other one: there its marks are painted."""
    s = np.arange(*span, 1.0)
    points, _ = road.at(s, np.zeros(len(s)))
    clear = np.ones(len(s), bool)
    for other in roads:
        if other is not road:
            t = np.arange(0.0, other.length_m, 2.0)
            line, _ = other.at(t, np.zeros(len(t)))
            far = np.hypot(*(points[:, None] - line).transpose(2, 0, 1)).min(axis=1)
            clear &= far > other.half_m + 2.5
    edges = np.flatnonzero(np.diff(np.concatenate([[0], clear.astype(int), [0]])))
    return [(float(s[a]), float(s[b - 1])) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def _line(easel: Easel, road: Road, d_m: float, free: Spans, colour: Colour, dash: tuple[float, float] | None) -> None:
    """Along the stretches `free`; `dash` is the length of a stroke and of the gap behind it, None a solid line."""
    for start, end in free:
        if dash is None:
            easel.ground(road.band(d_m - MARK_M / 2, d_m + MARK_M / 2, start, end), colour, 40)
            continue
        for s in np.arange(start, end - dash[0], sum(dash)):
            easel.ground(road.band(d_m - MARK_M / 2, d_m + MARK_M / 2, s, s + dash[0]), colour, 40)


def _between(easel: Easel, road: Road, left: Lane, right: Lane, free: Spans) -> None:
    """Dashes between lanes of one direction, two yellow lines between directions; solid before a stop line."""
    edge = left.edges_m[1]
    dash = DASH_M[left.plan.speed_kmh > 65]
    if left.sign != right.sign:
        many = len(road.lanes) > 2
        for beside in (-0.14, 0.14) if many else (0.0,):
            _line(easel, road, edge + beside, free, YELLOW, None if many else dash)
        return
    _line(easel, road, edge, free, WHITE, dash)
    for stop in road.approaches:
        if stop.against == (left.sign < 0):
            near = (stop.stop_m, stop.stop_m + 22.0) if stop.against else (max(0.0, stop.stop_m - 22.0), stop.stop_m)
            _line(easel, road, edge, [near], WHITE, None)


def _edges(easel: Easel, road: Road, free: Spans) -> None:
    """A solid line where something other than a kerb follows; the places of a parking strip."""
    for side in (-1.0, 1.0):
        beside = [strip for strip in road.strips if side * strip.middle_m > 0]
        if not beside or min(beside, key=lambda strip: abs(strip.middle_m)).plan.kind != "sidewalk":
            _line(easel, road, side * (road.half_m - 0.2), free, WHITE, None)
    for strip in road.strips:
        if strip.plan.kind == "parking":
            for start, end in free:
                for s in np.arange(start, end, 5.6):
                    easel.ground(road.band(strip.from_m + 0.1, strip.to_m - 0.1, s, s + 0.1), WHITE, 40)
        elif strip.plan.kind == "bus_bay":
            _line(easel, road, strip.from_m if strip.middle_m > 0 else strip.to_m, free, YELLOW, (1.0, 1.0))


def _stops(easel: Easel, road: Road) -> None:
    """Stop lines, and an arrow on each lane before them."""
    for stop in road.approaches:
        back = 1.0 if stop.against else -1.0
        for lane in road.lanes:
            if (lane.sign < 0) == stop.against:
                low, high = lane.edges_m
                easel.ground(road.band(low, high, *sorted((stop.stop_m, stop.stop_m + back * 0.45))), WHITE, 40)
                if lane.plan.width_m > 2.2:
                    _arrow(easel, road, lane.middle_m, stop.stop_m + back * 12.0, -back)


def _arrow(easel: Easel, road: Road, d_m: float, s_m: float, ahead: float) -> None:
    outline = [(-2.2, 0.08), (0.6, 0.08), (0.6, 0.32), (2.2, 0.0), (0.6, -0.32), (0.6, -0.08), (-2.2, -0.08)]
    s, d = (np.array(column) for column in zip(*outline, strict=True))
    easel.ground(road.at(s_m + ahead * s, d_m + d)[0], WHITE, 40)


def _zebra(easel: Easel, road: Road, crossing: Crossing) -> None:
    half = crossing.width_m / 2
    for d in np.arange(-road.half_m + 0.3, road.half_m - 0.5, 1.0):
        easel.ground(road.band(d, d + 0.5, crossing.at_m - half, crossing.at_m + half), WHITE, 40)
