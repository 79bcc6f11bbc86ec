"""A scene file's shapes -> the scene as the pipeline uses it, where it was drawn or where the picture lies now."""

import numpy as np
from msgspec.structs import replace

from edge_agent.core import geometry
from edge_agent.core.calibration import ScaleError, calibrate
from edge_agent.core.lane import Area, Lane
from edge_agent.core.scene import Scene
from edge_agent.core.scene_format import Limits, Point, SceneFile, pairs_of


def build_scene(file: SceneFile) -> Scene:
    """The file's shapes as the pipeline uses them."""
    lanes = tuple(
        Lane(lane.id, np.array(lane.polygon), lane.centreline, lane.two_way, lane.signalised,
             None if lane.classes is None else frozenset(lane.classes), _by_class(lane.speed_limit_kmh),
             _by_class(lane.min_speed_kmh))
        for lane in file.lanes
    )  # fmt: skip
    homography = stretch = scale_error = None
    if file.calibration is not None:
        image, road = pairs_of(file.calibration)
        fit, stretch = calibrate(image, road, file.ref_resolution), geometry.convex_hull(image)
        homography, scale_error = fit.homography, ScaleError(fit, file.calibration.scale_se)
    carriageway, zones = (
        tuple(Area(area.id, np.array(area.polygon)) for area in areas) for areas in (file.carriageway, file.no_stop_zones)
    )
    masks = tuple(np.array(mask.polygon) for mask in file.masks)
    return Scene(file.camera, file.ref_resolution, lanes, carriageway, masks, homography, stretch, zones, scale_error)


def _by_class(limits_kmh: Limits | None) -> dict[str, float]:
    return {str(cls): kmh for cls, kmh in (limits_kmh or {}).items()}


def shifted(file: SceneFile, by: Point) -> SceneFile:
    """The scene of a camera whose picture lies so far to the right and down of where it was drawn. Points may leave 0..1."""

    def moved(points: tuple[Point, ...]) -> tuple[Point, ...]:
        return tuple((x + by[0], y + by[1]) for x, y in points)

    calibration = file.calibration
    if calibration is not None:
        pairs = tuple(replace(pair, image=moved((pair.image,))[0]) for pair in calibration.pairs)
        calibration = replace(calibration, pairs=pairs)
    return replace(
        file,
        lanes=tuple(replace(lane, polygon=moved(lane.polygon), centreline=moved(lane.centreline)) for lane in file.lanes),
        carriageway=tuple(replace(area, polygon=moved(area.polygon)) for area in file.carriageway),
        no_stop_zones=tuple(replace(area, polygon=moved(area.polygon)) for area in file.no_stop_zones),
        count_lines=tuple(replace(line, line=moved(line.line)) for line in file.count_lines),
        masks=tuple(replace(mask, polygon=moved(mask.polygon)) for mask in file.masks),
        calibration=calibration,
    )
