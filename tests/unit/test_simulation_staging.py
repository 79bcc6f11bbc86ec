"""What the script stages is there: at its place, at its time, in its direction. Both presets, and a road of its own."""

from itertools import pairwise
from math import atan2, cos, hypot, pi, sin

import pytest
from msgspec.structs import replace

from edge_agent.simulation import presets
from edge_agent.simulation.bodies import Body, Snapshot
from edge_agent.simulation.casting.cast import cast
from edge_agent.simulation.plan import Simulation, parse_plan
from edge_agent.simulation.script import Crash, LostLoad, Pedestrian, Queue, SlowVehicle, Staged, StoppedVehicle, WrongWay
from edge_agent.simulation.world.roadside import FIRST_ID
from edge_agent.simulation.world.staging import Play

LATE_S = 3.0
TOUCH_M = 0.1  # less is a wing mirror
LONGEST_M = 13.0
ROAD = """
name = "t"
[[roads]]
id = "r"
points_m = [[0, 0], [0, 200]]
lanes = [{ id = "a", flow_per_h = { car = 500 } }]
"""
CROSSING = """
name = "t"
signals = [{ id = "s", cycle_s = 60, green_s = [0, 27] }, { id = "o", cycle_s = 60, green_s = [33, 57] }]
[[roads]]
id = "up"
points_m = [[0, 0], [0, 200]]
lanes = [{ id = "up", flow_per_h = { car = 400 } }]
approaches = [{ signal = "s", stop_m = 80 }]
[[roads]]
id = "over"
points_m = [[-100, 100], [100, 100]]
lanes = [{ id = "over", flow_per_h = { car = 200, motorcycle = 300 } }]
approaches = [{ signal = "o", stop_m = 85 }]
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


def touching(snapshots: list[Snapshot]) -> list[tuple[float, float, Body, Body]]:
    """Whose footprints lie in one another, parked cars among them: when, how deep, who. Not those who have crashed."""
    found = []
    for snapshot in snapshots:
        bodies = sorted(snapshot.bodies, key=lambda body: body.y_m)
        for index, a in enumerate(bodies):
            for b in bodies[index + 1 :]:
                if b.y_m - a.y_m > LONGEST_M:
                    break
                walkers = a.id >= FIRST_ID and b.id >= FIRST_ID
                if abs(a.x_m - b.x_m) < LONGEST_M and not walkers and not (a.crash and a.crash == b.crash):
                    depth = depth_m(a, b)
                    if depth > TOUCH_M:
                        found.append((snapshot.t_s, round(depth, 2), a, b))
    return found


def test_nobody_touches_anybody(preset: list[Snapshot]) -> None:
    assert touching(preset) == []


@pytest.mark.parametrize(
    ("name", "seed", "seconds"),
    [
        ("quy_nhon", 3, 90),  # a bus at its stop, and motorcycles around it
        ("quy_nhon", 10, 92),  # a queue back to the junction while the other road has green
        ("quy_nhon", 13, 98),  # a car stands on the zebra
        ("motorway", 3, 60),
    ],
)
def test_nor_with_other_traffic(name: str, seed: int, seconds: float) -> None:
    assert touching(played(replace(presets.load(name), seed=seed), seconds)) == []


@pytest.mark.parametrize("number", [8, 11])  # a crash on a country road; a city street with a signal
def test_nor_on_roads_by_chance(number: int) -> None:
    plan = cast(9, number, 600, camera_faults=False)
    assert touching(played(replace(plan, duration_s=90), 90)) == []


def test_who_enters_finds_room_beside_long_vehicles() -> None:
    """A lane full of buses and motorcycles, wide enough for both."""
    busy = ROAD.replace("{ car = 500 }", "{ bus = 400, motorcycle = 3000 }, width_m = 6")
    snapshots = played(parse_plan(busy), 60)
    assert touching(snapshots) == []
    assert {body.cls for body in snapshots[-1].bodies} == {"bus", "motorcycle"}


def test_who_drives_against_everybody_gets_past_a_bus() -> None:
    """On a lane of 3.4 m nobody can pass a bus: both make room, and he leaves the road at its beginning."""
    narrow = """
name = "t"
[[roads]]
id = "r"
points_m = [[0, 0], [0, 200]]
lanes = [{ id = "b", against = true, width_m = 3.4 }, { id = "a", width_m = 3.4, flow_per_h = { bus = 500 } }]
"""
    ghost = WrongWay(at_s=20, lane="a", at_m=120, speed_kmh=25, vehicle="motorcycle", beside_m=0.9)
    snapshots = played(replace(parse_plan(narrow), script=(ghost,)), 120)
    assert touching(snapshots) == []
    way = [body for snapshot in snapshots for body in snapshot.bodies if body.cls == "motorcycle"]
    assert any(body.along_m_s < -6 for body in way) and way[-1].y_m < 2


def test_nobody_drives_into_a_junction_behind_a_queue() -> None:
    queue = Queue(at_s=5, lane="up", at_m=125, seconds=80)
    snapshots = played(replace(parse_plan(CROSSING), script=(queue,)), 85)
    assert any(body.speed_m_s < 0.1 and 106 < body.y_m < 125 for body in snapshots[-1].bodies)
    assert not [
        (snapshot.t_s, body) for snapshot in snapshots for body in snapshot.bodies
        if body.lane == "up" and body.speed_m_s < 0.1 and 94 < body.y_m < 106
    ]  # fmt: skip
    assert touching(snapshots) == []


def test_who_stands_in_a_junction_is_met_by_nobody_who_crosses() -> None:
    stop = StoppedVehicle(at_s=22, lane="up", at_m=100, seconds=30)
    snapshots = played(replace(parse_plan(CROSSING), script=(stop,)), 60)
    assert any(body.hazard for body in next(one for one in snapshots if one.t_s > 40).bodies)
    assert touching(snapshots) == []


def test_a_load_falls_on_nobody_and_nobody_drives_over_it() -> None:
    busy = parse_plan(ROAD.replace("{ car = 500 }", "{ car = 900, motorcycle = 300 }, speed_kmh = 90"))
    loads = tuple(LostLoad(at_s=at_s, lane="a", at_m=60 + at_s, seconds=2) for at_s in range(5, 85, 4))
    snapshots = played(replace(busy, script=loads), 90)
    assert touching(snapshots) == []
    assert len({body.id for snapshot in snapshots for body in snapshot.bodies if body.cls == "object"}) >= 6


def test_where_somebody_is_nobody_else_appears() -> None:
    """A load on a queue, and a second pedestrian on the first, wait."""
    busy = parse_plan(ROAD.replace("{ car = 500 }", "{ car = 900 }"))
    queue, load = Queue(at_s=10, lane="a", at_m=100, seconds=50), LostLoad(at_s=30, lane="a", at_m=88, seconds=20)
    walk = Pedestrian(at_s=5, road="r", at_m=150)
    snapshots = played(replace(busy, script=(queue, load, walk, walk)), 55)
    assert touching(snapshots) == []
    assert len({body.id for snapshot in snapshots for body in snapshot.bodies if body.cls == "person"}) == 2


def test_who_crosses_a_fast_road_waits_until_the_drivers_can_stop() -> None:
    lane = 'id = "{}", speed_kmh = 80, flow_per_h = {{ car = 700 }}'
    fast = parse_plan(ROAD.replace('id = "a", flow_per_h = { car = 500 }', lane.format("a") + " }, { " + lane.format("b")))
    walks = tuple(Pedestrian(at_s=at_s, road="r", at_m=100 + at_s, pause_s=2 + at_s % 3) for at_s in range(5, 80, 5))
    assert touching(played(replace(fast, script=walks), 90)) == []


def test_before_a_crash_nobody_is_in_the_other_and_the_first_shows_that_he_brakes() -> None:
    snapshots = played(staged(Crash(at_s=15, lane="a", at_m=120, seconds=20)), 45)
    assert touching(snapshots) == []
    pairs = [[body for body in snapshot.bodies if body.crash] for snapshot in snapshots]
    a, b = next(pair for pair in pairs if pair)
    assert -TOUCH_M < depth_m(a, b) < TOUCH_M
    first = [body for snapshot in snapshots for body in snapshot.bodies if body.id == min(a.id, b.id)]
    slower = [after for before, after in pairwise(first) if before.speed_m_s - after.speed_m_s > 0.5]
    assert len(slower) > 5 and all(body.braking for body in slower)


def test_the_lane_is_clear_for_who_drives_against_everybody() -> None:
    """Two lanes full of cars: none enters his or changes to it, so that he never has to brake."""
    two = """
name = "t"
[[roads]]
id = "r"
points_m = [[0, 0], [0, 300]]
lanes = [{ id = "a", speed_kmh = 80, flow_per_h = { car = 900 } }, { id = "b", speed_kmh = 60, flow_per_h = { car = 900 } }]
"""
    plan = replace(parse_plan(two), script=(WrongWay(at_s=30, lane="a", at_m=150, speed_kmh=50),))
    snapshots = played(plan, 60)
    way = [body for snapshot in snapshots for body in snapshot.bodies if body.along_m_s < 0]
    assert len({body.id for body in way}) == 1 and all(body.along_m_s == pytest.approx(-50 / 3.6) for body in way)
    assert touching(snapshots) == [] and {body.lane for body in snapshots[-1].bodies} >= {"a", "b"}


@pytest.mark.parametrize("at_m", [14, 17, 20])
def test_somebody_slow_enters_when_there_is_room(at_m: float) -> None:
    busy = parse_plan(ROAD.replace("{ car = 500 }", "{ car = 900 }"))
    queue, slow = Queue(at_s=0, lane="a", at_m=at_m, seconds=40), SlowVehicle(at_s=30, lane="a", at_m=60)
    snapshots = played(replace(busy, script=(queue, slow)), 80)
    assert touching(snapshots) == [] and any(body.cls == "truck" for body in snapshots[-1].bodies)


@pytest.mark.parametrize("seed", range(3))
def test_who_must_stop_is_there_in_time(seed: int) -> None:
    quiet = parse_plan(ROAD.replace("{ car = 500 }", "{ }"))
    stop = StoppedVehicle(at_s=30, lane="a", at_m=150, seconds=5)
    stands = [
        snapshot.t_s for snapshot in played(replace(quiet, script=(stop,), seed=seed), 50)
        if any(body.hazard for body in snapshot.bodies)
    ]  # fmt: skip
    assert stands[0] == pytest.approx(30, abs=1.2)


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
