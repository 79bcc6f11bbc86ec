"""One driver among others: how fast and where across he drives, and what he does where roads cross."""

import pytest
from msgspec.structs import replace

from edge_agent.simulation.bodies import SIZE_M, BodyClass
from edge_agent.simulation.plan import parse_plan
from edge_agent.simulation.world.entry import ENTRY_M, room_at
from edge_agent.simulation.world.following import Barrier, accelerate, surprised
from edge_agent.simulation.world.junction import in_the_way, junctions, kept_free
from edge_agent.simulation.world.moving import move
from edge_agent.simulation.world.road import build_roads
from edge_agent.simulation.world.steering import choose, places
from edge_agent.simulation.world.user import RoadUser
from edge_agent.simulation.world.walk import Walk
from edge_agent.simulation.world.world import World

LEFT, RIGHT = -1.75, 1.75  # middles of two lanes of 3.5 m
CROSSING = """
name = "t"
[[roads]]
id = "up"
points_m = [[0, 0], [0, 200]]
lanes = [{ id = "down", against = true }, { id = "up" }]
approaches = [{ signal = "s", stop_m = 80 }, { signal = "s", stop_m = 120, against = true }]
[[roads]]
id = "over"
points_m = [[-100, 100], [0, 100], [100, 100]]
lanes = [{ id = "over" }]
[[signals]]
id = "s"
"""


def user(s: float, d: float = RIGHT, v: float = 15.0, cls: BodyClass = "car", sign: int = 1, **more: object) -> RoadUser:
    return RoadUser(int(s), cls, 0, sign, s, d, v, *SIZE_M[cls], 0, **({"wish": max(v, 1.0)} | more))  # type: ignore[arg-type]


def chosen(*users: RoadUser, who: RoadUser) -> float:
    ordered = sorted(users, key=lambda one: one.s)
    return choose(ordered, ordered.index(who), (LEFT, RIGHT))


def test_who_is_alone_drives_as_he_likes_and_who_is_near_somebody_slow_brakes() -> None:
    alone, behind, slow = user(0, LEFT), user(0), user(25, v=5.0)
    accelerate([alone, behind, slow], [])
    assert alone.a == 0.0 and behind.a < -2.0


def test_motorcycles_do_not_mind_cars_that_they_pass() -> None:
    rider, car = user(0, 0.2, cls="motorcycle"), user(10, RIGHT, v=0.0)
    accelerate([rider, car], [])
    assert rider.a == 0.0


def test_who_drives_against_everybody_brakes_late_but_before_they_meet() -> None:
    for gap_m, brakes in ((80.0, False), (50.0, False), (25.0, True)):
        ghost, other = user(gap_m, v=10.0, sign=-1, bold=True), user(0, v=4.0)
        accelerate([other, ghost], [])
        assert ghost.a == (-9 if brakes else 0), gap_m


@pytest.mark.parametrize(("v", "brakes"), [(15.0, True), (24.0, False)])
def test_who_cannot_stop_any_more_drives_on_at_a_red_light(v: float, brakes: bool) -> None:
    driver = user(0, v=v)
    accelerate([driver], [Barrier(0, 1, 40.0, -50.0, 50.0)])
    assert (driver.a < -1) == brakes


def test_who_is_beside_is_let_in_front_without_an_emergency() -> None:
    car, rider = user(0), user(1.5, 0.3, cls="motorcycle")
    car.d_target = LEFT
    car.measure()
    accelerate([car, rider], [])
    assert car.a == -1.0


def test_nobody_moves_sideways_into_whoever_is_beside() -> None:
    car, rider = user(0), user(1, -0.2, cls="motorcycle")
    car.d_target = LEFT
    for _ in range(60):
        for one in (car, rider):
            one.measure()
        move([car, rider], 0.1)
    assert car.d - car.half_d > rider.d + rider.half_d and car.yaw == pytest.approx(0, abs=0.01)


def test_a_car_changes_its_lane_past_a_slow_one_but_not_when_somebody_is_beside_or_comes_from_behind() -> None:
    driver, slow = user(50), user(75, v=4.0)
    assert chosen(driver, slow, who=driver) == LEFT
    assert chosen(driver, slow, user(51, LEFT), who=driver) == RIGHT
    assert chosen(driver, slow, user(38, LEFT, v=25.0), who=driver) == RIGHT


def test_a_motorcycle_does_not_cross_before_whoever_is_beside() -> None:
    rider, slow = user(50, -2.5, cls="motorcycle"), user(60, -2.5, v=3.0)
    assert choose([rider, slow], 0, (-2.5, 2.5)) == 2.5
    assert choose([user(50, 0.0, sign=-1), rider, slow], 1, (-2.5, 2.5)) == -2.5


def test_a_car_gives_way_within_its_lane() -> None:
    driver, bicycle = user(50), user(70, 2.8, v=4.0, cls="bicycle")
    beside = user(49, LEFT - 0.5)
    assert RIGHT - 1 < chosen(driver, bicycle, beside, who=driver) < RIGHT


def test_places_between_the_edges_for_who_filters() -> None:
    lanes = build_roads(parse_plan(CROSSING).roads)[0].lanes
    assert places(lanes, filters=False) == (LEFT, RIGHT)
    fine = places(lanes, filters=True)
    assert fine[0] == pytest.approx(-2.9) and fine[-1] == pytest.approx(2.9) and len(fine) > 8


def test_there_is_no_room_to_enter_beside_a_bus_that_has_just_entered() -> None:
    bus = user(3, cls="bus")
    assert room_at([bus], user(0, cls="motorcycle"), 2.5)[0] < 0
    assert room_at([bus], user(0, cls="motorcycle"), LEFT)[0] > ENTRY_M
    against = room_at([user(60, sign=-1)], user(0), RIGHT)
    assert against[0] < 0 and against[1] == 0.0


def test_who_waits_at_a_closed_lane_enters_when_it_is_opened() -> None:
    world = World(replace(parse_plan(CROSSING), warm_up_s=0))
    lane = world.lanes["up"]
    waits = world.new_vehicle("car", lane)
    world.entries["up"].waiting.append(waits)
    world.close(lane)
    world.advance()
    assert world.users[0] == []
    world.close(lane, -1)
    world.advance()
    assert world.users[0] == [waits] and not world.has_room(world.new_vehicle("truck", lane))


def test_somebody_on_foot_does_not_step_before_who_could_not_stop() -> None:
    world = World(replace(parse_plan(CROSSING), warm_up_s=0))
    walk, car = Walk(road=0, s=100, from_d=4.7, to_d=-4.7, speed_m_s=1.3), user(80)
    walk.begin(world)
    world.let_in(car)
    assert walk.update(world) and (walk.user.v, walk.user.d) == (0.0, 4.7)
    car.s = 104.0
    assert walk.update(world) and walk.user.v == 1.3 and walk.user.d < 4.7


def test_who_could_not_stop_is_surprised() -> None:
    assert surprised([user(80)], 100, 0, 3.5)
    assert not surprised([user(40)], 100, 0, 3.5) and not surprised([user(105)], 100, 0, 3.5)
    assert surprised([user(99, v=0.0)], 100, 0, 3.5) and not surprised([user(80, LEFT)], 100, 0, 3.5)


def test_who_stands_in_a_junction_is_in_the_way_of_those_who_cross() -> None:
    roads = build_roads(parse_plan(CROSSING).roads)
    of_over = next(junction for junction in junctions(roads) if junction.road == 1)
    assert of_over.from_s == pytest.approx(96.5, abs=0.6) and of_over.to_s == pytest.approx(103.5, abs=0.6)
    bus = user(101, cls="bus")
    (thing,) = in_the_way(of_over, roads, [bus, user(130)])
    assert [thing.s, thing.d] == pytest.approx([100 + RIGHT, -1.0])
    assert [thing.half_s, thing.half_d] == pytest.approx([bus.half_d, bus.half_s])
    driver = user(85, 0.0, v=10.0)
    accelerate([driver, thing], [])
    assert driver.a < -4


def test_nobody_drives_into_a_junction_that_he_cannot_leave() -> None:
    roads = build_roads(parse_plan(CROSSING).roads)
    of_up = next(junction for junction in junctions(roads) if junction.road == 0)
    full = Barrier(0, 1, 80.0, 0.0, 3.5)
    assert kept_free(of_up, roads[0], [user(108, v=0.0)]) == [full]
    assert kept_free(of_up, roads[0], [user(92, LEFT, v=0.0, sign=-1)]) == [Barrier(0, -1, 120.0, -3.5, 0.0)]
    assert kept_free(of_up, roads[0], [user(118, v=0.0)]) == []
    assert kept_free(of_up, roads[0], [user(90), user(118, v=0.0)]) == [full]
    assert kept_free(of_up, roads[0], [user(108), user(150, v=0.0), user(78, v=0.0)]) == []
