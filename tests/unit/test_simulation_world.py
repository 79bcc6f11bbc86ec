"""The simulated road: plans that cannot be, traffic that obeys, what is staged happens, and the truth tells it."""

from itertools import pairwise
from math import hypot

import pytest
from msgspec.structs import replace

from edge_agent.simulation import presets
from edge_agent.simulation.bodies import Body, Snapshot
from edge_agent.simulation.mast import mast_of
from edge_agent.simulation.plan import PlanError, Simulation, parse_plan
from edge_agent.simulation.script import Crash, Staged
from edge_agent.simulation.toml import to_toml
from edge_agent.simulation.truth.keeper import TruthKeeper
from edge_agent.simulation.truth.scenery import scene_of
from edge_agent.simulation.truth.sight import look
from edge_agent.simulation.world.staging import Play

ROAD = 'name = "t"\n[[roads]]\nid = "r"\npoints_m = [[0, 0], [0, 200]]\nlanes = [{ id = "a" }, { id = "b" }]\n'


def motorway(*script: Staged, seed: int = 1) -> Simulation:
    return replace(presets.load("motorway"), script=script, seed=seed)


def played(plan: Simulation, seconds: float) -> list[Snapshot]:
    play = Play(plan)
    return [play.step() for _ in range(round(seconds * plan.fps))]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (ROAD + "colour = 1\n", "unknown key 'colour'"),
        (ROAD.replace('id = "b"', 'id = "a"'), "id 'a' is used twice"),
        (
            ROAD + '[[script]]\nkind = "queue"\nat_s = 1\nlane = "c"\nat_m = 5\n',
            "script[0].lane: no lane is called 'c'; known are a, b",
        ),
        (ROAD + '[[script]]\nkind = "parade"\nat_s = 1\n', "script[0]"),
        (ROAD + '[[signals]]\nid = "s"\ngreen_s = [30, 20]\n', "signals[0].green_s: expected from < to <= 60"),
        ("name = ", "is not valid TOML"),
    ],
)
def test_a_plan_that_cannot_be_names_the_key(text: str, named: str) -> None:
    with pytest.raises(PlanError, match=r".*") as error:
        parse_plan(text)
    assert named in str(error.value)


@pytest.mark.parametrize("name", presets.names())
def test_a_plan_survives_being_written(name: str) -> None:
    plan = presets.load(name)
    assert parse_plan(to_toml(plan)) == plan


@pytest.mark.parametrize("name", presets.names())
def test_one_seed_is_one_world_and_another_is_another(name: str) -> None:
    first, again, other = (played(replace(presets.load(name), seed=seed), 20) for seed in (5, 5, 6))
    assert first == again and first != other


def test_vehicles_follow_without_touching() -> None:
    for snapshot in played(motorway(), 90):
        lanes: dict[str, list[Body]] = {}
        for body in snapshot.bodies:
            assert body.speed_m_s >= 0
            if body.lane is not None and abs(body.heading % 3.14159 - 1.5708) < 0.02:  # not while changing lanes
                lanes.setdefault(body.lane, []).append(body)
        for bodies in lanes.values():
            for a, b in pairwise(sorted(bodies, key=lambda body: body.y_m)):
                beside = abs(a.x_m - b.x_m) > (a.width_m + b.width_m) / 2
                assert beside or b.y_m - a.y_m > (a.length_m + b.length_m) / 2, (snapshot.t_s, a, b)


def test_nobody_drives_over_a_red_light() -> None:
    plan = presets.load("quy_nhon")
    stop_y = plan.roads[0].points_m[0][1] + plan.roads[0].approaches[0].stop_m
    before: dict[int, float] = {}
    for snapshot in played(replace(plan, script=()), 110):
        red = snapshot.signals["main"] == "red"
        for body in snapshot.bodies:
            front = body.y_m + body.length_m / 2
            if body.lane in ("inner", "kerb") and red and body.id in before:
                assert not before[body.id] <= stop_y - 1.0 < stop_y + 1.0 <= front, (snapshot.t_s, body)
            before[body.id] = front


def test_a_crash_touches_and_both_stand() -> None:
    plan = motorway(Crash(at_s=15, lane="out-right", at_m=90, seconds=20))
    crashed = [[body for body in snapshot.bodies if body.crash] for snapshot in played(plan, 45)]
    pairs = [pair for pair in crashed if len(pair) == 2 and max(body.speed_m_s for body in pair) < 0.1]
    assert pairs
    a, b = pairs[0]
    assert hypot(a.x_m - b.x_m, a.y_m - b.y_m) < (a.length_m + b.length_m) / 2 + 0.3


@pytest.mark.parametrize(
    ("name", "seconds", "expected"),
    [
        ("motorway", 60.0, [("stopped_vehicle", 22, "out-right"), ("wrong_way", 49, "in-left")]),
        ("quy_nhon", 60.0, [("pedestrian", 18, None), ("stopped_vehicle", 33, "oncoming")]),
    ],
)
def test_the_truth_is_what_was_staged_and_nothing_else(
    name: str, seconds: float, expected: list[tuple[str, float, str]]
) -> None:
    plan = replace(presets.load(name), duration_s=seconds)
    mast, keeper = mast_of(plan.camera), TruthKeeper(plan, scene_of(plan))
    for snapshot in played(plan, seconds):
        keeper.update(snapshot.t_s, look(mast, snapshot))
    document = keeper.document()
    assert document["duration_s"] == seconds
    found = document["incidents"]
    assert [(one["kind"], one.get("lane")) for one in found] == [(kind, lane) for kind, _, lane in expected]
    for one, (_, at_s, _) in zip(found, expected, strict=True):
        assert abs(one["start_s"] - at_s) < 2.5 and one["end_s"] > one["start_s"]
    assert sum(row["n"] for row in document["counts"]) > 10 and len(document["speeds"]) > 10
