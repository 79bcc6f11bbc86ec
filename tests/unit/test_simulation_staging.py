"""What the script stages is there: at its place, at its time, in its direction. Both presets, and a road of its own."""

from collections import Counter
from math import atan2, cos, hypot, pi, sin

import numpy as np
import pytest
from msgspec.structs import replace

from edge_agent.simulation import presets
from edge_agent.simulation.bodies import Body, Snapshot
from edge_agent.simulation.plan import Simulation, parse_plan
from edge_agent.simulation.script import Pedestrian, Queue, Staged, WrongWay
from edge_agent.simulation.world.staging import Play

LATE_S = 3.0
TOUCH_M = 0.1  # less is a wing mirror
GRAZE_M, GRAZES = 0.75, 3
ROAD = """
name = "t"
[[roads]]
id = "r"
points_m = [[0, 0], [0, 200]]
lanes = [{ id = "a", flow_per_h = { car = 500 } }]
"""


def played(plan: Simulation, seconds: float) -> list[Snapshot]:
    play = Play(plan)
    return [play.step() for _ in range(round(seconds * plan.fps))]


def staged(*script: Staged) -> Simulation:
    return replace(parse_plan(ROAD), script=script)


@pytest.fixture(scope="module", params=presets.names())
def preset(request: pytest.FixtureRequest) -> list[Snapshot]:
    return played(presets.load(request.param), 120)


def reach(body: Body, axis: tuple[float, float]) -> float:
    """Half of what its footprint covers of the axis."""
    along = cos(body.heading) * axis[0] + sin(body.heading) * axis[1]
    across = cos(body.heading) * axis[1] - sin(body.heading) * axis[0]
    return (abs(along) * body.length_m + abs(across) * body.width_m) / 2


def depth_m(a: Body, b: Body) -> float:
    """How deep two footprints lie in one another, at least; <= 0: not at all."""
    between = b.x_m - a.x_m, b.y_m - a.y_m
    axes = [(cos(angle), sin(angle)) for body in (a, b) for angle in (body.heading, body.heading + pi / 2)]
    return min(reach(a, axis) + reach(b, axis) - abs(between[0] * axis[0] + between[1] * axis[1]) for axis in axes)


def test_who_shares_a_lane_grazes_at_most(preset: list[Snapshot]) -> None:
    """Known and not right: who squeezes past a car, enters beside one or gets before a wrong-way driver clips a corner."""
    grazes: Counter[tuple[int, int]] = Counter()
    for snapshot in preset:
        on_lanes = [body for body in snapshot.bodies if body.lane is not None and body.cls not in ("person", "object")]
        place = np.array([(body.x_m, body.y_m) for body in on_lanes])
        close = np.hypot(*(place[:, None] - place[None]).transpose(2, 0, 1)) < 12
        for a, b in ((on_lanes[i], on_lanes[j]) for i, j in np.argwhere(np.triu(close, 1)).tolist()):
            if a.lane == b.lane and depth_m(a, b) > TOUCH_M:
                assert depth_m(a, b) < GRAZE_M, (snapshot.t_s, a, b)
                grazes[a.id, b.id] += 1
    assert len(grazes) <= GRAZES and max(grazes.values(), default=0) < 10, grazes


def test_speeds_are_what_the_places_say(preset: list[Snapshot]) -> None:
    """Nobody jumps: from picture to picture each moves as fast as he says, and whoever stands keeps his place."""
    step_s, last = preset[1].t_s - preset[0].t_s, {body.id: body for body in preset[0].bodies}
    for snapshot in preset[1:]:
        for body in snapshot.bodies:
            assert body.speed_m_s >= 0
            before = last.get(body.id)
            if before is not None and body.cls not in ("person", "object") and not body.crash:
                moved_m_s = hypot(body.x_m - before.x_m, body.y_m - before.y_m) / step_s
                assert abs(moved_m_s - (body.speed_m_s + before.speed_m_s) / 2) < 1.5, (snapshot.t_s, body)
        last = {body.id: body for body in snapshot.bodies}


@pytest.mark.parametrize(("name", "number"), [("motorway", 0), ("quy_nhon", 1)])
def test_the_stopped_vehicle_stands_at_its_place_at_its_time(name: str, number: int) -> None:
    plan = presets.load(name)
    stop = plan.script[number]
    assert stop.__struct_config__.tag == "stopped_vehicle"
    road = next(road for road in plan.roads if any(lane.id == stop.lane for lane in road.lanes))  # type: ignore[union-attr]
    y_m = road.points_m[0][1] + stop.at_m  # type: ignore[union-attr]
    stands = [
        snapshot.t_s
        for snapshot in played(plan, stop.at_s + stop.seconds + 8)  # type: ignore[union-attr,operator]
        if any(body.hazard and body.lane == stop.lane and abs(body.y_m - y_m) < 4 for body in snapshot.bodies)  # type: ignore[union-attr]
    ]
    assert abs(stands[0] - stop.at_s) < LATE_S
    assert stands[-1] - stands[0] == pytest.approx(stop.seconds, abs=0.3)  # type: ignore[union-attr]


def test_the_wrong_way_driver_passes_his_place_against_everybody() -> None:
    plan = staged(WrongWay(at_s=30, lane="a", at_m=120, speed_kmh=36))
    ghosts = [(snapshot.t_s, body) for snapshot in played(plan, 60) for body in snapshot.bodies if body.along_m_s < 0]
    assert len({body.id for _, body in ghosts}) == 1
    assert all(body.along_m_s == pytest.approx(-10) and sin(body.heading) < -0.99 for _, body in ghosts)
    nearest_s, nearest = min(ghosts, key=lambda one: abs(one[1].y_m - 120))
    assert abs(nearest.y_m - 120) < 1 and abs(nearest_s - 30) < 1


@pytest.mark.parametrize("from_left", [True, False])
def test_the_pedestrian_crosses_and_pauses_in_the_middle(from_left: bool) -> None:
    plan = staged(Pedestrian(at_s=10, road="r", at_m=60, pause_s=4, from_left=from_left))
    walk = [(snapshot.t_s, body) for snapshot in played(plan, 30) for body in snapshot.bodies if body.cls == "person"]
    (begins_s, first), (_, last) = walk[0], walk[-1]
    side = -1 if from_left else 1
    assert first.x_m * side > 1.75 and last.x_m * side < -1.75 and abs(first.y_m - 60) < 0.1
    assert abs(begins_s - 10) < 1.5
    assert abs(atan2(sin(first.heading), cos(first.heading))) == pytest.approx(0 if from_left else pi)
    assert sum(body.speed_m_s == 0 and abs(body.x_m) < 0.3 for _, body in walk) * 0.1 == pytest.approx(4, abs=0.2)


def test_a_queue_forms_before_its_place_and_dissolves() -> None:
    snapshots = played(staged(Queue(at_s=5, lane="a", at_m=150, seconds=50)), 110)
    waiting = {
        snapshot.t_s: sum(body.speed_m_s < 1 and 60 < body.y_m < 150 for body in snapshot.bodies) for snapshot in snapshots
    }
    assert waiting[snapshots[0].t_s] == 0 and max(waiting.values()) >= 4 and waiting[snapshots[-1].t_s] == 0
    assert all(
        body.y_m + body.length_m / 2 < 151 for at in snapshots if 30 < at.t_s < 54 for body in at.bodies if body.speed_m_s < 1
    )
