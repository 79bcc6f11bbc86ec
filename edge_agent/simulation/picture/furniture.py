"""What stands beside the roads: lamp posts, trees, houses, guard rails, signals. Placed so that no lane is hidden."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from edge_agent.simulation.mast import Mast
from edge_agent.simulation.picture.ground import is_town
from edge_agent.simulation.picture.solids import Array
from edge_agent.simulation.plan import Simulation
from edge_agent.simulation.world.road import Road

LAMP_EVERY_M = 32.0
TREE_EVERY_M = 11.0
BEYOND_M = 120.0  # things stand on beyond the road's last point


@dataclass(frozen=True, slots=True)
class Lamp:
    """A street lamp: foot, and where its arm ends over the road."""

    foot_m: tuple[float, float]
    head_m: tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Tree:
    foot_m: tuple[float, float]
    height_m: float
    radius_m: float
    seed: int


@dataclass(frozen=True, slots=True)
class House:
    """`corners_m` (4, 2), the front between the first two."""

    corners_m: Array
    height_m: float
    seed: int


@dataclass(frozen=True, slots=True)
class Rail:
    points_m: Array  # (n, 2)


@dataclass(frozen=True, slots=True)
class SignalPost:
    """`facing` (2,): the unit vector towards the traffic that obeys it."""

    signal: str
    foot_m: tuple[float, float]
    facing: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Furniture:
    lamps: tuple[Lamp, ...]
    trees: tuple[Tree, ...]
    houses: tuple[House, ...]
    rails: tuple[Rail, ...]
    signals: tuple[SignalPost, ...]


def furnish(plan: Simulation, roads: tuple[Road, ...], mast: Mast) -> Furniture:
    site = _Site(roads, mast, np.random.default_rng([plan.seed, 11]))
    houses = [house for one in plan.buildings for house in _planned(site, one.at_m, one.size_m)]
    lamps: list[Lamp] = []
    trees: list[Tree] = []
    rails: list[Rail] = []
    for road in roads:
        lamps += _lamps(site, road)
        trees += _trees(site, road)
        rails += _rails(site, road)
        if is_town((road,)) and not plan.buildings:
            houses += _houses(site, road, houses)
    return Furniture(tuple(lamps), tuple(trees), tuple(houses), tuple(rails), tuple(_signals(roads)))


class _Site:
    """Knows where something may stand."""

    def __init__(self, roads: tuple[Road, ...], mast: Mast, rng: np.random.Generator) -> None:
        self.mast, self.rng = mast, rng
        self.roads = roads
        self._lines = []
        for road in roads:
            self._lines.append(_along(road, 2.0))
        seen = np.concatenate([_along(road, 3.0, lane.middle_m) for road in roads for lane in road.lanes])
        far = np.hypot(*(seen - mast.centre[:2]).T)
        pixels, depth = mast.project(np.column_stack([seen, np.zeros(len(seen))]))
        inside = (depth > 2) & (pixels[:, 0] > -40) & (pixels[:, 0] < mast.size_px[0] + 40) & (far < 160)
        self._looked_at = seen[inside]

    def hides(self, at_m: Array, radius_m: float, height_m: float) -> bool:
        """Does something round and as high as that stand between the mast and a lane?"""
        eye, height = self.mast.centre[:2], float(self.mast.centre[2])
        ray = self._looked_at - eye
        length = np.maximum(np.hypot(*ray.T), 0.1)
        along = ((at_m - eye) * ray).sum(axis=1) / length
        beside = np.abs((at_m - eye)[0] * ray[:, 1] - (at_m - eye)[1] * ray[:, 0]) / length
        sight = height * (1 - along / length)
        return bool(((along > 0) & (along < length) & (beside < radius_m) & (sight < height_m)).any())

    def off_roads(self, at_m: Array, radius_m: float, besides: Road | None = None) -> bool:
        for road, line in zip(self.roads, self._lines, strict=True):
            outer = max([road.half_m, *(max(abs(strip.from_m), abs(strip.to_m)) for strip in road.strips)])
            if road is not besides and np.hypot(*(line - at_m).T).min() < outer + radius_m:
                return False
        return True

    def off_lanes(self, at_m: Array) -> bool:
        return all(np.hypot(*(line - at_m).T).min() > road.half_m for road, line in zip(self.roads, self._lines, strict=True))

    def distance(self, at_m: Array) -> float:
        """To the nearest road's middle."""
        return float(min(np.hypot(*(line - at_m).T).min() for line in self._lines))

    def far_from_mast(self, at_m: Array, metres: float) -> bool:
        return bool(np.hypot(*(at_m - self.mast.centre[:2])) > metres)


def _along(road: Road, every_m: float, d_m: float = 0.0, beyond_m: float = 0.0) -> Array:
    """Points of a road, and beyond its end, (n, 2)."""
    s = np.arange(0.0, road.length_m + beyond_m, every_m)
    return road.at(s, np.full(len(s), d_m))[0]


def _planned(site: _Site, at_m: tuple[float, float], size_m: tuple[float, float, float]) -> list[House]:
    """A block of the plan, as a row of narrow houses along its longer side, none higher than the block."""
    half, long = np.array(size_m[:2]) / 2, int(size_m[1] > size_m[0])
    unit = np.eye(2)
    along, deep = unit[long] * half[long], unit[1 - long] * half[1 - long]
    if site.distance(at_m + deep) > site.distance(at_m - deep):
        deep = -deep  # fronts look towards the nearest road
    count = max(1, round(2 * half[long] / 5.5))
    edges = np.linspace(-1.0, 1.0, count + 1)
    houses = []
    for a, b in pairwise(edges):
        corners = np.array(at_m) + np.array([deep + a * along, deep + b * along, b * along - deep, a * along - deep])
        high = size_m[2] * float(site.rng.uniform(0.75, 1.0))
        houses.append(House(corners, high, int(site.rng.integers(1 << 30))))
    return houses


def _outer(road: Road, side: float) -> float:
    """d of the outermost strip's outer edge on this side."""
    edges = [strip.to_m if side > 0 else strip.from_m for strip in road.strips if strip.middle_m * side > 0]
    return max([road.half_m, *(side * edge for edge in edges)]) * side


def _kind(road: Road, side: float) -> str:
    strips = [strip for strip in road.strips if strip.middle_m * side > 0]
    return max(strips, key=lambda strip: side * strip.middle_m).plan.kind if strips else ""


def _lamps(site: _Site, road: Road) -> list[Lamp]:
    lamps = []
    for side in (-1.0, 1.0):
        if _kind(road, side) == "median":
            continue
        paved = [strip for strip in road.strips if strip.middle_m * side > 0 and strip.plan.kind not in ("sidewalk", "verge")]
        d = side * (max([road.half_m, *(max(abs(strip.from_m), abs(strip.to_m)) for strip in paved)]) + 0.7)
        for s in np.arange(9.0, road.length_m + BEYOND_M, LAMP_EVERY_M) + (LAMP_EVERY_M / 2 if side > 0 else 0):
            points, _ = road.at(np.array([s, s]), np.array([d, d - side * 2.2]))
            free = site.far_from_mast(points[0], 14.0) and site.off_roads(points[0], 0.3, road)
            if free and not site.hides(points[0], 0.4, 2.5):
                lamps.append(Lamp((points[0, 0], points[0, 1]), (points[1, 0], points[1, 1], 9.0)))
    return lamps


def _trees(site: _Site, road: Road) -> list[Tree]:
    trees = []
    for side in (-1.0, 1.0):
        kind = _kind(road, side)
        if kind == "median":
            continue
        town = kind == "sidewalk"
        rows = (0.0,) if town else (3.0, 9.0, 18.0, 34.0)
        for row in rows:
            for s in np.arange(4.0, road.length_m + BEYOND_M, TREE_EVERY_M if town else 8.0 + row / 2):
                height = float(site.rng.uniform(4.5, 6.5) if town else site.rng.uniform(2.0, 8.0))
                beside = -0.9 if town else 2.0 + row + site.rng.uniform(0, 6)
                place, _ = road.at(np.array([s + site.rng.uniform(-2.5, 2.5)]), np.array([_outer(road, side) + side * beside]))
                radius = height * float(site.rng.uniform(0.27, 0.36))
                free = site.off_roads(place[0], 0.6 if town else radius, road if town else None)
                if free and site.far_from_mast(place[0], 12.0) and not site.hides(place[0], radius, height):
                    trees.append(Tree((place[0, 0], place[0, 1]), height, radius, int(site.rng.integers(1 << 30))))
    return trees


def _rails(site: _Site, road: Road) -> list[Rail]:
    """A guard rail in the middle of a narrow median, and outside of a town's edge where a shoulder ends."""
    places = [strip.middle_m for strip in road.strips if strip.plan.kind == "median" and strip.plan.width_m < 6]
    places += [strip.to_m if strip.middle_m > 0 else strip.from_m for strip in road.strips if strip.plan.kind == "shoulder"]
    rails = []
    for d in places:
        points = _along(road, 4.0, d + float(np.sign(d)) * 0.3, BEYOND_M)
        clear = np.array([site.off_lanes(point) for point in points])
        rails += [Rail(run) for run in np.split(points, np.flatnonzero(~clear)) if len(run) > 2]
    return rails


def _houses(site: _Site, road: Road, others: list[House]) -> list[House]:
    """A row of narrow shop-houses behind each sidewalk."""
    houses: list[House] = []
    taken = [one.corners_m.mean(axis=0) for one in others]
    for side in (-1.0, 1.0):
        if _kind(road, side) != "sidewalk":
            continue
        edge, s = _outer(road, side) + side * 0.2, 0.0
        while s < road.length_m:
            width = float(site.rng.uniform(4.2, 7.0))
            height, deep = float(site.rng.choice([4.5, 7.5, 10.5, 10.5, 13.8, 17.0])), 13.0
            corners, _ = road.at(np.array([s, s + width, s + width, s]), edge + side * np.array([0, 0, deep, deep]))
            front, middle = corners[:2].mean(axis=0), corners.mean(axis=0)
            spare = site.rng.integers(1 << 30)
            s += width + 0.05
            near = any(np.hypot(*(middle - one)) < 9.0 for one in taken)
            places = (*corners, middle)
            clear = all(site.off_roads(one, 0.5, road) and not site.hides(one, 2.0, height) for one in places)
            if clear and not near and site.far_from_mast(front, 7.0):
                houses.append(House(corners, height, int(spare)))
    return houses


def _signals(roads: tuple[Road, ...]) -> list[SignalPost]:
    """At the right of every stop line, seen in the direction of its traffic."""
    posts = []
    for road in roads:
        for stop in road.approaches:
            ahead = -1.0 if stop.against else 1.0
            foot, heading = road.at(np.array([stop.stop_m + ahead * 0.6]), np.array([ahead * (road.half_m + 0.7)]))
            facing = -ahead * np.array([np.cos(heading[0]), np.sin(heading[0])])
            posts.append(SignalPost(stop.signal, (foot[0, 0], foot[0, 1]), (float(facing[0]), float(facing[1]))))
    return posts

