"""The truth of a simulated camera: what a scene folder holds is the same every time, and says what the road did."""

import csv
import json
from collections import Counter
from itertools import pairwise
from math import hypot
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace

from edge_agent.app.simulate import write_folder
from edge_agent.simulation import presets
from edge_agent.simulation.bodies import Snapshot
from edge_agent.simulation.mast import Mast, mast_of
from edge_agent.simulation.plan import Simulation, parse_plan
from edge_agent.simulation.truth.keeper import TruthKeeper
from edge_agent.simulation.truth.scenery import scene_of
from edge_agent.simulation.truth.sight import look
from edge_agent.simulation.truth.witness import Witness
from edge_agent.simulation.world.staging import Play

SECONDS = 30.0


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("scene") / "motorway"
    write_folder(plan(), made)
    return made


def plan() -> Simulation:
    return replace(presets.load("motorway"), duration_s=SECONDS)


def test_the_same_plan_writes_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    write_folder(plan(), tmp_path / "again")
    names = sorted(path.name for path in folder.iterdir())
    assert names == ["scene.json", "simulation.toml", "tracks.csv", "truth.json"]
    for name in names:
        assert (folder / name).read_bytes() == (tmp_path / "again" / name).read_bytes(), name


def test_another_seed_is_another_truth(folder: Path, tmp_path: Path) -> None:
    write_folder(replace(plan(), seed=2, duration_s=3.0), tmp_path)
    other = (tmp_path / "tracks.csv").read_bytes()
    assert not (folder / "tracks.csv").read_bytes().startswith(other)


def test_tracks_have_a_picture_each_and_speeds_that_agree_with_their_places(folder: Path) -> None:
    places: dict[str, list[tuple[int, float, float, float]]] = {}
    with (folder / "tracks.csv").open() as file:
        for row in csv.DictReader(file):
            assert float(row["left"]) >= 0 and float(row["left"]) + float(row["width"]) <= 640.01
            assert float(row["top"]) >= 0 and float(row["top"]) + float(row["height"]) <= 360.01
            assert 0 <= float(row["visible"]) <= 1
            one = int(row["frame"]), float(row["x_m"]), float(row["y_m"]), float(row["speed_kmh"])
            places.setdefault(row["id"], []).append(one)
    assert {frame for rows in places.values() for frame, *_ in rows} == set(range(1, round(SECONDS * 10) + 1))
    off_kmh = [
        abs(hypot(x - x0, y - y0) * 10 * 3.6 - (kmh + kmh0) / 2)
        for rows in places.values()
        for (frame0, x0, y0, kmh0), (frame, x, y, kmh) in pairwise(rows)
        if frame == frame0 + 1
    ]
    assert len(off_kmh) > 1000 and max(off_kmh) < 5 and float(np.median(off_kmh)) < 0.2


def test_speeds_are_those_of_somebody_at_that_point(folder: Path) -> None:
    truth = json.loads((folder / "truth.json").read_text())
    rows: dict[int, list[dict[str, str]]] = {}
    with (folder / "tracks.csv").open() as file:
        for row in csv.DictReader(file):
            rows.setdefault(int(row["frame"]), []).append(row)
    assert len(truth["speeds"]) >= 5
    for speed in truth["speeds"]:
        x, y = speed["point"][0] * 640, speed["point"][1] * 360
        there = [
            row for row in rows[round(speed["t_s"] * 10) + 1]
            if abs(float(row["left"]) + float(row["width"]) / 2 - x) < 0.1
            and abs(float(row["top"]) + float(row["height"]) - y) < 0.1
        ]  # fmt: skip
        assert any(float(row["speed_kmh"]) == pytest.approx(speed["kmh"], abs=0.02) for row in there), speed


def sides(mast: Mast, line: np.ndarray, snapshot: Snapshot) -> dict[int, tuple[bool, float]]:
    """Of each vehicle in the picture: on which side of the line its contact point is, and how far along the line."""
    sight, (a, b) = look(mast, snapshot), line
    way = b - a
    away = sight.contact - a
    right = way[0] * away[:, 1] - way[1] * away[:, 0] > 0
    along = away @ way / (way @ way)
    return {body.id: one for body, *one in zip(sight.bodies, right.tolist(), along.tolist(), strict=True)}  # type: ignore[misc]


@pytest.mark.parametrize("name", presets.names())
def test_counts_are_the_crossings_worked_out_another_way(name: str) -> None:
    """Here: who was on one side of the line and is on the other, between its ends."""
    chosen = replace(presets.load(name), duration_s=SECONDS)
    scene, mast, play = scene_of(chosen), mast_of(chosen.camera), Play(chosen)
    snapshots = [play.step() for _ in range(round(SECONDS * chosen.fps))]
    keeper, expected = TruthKeeper(chosen, scene), Counter[tuple[str, str]]()
    for snapshot in snapshots:
        keeper.update(snapshot.t_s, look(mast, snapshot))
    for shape in scene.count_lines:
        told = [sides(mast, np.array(shape.line), snapshot) for snapshot in snapshots]
        for before, after in pairwise(told):
            for number in before.keys() & after.keys():
                (was, along0), (now, along) = before[number], after[number]
                if was != now and 0 < (along0 + along) / 2 < 1:
                    expected[shape.id, "forward" if now else "backward"] += 1
    counts = keeper.document()["counts"]
    assert sum(expected.values()) > 8
    assert {(row["line"], row["direction"]): row["n"] for row in counts if row["n"]} == dict(expected)


@pytest.mark.parametrize(
    ("stop", "waits"),
    [
        ("stop_m = 60", {"right"}),  # within what is drawn
        ("stop_m = 110", {"right"}),  # the queue comes into the picture
        ("stop_m = 190", set()),
        ("stop_m = 20", set()),  # they have passed it before they come into the picture
        ("stop_m = 60, against = true", {"left"}),
        ("stop_m = 110, against = true", set()),
    ],
)
def test_a_lane_is_signalised_where_a_red_light_makes_vehicles_wait(stop: str, waits: set[str]) -> None:
    road = f"""
name = "road"
camera = {{ height_m = 7, focal_px = 520, tilt_deg = 18 }}
signals = [{{ id = "s" }}]
[[roads]]
id = "road"
points_m = [[0, -20], [0, 200]]
lanes = [{{ id = "left", against = true }}, {{ id = "right" }}]
approaches = [{{ signal = "s", {stop} }}]
"""
    assert {lane.id for lane in scene_of(parse_plan(road)).lanes if lane.signalised} == waits


def test_who_stands_before_an_obstacle_is_a_stopped_vehicle_and_who_waits_behind_him_is_none() -> None:
    road = parse_plan("""
name = "road"
seed = 3
fps = 5
duration_s = 110
camera = { height_m = 9, focal_px = 520, tilt_deg = 18 }
[[roads]]
id = "road"
points_m = [[0, -20], [0, 200]]
lanes = [{ id = "only", flow_per_h = { car = 200 } }]
[[script]]
kind = "lost_load"
lane = "only"
at_m = 45
at_s = 35
""")
    keeper, play = TruthKeeper(road, scene_of(road)), Play(road)
    witness = Witness(road, play.world.roads)
    for _ in range(round(road.duration_s * road.fps)):
        moment = play.step()
        keeper.update(moment.t_s, witness.look(moment))
    kinds = Counter(one["kind"] for one in keeper.document()["incidents"])
    assert kinds["obstacle"] == 1
    assert kinds["stopped_vehicle"] == 1
