"""How far a camera's detector reaches, and how that is drawn."""

from collections.abc import Iterable, Iterator

from edge_agent.core import reach
from edge_agent.core.reach import Reach, Region
from edge_agent.core.scene import Scene
from edge_agent.core.types import Detections
from edge_agent.field.drawing import Mark, too_small


def reach_of(
    scene: Scene, picture_px: tuple[int, int], input_px: tuple[int, int], seen: Iterable[Detections] = ()
) -> Reach | None:
    """`picture_px`: what the detector is given; `seen`: what it found so far, for a scene without a calibration. None while
    nothing tells how large road users are."""
    wide, aspect = reach.input_px(picture_px, input_px), picture_px[0] / picture_px[1]
    if scene.homography is not None:
        return Reach(reach.scale_of_plane(scene.homography), wide, aspect, scene.homography)
    scale = reach.scale_of_boxes(seen, aspect)
    return None if scale is None else Reach(scale, wide, aspect)


def far_region_of(scene: Scene, width_px: int, input_px: tuple[int, int]) -> Region | None:
    """Where a second look at pictures `width_px` wide sees more of the lanes. None where nothing tells, or it sees no more."""
    found = reach_of(scene, (width_px, round(width_px * scene.height_px / scene.width_px)), input_px)
    return None if found is None else found.far_region(scene.lanes, width_px)


def far_marks(found: Reach | None) -> Iterator[Mark]:
    if found is None:
        return
    for cls in reach.SHOWN:
        if line := found.line(cls):
            yield too_small(cls, line)
