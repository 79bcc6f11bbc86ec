"""The scene that a technician would draw for a simulated camera, with the true geometry: lanes, carriageway, count lines,
calibration. What is too far for a detector is left out."""

from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from edge_agent.core.scene_format import SceneFile, parse_scene
from edge_agent.simulation.mast import Mast, mast_of
from edge_agent.simulation.plan import Simulation
from edge_agent.simulation.world.road import Lane, Road, build_roads

Array = NDArray[np.float64]
LEAST_CAR_PX = 17.0  # a car of 1.5 m is no smaller where a lane is drawn, in a picture of 640 pixels; see docs/simulation.md
STEP_M = 2.0
EDGE = 0.01  # lanes end so far within the picture
CALIBRATION_POINTS = 6
CARRIAGEWAY_INSET_M = 0.3  # the kerb is nobody's crime
LEAST_AREA = 0.004
QUEUE_M = 60.0  # how far red lights make vehicles wait before their stop line
COUNTS_AFTER_M = 12.0  # of road before a count line, for a vehicle that comes into the picture there to be followed
COUNTS_BEFORE = 0.5  # ... and no farther than so much of what is seen: farther vehicles hide one another


def scene_of(plan: Simulation, rules: dict[str, Any] | None = None) -> SceneFile:
    """The scene file of the plan's camera. Raises SceneError when nothing of the road is in the picture."""
    mast, roads = mast_of(plan.camera), build_roads(plan.roads)
    lanes, areas, zones, lines = [], [], [], []
    for road in roads:
        reach = _reach(mast, road)
        if reach is None:
            continue
        for lane in road.lanes:
            shape = _lane(mast, road, lane, reach)
            if shape is not None:
                lanes.append(shape)
        areas += _carriageways(mast, plan, road, reach)
        zones += _zones(mast, road, reach)
        lines += _count_lines(mast, road, reach)
    document: dict[str, Any] = {
        "camera": plan.name, "ref_resolution": list(plan.camera.size_px), "lanes": lanes, "carriageway": areas,
        "no_stop_zones": zones, "count_lines": lines, "calibration": _calibration(plan, mast, roads), "rules": rules or {},
    }  # fmt: skip
    return parse_scene(msgspec.json.encode(document))


def too_small_m(mast: Mast) -> float:
    """Beyond this distance a car is smaller than LEAST_CAR_PX of a picture of 640 pixels' width."""
    return 1.5 * mast.focal_px * (640 / mast.size_px[0]) / LEAST_CAR_PX


def _reach(mast: Mast, road: Road) -> tuple[float, float] | None:
    """The longest stretch of the road, as (from, to) in its s, whose whole width is in the picture and near enough."""
    s = np.arange(0.0, road.length_m, STEP_M)
    fits = np.ones(len(s), bool)
    for d in (-road.half_m, 0.0, road.half_m):
        points, _ = road.at(s, np.full(len(s), d))
        pixels, depth = mast.project(np.column_stack([points, np.zeros(len(s))]))
        inside = np.all((pixels > 0) & (pixels < mast.size_px), axis=1)
        near = (depth > 1.0) & (depth < too_small_m(mast))
        # a wide road leaves the picture's sides before it leaves its foot: half of it is enough
        fits &= near & (inside if d == 0.0 else np.ones(len(s), bool))
    runs = np.split(np.flatnonzero(fits), np.flatnonzero(np.diff(np.flatnonzero(fits)) > 1) + 1)
    longest = max(runs, key=len)
    return (float(s[longest[0]]), float(s[longest[-1]])) if len(longest) >= 4 else None


def _outline(mast: Mast, metres: Array) -> Array:
    """(n, 2) metres -> (n, 2) normalised, held within the picture."""
    pixels, _ = mast.project(np.column_stack([metres, np.zeros(len(metres))]))
    return np.clip(pixels / mast.size_px, EDGE, 1 - EDGE)


def _listed(points: Array) -> list[list[float]]:
    return [[round(x, 5), round(y, 5)] for x, y in points.tolist()]


def _lane(mast: Mast, road: Road, lane: Lane, reach: tuple[float, float]) -> dict[str, Any] | None:
    outline = _thinned(_outline(mast, road.band(*lane.edges_m, *reach)))
    if _area(outline) < LEAST_AREA:
        return None
    s = np.linspace(*reach, 9 if len(road.points_m) > 2 else 2)
    middle, _ = road.at(s, np.full(len(s), lane.middle_m))
    pixels, _ = mast.project(np.column_stack([middle, np.zeros(len(s))]))
    inside = np.all((pixels >= 0) & (pixels <= mast.size_px), axis=1)
    centreline = np.clip(pixels / mast.size_px, 0, 1)[inside | (len(s) == 2)]
    return {
        "id": lane.id, "polygon": _listed(outline), "centreline": _listed(centreline[:: lane.sign]),
        "two_way": lane.plan.two_way, "signalised": _waits(road, lane, reach),
        "speed_limit_kmh": lane.plan.speed_limit_kmh, "min_speed_kmh": lane.plan.min_speed_kmh,
    }  # fmt: skip


def _waits(road: Road, lane: Lane, reach: tuple[float, float]) -> bool:
    """Whether red lights make vehicles wait on this stretch: a stop line lies on it, or a queue of it does."""
    begins, ends = reach if lane.sign > 0 else (reach[1], reach[0])
    lines = [approach.stop_m for approach in road.approaches if approach.against == lane.plan.against]
    return any(0 < (line - begins) * lane.sign < (ends - begins) * lane.sign + QUEUE_M for line in lines)


def _carriageways(mast: Mast, plan: Simulation, road: Road, reach: tuple[float, float]) -> list[dict[str, Any]]:
    """All lanes of the road, crossings cut out."""
    holes = sorted(
        (crossing.at_m - crossing.width_m / 2 - 1.0, crossing.at_m + crossing.width_m / 2 + 1.0)
        for crossing in plan.crossings
        if crossing.road == road.plan.id
    )
    edge, pieces, start = road.half_m - CARRIAGEWAY_INSET_M, [], reach[0]
    for low, high in [*holes, (reach[1], reach[1])]:
        if min(low, reach[1]) - start > 3.0:
            pieces.append(_outline(mast, road.band(-edge, edge, start, min(low, reach[1]))))
        start = max(start, high)
    return [
        {"id": f"{road.plan.id}-{number}", "polygon": _listed(_thinned(piece))}
        for number, piece in enumerate(pieces, start=1)
        if _area(piece) > LEAST_AREA / 4
    ]


def _zones(mast: Mast, road: Road, reach: tuple[float, float]) -> list[dict[str, Any]]:
    outlines = [
        (number, _thinned(_outline(mast, road.band(strip.from_m, strip.to_m, *reach))))
        for number, strip in enumerate(road.strips, start=1)
        if strip.plan.no_stop
    ]
    return [{"id": f"{road.plan.id}-z{n}", "polygon": _listed(shape)} for n, shape in outlines if _area(shape) > LEAST_AREA / 4]


def _count_lines(mast: Mast, road: Road, reach: tuple[float, float]) -> list[dict[str, Any]]:
    """Across the whole road, as near as its whole width is in the picture: there vehicles are largest."""
    ends, _ = road.at(np.array(reach), np.zeros(2))
    _, depth = mast.project(np.column_stack([ends, np.zeros(2)]))
    near, far = reach if depth[0] < depth[1] else reach[::-1]
    way = np.sign(far - near) * np.arange(min(COUNTS_AFTER_M, COUNTS_BEFORE * abs(far - near)), abs(far - near), STEP_M)
    across = [road.at(np.array([s, s]), np.array([-road.half_m, road.half_m]))[0] for s in near + way]
    lines = [mast.project(np.column_stack([points, np.zeros(2)]))[0] / mast.size_px for points in across]
    whole = (index for index, line in enumerate(lines) if np.all((line > EDGE) & (line < 1 - EDGE)))
    line = _outline(mast, across[min(next(whole, len(way)), round(COUNTS_BEFORE * len(way)), len(way) - 1)])
    if abs(line[0] - line[1]).max() < 0.05:
        return []
    return [{"id": f"{road.plan.id}-count", "line": _listed(line)}]


def _calibration(plan: Simulation, mast: Mast, roads: tuple[Road, ...]) -> dict[str, Any]:
    """Points over the road that is seen, with the true metres."""
    pairs = []
    for road in roads:
        reach = _reach(mast, road)
        if reach is None:
            continue
        for s in np.linspace(*reach, CALIBRATION_POINTS):
            for d in (-road.half_m, road.half_m):
                point, _ = road.at(np.array([s]), np.array([d]))
                pixels, _ = mast.project(np.array([[*point[0], 0.0]]))
                image = pixels[0] / mast.size_px
                if np.all((image >= 0) & (image <= 1)):
                    x, y = point[0].tolist()
                    pairs.append({"image": [round(float(v), 5) for v in image], "road_m": [round(x, 2), round(y, 2)]})
    origin = None if plan.origin is None else msgspec.to_builtins(plan.origin)
    return {"pairs": pairs, "origin": origin}


def _thinned(outline: Array) -> Array:
    """Without points that say nothing: repeated ones and those in a line with their neighbours."""
    kept: list[Array] = []
    for point in outline:
        if not kept or np.abs(point - kept[-1]).max() > 1e-4:
            kept.append(point)
    corners = [
        here
        for before, here, after in zip([kept[-1], *kept[:-1]], kept, [*kept[1:], kept[0]], strict=True)
        if abs((here[0] - before[0]) * (after[1] - before[1]) - (here[1] - before[1]) * (after[0] - before[0])) > 1e-6
    ]
    return np.array(corners if len(corners) >= 3 else kept)


def _area(polygon: Array) -> float:
    x, y = polygon[:, 0], polygon[:, 1]
    return abs(float(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1)))) / 2
