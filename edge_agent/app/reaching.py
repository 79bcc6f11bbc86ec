"""How far a camera's detector reaches, and how that is drawn."""

from collections.abc import Iterable, Iterator

from edge_agent.core import reach
from edge_agent.core.reach import Reach
from edge_agent.core.scene import Scene
from edge_agent.core.types import Detections
from edge_agent.field.drawing import Mark, too_small


def reach_of(
    scene: Scene, picture_px: tuple[int, int], input_px: tuple[int, int], seen: Iterable[Detections] = ()
) -> Reach | None:
    """`picture_px`: what the detector is given; `seen`: what it found so far, for a scene without a calibration. None while
    nothing tells how large road users are."""
    wide = reach.input_px(picture_px, input_px)
    if scene.homography is not None:
        return Reach(reach.scale_of_plane(scene.homography), wide, scene.homography)
    scale = reach.scale_of_boxes(seen, scene.width_px / scene.height_px)
    return None if scale is None else Reach(scale, wide)


def far_marks(found: Reach | None) -> Iterator[Mark]:
    if found is None:
        return
    for cls in reach.SHOWN:
        if line := found.line(cls):
            yield too_small(cls, line)
