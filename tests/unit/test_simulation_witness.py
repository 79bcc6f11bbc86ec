"""Houses, trees and posts hide in the truth whom they hide in the picture."""

from math import pi

import numpy as np

from edge_agent.simulation import presets
from edge_agent.simulation.bodies import SIZE_M, Body, BodyClass, Snapshot
from edge_agent.simulation.picture.painter import Painter
from edge_agent.simulation.truth.sight import look
from edge_agent.simulation.truth.witness import Witness
from edge_agent.simulation.world.road import build_roads

PLAN = presets.load("quy_nhon")
ROADS = build_roads(PLAN.roads)
VIEW = next(iter(Painter(PLAN, ROADS)._views.values()))


def body(cls: BodyClass, x_m: float, y_m: float, heading: float) -> Body:
    return Body(1, cls, x_m, y_m, heading, 5.0, *SIZE_M[cls], 7)


def painted_share(one: Body) -> float:
    """Of the pixels that the body would cover, those it does cover."""
    width, height = VIEW.mast.size_px
    depths, pixels = VIEW._cover_depths, []
    for hiding in (depths, np.full_like(depths, np.inf)):
        VIEW._cover_depths = hiding
        large = np.full((height * 2, width * 2, 3), 255, np.uint8)
        VIEW._draw(large, [one], 0.0)
        pixels.append(np.count_nonzero((large != 255).any(axis=2)))
    VIEW._cover_depths = depths
    return pixels[0] / pixels[1]


def test_whoever_crosses_behind_the_houses_is_as_visible_as_he_is_painted() -> None:
    witness, shares = Witness(PLAN, ROADS), []
    for cls in ("car", "bus", "motorcycle"):
        for x_m in np.arange(-24.0, 28.0, 2.0):
            one = body(cls, x_m, 53.8, 0.0)
            sight = witness.look(Snapshot(0.0, (one,), {}))
            assert look(VIEW.mast, Snapshot(0.0, (one,), {})).visible.tolist() == [1.0] * len(sight.bodies)
            if sight.bodies and sight.whole.tolist() == sight.boxes.tolist():
                shares.append((sight.visible[0], painted_share(one)))
    told, painted = np.array(shares).T
    assert (painted < 0.1).sum() > 3 and (painted > 0.9).sum() > 20 and ((painted > 0.1) & (painted < 0.9)).sum() > 2
    assert np.abs(told - painted).max() < 0.3 and np.abs(told - painted).mean() < 0.05


def test_a_post_hides_little_and_only_what_is_behind_it() -> None:
    witness = Witness(PLAN, ROADS)
    feet = np.array([lamp.foot_m for lamp in VIEW._backdrop.furniture.lamps])
    pixels, _ = VIEW.mast.project(np.column_stack([feet, np.zeros(len(feet))]))
    foot = min(feet[np.all((pixels > 40) & (pixels < (600, 320)), axis=1)].tolist(), key=lambda foot: foot[1])
    behind, before = (body("car", foot[0] * share, foot[1] * share, pi / 2) for share in (1.35, 0.9))
    hidden = 1 - witness.look(Snapshot(0.0, (behind,), {})).visible[0]
    assert 0 < hidden < 0.3
    assert witness.look(Snapshot(0.0, (before,), {})).visible.tolist() == [1.0]
