"""The scene file: one JSON file per camera, validated once. An unknown key or rule is an error that names it.

Coordinates are normalised (0..1, origin top left, y down). Only `camera`, `ref_resolution` and `lanes` are required.
"""

import hashlib
import re
from collections.abc import Sequence
from typing import Annotated, Any, Literal

import msgspec
import numpy as np
from msgspec import Meta, Struct, field

from edge_agent.core import geometry
from edge_agent.core.failure import WrongInput
from edge_agent.core.incidents.rules import Rules
from event_contract.explain import validate
from event_contract.kinds import RoadUserClass

Coordinate = Annotated[float, Meta(ge=0, le=1)]
Point = tuple[Coordinate, Coordinate]
Id = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_.-]{1,32}$")]
Polygon = Annotated[tuple[Point, ...], Meta(min_length=3, max_length=64)]
Limits = dict[RoadUserClass | Literal["default"], Annotated[float, Meta(gt=0, le=300)]]  # km/h
MAX_BYTES = 1_000_000
COLLINEAR_SHARE = 1e-3  # three of four pairs count as in a line when their triangle is smaller than this share of the hull


class SceneError(WrongInput):
    """A scene that cannot be used. The message names the place in it, the value and what was expected."""


class LaneShape(Struct, frozen=True, forbid_unknown_fields=True):
    """One lane; `centreline` runs in the legal direction. `classes` limits who counts here (None: everyone)."""

    id: Id
    polygon: Polygon
    centreline: Annotated[tuple[Point, ...], Meta(min_length=2, max_length=64)]
    two_way: bool = False
    signalised: bool = False
    classes: tuple[RoadUserClass, ...] | None = None
    speed_limit_kmh: Limits | None = None
    min_speed_kmh: Limits | None = None


class AreaShape(Struct, frozen=True, forbid_unknown_fields=True):
    id: Id
    polygon: Polygon


class MaskShape(Struct, frozen=True, forbid_unknown_fields=True):
    """Nothing is detected in a mask; a `private` one is painted into the pixels before anything else sees them."""

    id: Id
    polygon: Polygon
    private: bool = False


class CountLineShape(Struct, frozen=True, forbid_unknown_fields=True):
    id: Id
    line: tuple[Point, Point]
    lane: Id | None = None


class Pair(Struct, frozen=True, forbid_unknown_fields=True):
    """One point seen in the image and measured on the road: [x to the right, y away from the camera] in metres."""

    image: Point
    road_m: tuple[float, float]


class Origin(Struct, frozen=True, forbid_unknown_fields=True):
    """Where road_m [0, 0] lies; `bearing_deg` is the compass bearing of +y."""

    lon: Annotated[float, Meta(ge=-180, le=180)]
    lat: Annotated[float, Meta(ge=-90, le=90)]
    bearing_deg: float = 0.0


class Calibration(Struct, frozen=True, forbid_unknown_fields=True):
    """`method` says where the pairs come from. Where they were worked out, not clicked, they fit without residuals, and
    `scale_se` is the share by which all speeds may be off, one standard error."""

    pairs: Annotated[tuple[Pair, ...], Meta(min_length=4, max_length=1000)]
    rms_m: float | None = None
    method: Literal["pairs", "lane", "tracks"] = "pairs"
    scale_se: Annotated[float, Meta(ge=0, le=1)] = 0.0
    origin: Origin | None = None


class SceneFile(Struct, frozen=True, forbid_unknown_fields=True):
    camera: str
    ref_resolution: tuple[Annotated[int, Meta(ge=16, le=16384)], Annotated[int, Meta(ge=16, le=16384)]]
    lanes: Annotated[tuple[LaneShape, ...], Meta(max_length=64)]
    carriageway: tuple[AreaShape, ...] = ()
    no_stop_zones: tuple[AreaShape, ...] = ()
    count_lines: tuple[CountLineShape, ...] = ()
    masks: tuple[MaskShape, ...] = ()
    calibration: Calibration | None = None
    rules: Rules = field(default_factory=Rules)
    shadow_rules: Rules | None = None


def parse_scene(text: bytes) -> SceneFile:
    """JSON -> SceneFile. Raises SceneError naming the place."""
    if len(text) > MAX_BYTES:
        raise SceneError(f"is larger than {MAX_BYTES} bytes; a scene is a few kilobytes of JSON")
    try:
        document = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise SceneError(f"is not valid JSON: {error}") from None
    try:
        scene: SceneFile = validate(_completed(document), SceneFile)
    except ValueError as error:
        raise SceneError(_in_words(str(error))) from None
    _check_shapes(scene)
    _check_references(scene)
    _check_shadow(scene)
    _check_calibration(scene)
    return scene


def scene_sha256(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()


def _completed(document: Any) -> Any:
    """What `shadow_rules` leaves out is as in `rules`."""
    match document:
        case {"shadow_rules": dict(shadow)}:
            live = document.get("rules")
            live = live if isinstance(live, dict) else {}
            return {**document, "shadow_rules": live | {name: _overlaid(live.get(name), rule) for name, rule in shadow.items()}}
    return document


def _overlaid(live: Any, rule: Any) -> Any:
    return {**live, **rule} if isinstance(live, dict) and isinstance(rule, dict) else rule


def _in_words(message: str) -> str:
    """What validation says -> the words of a scene: an unknown key under `rules` is a rule."""
    unknown = re.fullmatch(r"((?:shadow_)?rules): unknown key '(.*)'", message)
    if unknown:
        return f"{unknown[1]}: unknown rule {unknown[2]!r}; known are {', '.join(Rules.__struct_fields__)}"
    return message.replace("array of length >= 3", "a polygon of at least 3 points")


def _check_shapes(scene: SceneFile) -> None:
    areas: list[tuple[str, Sequence[LaneShape | AreaShape | MaskShape]]] = [
        ("lanes", scene.lanes), ("carriageway", scene.carriageway), ("no_stop_zones", scene.no_stop_zones),
        ("masks", scene.masks),
    ]  # fmt: skip
    for name, shapes in areas:
        _check_ids(name, [shape.id for shape in shapes])
        for index, shape in enumerate(shapes):
            if geometry.polygon_area(np.array(shape.polygon)) < 1e-6:
                raise SceneError(f"{name}[{index}].polygon: {shape.id!r} has no area; its points lie in a line")
    _check_ids("count_lines", [line.id for line in scene.count_lines])
    for index, line in enumerate(scene.count_lines):
        if line.line[0] == line.line[1]:
            raise SceneError(f"count_lines[{index}].line: {line.id!r} has no length; its two points are the same")
    for index, lane in enumerate(scene.lanes):
        if lane.centreline[0] == lane.centreline[-1]:
            raise SceneError(f"lanes[{index}].centreline: {lane.id!r} ends where it begins; it must run in the legal direction")


def _check_ids(name: str, ids: list[str]) -> None:
    for index, one in enumerate(ids):
        if one in ids[:index]:
            raise SceneError(f"{name}[{index}].id: {one!r} is used twice; ids must differ")


def _check_references(scene: SceneFile) -> None:
    lanes = {lane.id for lane in scene.lanes}
    for index, line in enumerate(scene.count_lines):
        if line.lane is not None and line.lane not in lanes:
            raise SceneError(f"count_lines[{index}].lane: no lane is called {line.lane!r}")
    for place, rules in (("rules", scene.rules), ("shadow_rules", scene.shadow_rules or Rules())):
        for name in Rules.__struct_fields__:
            for lane in getattr(getattr(rules, name), "lanes", None) or ():
                if lane not in lanes:
                    raise SceneError(f"{place}.{name}.lanes: no lane is called {lane!r}")


def _check_shadow(scene: SceneFile) -> None:
    if scene.shadow_rules is not None and scene.shadow_rules.camera_fault != scene.rules.camera_fault:
        raise SceneError("shadow_rules.camera_fault: decides what all rules get to see, so there is none beside it; see rules")


def _check_calibration(scene: SceneFile) -> None:
    if scene.calibration is None:
        return
    image, road = pairs_of(scene.calibration)
    for name, points in (("image", image), ("road_m", road)):
        hull = geometry.convex_hull(points)
        if len(hull) < 3 or geometry.polygon_area(hull) <= 0:
            raise SceneError(f"calibration.pairs: their {name} points lie in a line; spread them over the road")
        if len(points) == 4 and _flattest(points) < COLLINEAR_SHARE * geometry.polygon_area(hull):
            raise SceneError(f"calibration.pairs: three of the four {name} points lie in a line; move one of them")
    try:
        geometry.fit_homography(image, road)
    except ValueError as error:
        raise SceneError(f"calibration.pairs: {error}") from None


def pairs_of(calibration: Calibration) -> tuple[geometry.Array, geometry.Array]:
    """(n, 2) image points and (n, 2) metres."""
    return np.array([pair.image for pair in calibration.pairs]), np.array([pair.road_m for pair in calibration.pairs])


def _flattest(points: geometry.Array) -> float:
    """Area of the smallest triangle of any three of the four points."""
    return min(geometry.polygon_area(np.delete(points, left_out, axis=0)) for left_out in range(len(points)))
