"""The camera's picture: road users fill their boxes, hide one another rightly, and the camera fails as staged."""

from math import pi

import cv2
import numpy as np
import pytest
from msgspec.structs import replace
from numpy.typing import NDArray

from edge_agent.app.detecting import build_detector
from edge_agent.config import DetectorConfig
from edge_agent.core.types import COCO_OF_CLASS
from edge_agent.simulation import presets
from edge_agent.simulation.bodies import SIZE_M, Body, BodyClass, Snapshot
from edge_agent.simulation.mast import mast_of
from edge_agent.simulation.picture.furniture import House, furnish
from edge_agent.simulation.picture.houses import house_faces
from edge_agent.simulation.picture.lens import Lens
from edge_agent.simulation.picture.meshes import VARIANTS, mesh_of, step_of
from edge_agent.simulation.picture.ordering import far_to_near
from edge_agent.simulation.picture.outline import OUTLINE_POINTS, outline
from edge_agent.simulation.picture.painter import Painter
from edge_agent.simulation.plan import Simulation, parse_plan
from edge_agent.simulation.world.road import build_roads

Pixels = NDArray[np.uint8]
AWAY = pi / 2
CLASSES: tuple[BodyClass, ...] = tuple(SIZE_M)

ROAD = """
name = "road"
camera = { height_m = 7, focal_px = 520, tilt_deg = 18 }
[[roads]]
id = "road"
points_m = [[0, -20], [0, 200]]
right = [{ kind = "shoulder", width_m = 3 }]
approaches = [{ signal = "s", stop_m = 60 }]
[[roads.lanes]]
id = "left"
against = true
[[roads.lanes]]
id = "right"
[[signals]]
id = "s"
"""


def plan_of(extra: str = "", head: str = "") -> Simulation:
    return parse_plan(head + ROAD + extra)


def trouble(kind: str, amount: float, more: str = "") -> Simulation:
    return plan_of(f'[[script]]\nkind = "camera"\ntrouble = "{kind}"\nat_s = 1.0\namount = {amount}\n{more}')


@pytest.fixture(scope="module")
def painter() -> Painter:
    plan = plan_of()
    return Painter(plan, build_roads(plan.roads))


def body(cls: BodyClass, x_m: float = 1.75, y_m: float = 18.0, heading: float = AWAY, look: int = 0, number: int = 1) -> Body:
    return Body(number, cls, x_m, y_m, heading, 10.0, *SIZE_M[cls], look)


def seen(*bodies: Body, t_s: float = 0.0) -> Snapshot:
    return Snapshot(t_s, bodies, {})


def box_of_outline(one: Body) -> NDArray[np.float64]:
    """left, top, right, bottom of the projected outline, pixels."""
    points = outline(one) * (one.length_m, one.width_m, one.height_m)
    c, s = np.cos(one.heading), np.sin(one.heading)
    x, y = one.x_m + c * points[:, 0] - s * points[:, 1], one.y_m + s * points[:, 0] + c * points[:, 1]
    pixels, _ = mast_of(plan_of().camera).project(np.column_stack([x, y, points[:, 2]]))
    return np.array([*pixels.min(axis=0), *pixels.max(axis=0)])


def box_of_silhouette(painter: Painter, one: Body) -> NDArray[np.float64]:
    """Where a body has painted over a picture of nothing: its own faces alone, without shadow and glow."""
    view = painter._views[plan_of().camera]
    width, height = view.mast.size_px
    boxes = []
    for ground in (0, 255):  # neither black nor white paint may hide
        large = np.full((height * 2, width * 2, 3), ground, np.uint8)
        view._cover_depths = np.full_like(view._cover_depths, np.inf)
        view._draw(large, [one], 0.0)
        rows, columns = np.nonzero((large != ground).any(axis=2))
        boxes.append((columns.min() / 2, rows.min() / 2, (columns.max() + 1) / 2, (rows.max() + 1) / 2))
    low, high = np.min(boxes, axis=0), np.max(boxes, axis=0)
    return np.array([*low[:2], *high[2:]])


@pytest.mark.parametrize("cls", CLASSES)
def test_the_outline_is_the_silhouette(painter: Painter, cls: BodyClass) -> None:
    for heading, y_m, look in [(AWAY, 20, 0), (-AWAY, 25, 1), (0.0, 22, 9), (0.7, 28, 33), (pi, 19, 63), (-2.2, 24, 131)]:
        one = body(cls, 0.5, y_m, heading, look)
        assert box_of_silhouette(painter, one) == pytest.approx(box_of_outline(one), abs=1.6), (cls, heading, look)


@pytest.mark.parametrize("cls", CLASSES)
@pytest.mark.parametrize("look", [0, 1, 2, 3, 67, 99, 130, 200])
def test_a_mesh_fills_its_box(cls: BodyClass, look: int) -> None:
    for detail in (0, 1, 2):
        points = np.concatenate([mesh_of(cls, look, detail, step).quads.reshape(-1, 3) for step in range(8)])
        assert points.min(axis=0) == pytest.approx([-0.5, -0.5, 0.0], abs=0.03)
        assert points.max(axis=0) == pytest.approx([0.5, 0.5, 1.0], abs=0.03)
        assert 5 <= len(mesh_of(cls, look, detail).quads) <= 1200


TURN = np.linspace(0, 2 * pi, 30)
RISE = np.array([[-0.5], [0.0], [1.0], [2.0]])
DIRECTIONS = np.stack(np.broadcast_arrays(np.cos(TURN), np.sin(TURN), RISE)).reshape(3, -1)
DIRECTIONS /= np.linalg.norm(DIRECTIONS, axis=0)


@pytest.mark.parametrize("cls", CLASSES)
def test_only_paint_differs_within_an_outline(cls: BodyClass) -> None:
    for look in range(0, VARIANTS, 1 if cls in ("truck", "car") else 7):
        one = body(cls, x_m=0.0, y_m=0.0, look=look)
        points, corners = outline(one), mesh_of(cls, look, 2, step_of(one)).quads.reshape(-1, 3)
        assert len(points) == OUTLINE_POINTS
        farthest = [(around * SIZE_M[cls] @ DIRECTIONS).max(axis=0) for around in (points, corners)]
        assert np.abs(farthest[0] - farthest[1]).max() < 0.05, look


def test_looks_differ_and_last() -> None:
    assert mesh_of("car", 1) is mesh_of("car", 1)
    assert {tuple(mesh_of("car", look).colours[0]) for look in range(96)} > {tuple(mesh_of("car", 0).colours[0])}
    walking = [step_of(body("person", y_m=20 + metres)) for metres in np.arange(0, 1.4, 0.2)]
    assert len(set(walking)) > 4


def test_the_nearer_hides_the_farther() -> None:
    """A motorcycle beside the rear of a bus is nearer, though the bus's middle is not farther."""
    eye = np.zeros(2)
    near, far = body("car", 0, 20), body("car", 0, 30)
    assert far_to_near([near, far], eye) == [1, 0]
    assert far_to_near([far, near], eye) == [0, 1]
    bus, before, behind = body("bus", 6, 20), body("motorcycle", 4.2, 22), body("motorcycle", 8, 22)
    assert far_to_near([before, bus, behind], eye) == [2, 1, 0]
    assert far_to_near([], eye) == []


def test_the_same_moment_gives_the_same_picture(painter: Painter) -> None:
    plan, moment = plan_of(), seen(body("car"), body("person", 5), t_s=3.0)
    again = Painter(plan, build_roads(plan.roads))
    picture = painter.paint(moment)
    assert picture.shape == (360, 640, 3)
    assert picture.dtype == np.uint8
    np.testing.assert_array_equal(picture, again.paint(moment))
    np.testing.assert_array_equal(Lens(plan).apply(picture, 3.0), Lens(plan).apply(picture, 3.0))


def test_another_seed_gives_other_noise(painter: Painter) -> None:
    picture, plan = painter.paint(seen()), plan_of()
    one, other = (Lens(parse_plan(f"seed = {seed}\n" + ROAD)).apply(picture, 0.0) for seed in (1, 2))
    assert (one != other).any()
    assert (Lens(plan).apply(picture, 0.0) != Lens(plan).apply(picture, 0.1)).any()


def test_whoever_is_behind_the_camera_is_not_seen(painter: Painter) -> None:
    np.testing.assert_array_equal(painter.paint(seen(body("bus", y_m=-30))), painter.paint(seen()))


def test_lamps_tell_what_a_vehicle_does(painter: Painter) -> None:
    def red(one: Body, t_s: float = 0.0) -> float:
        left, top, right, bottom = box_of_outline(one).astype(int)
        patch = painter.paint(seen(one, t_s=t_s))[top:bottom, left:right].astype(float)
        return float((patch[..., 2] - patch[..., 0]).clip(40).mean())

    plain = body("car", look=1)
    assert red(replace(plain, braking=True)) > red(plain) + 0.5
    assert red(replace(plain, hazard=True), t_s=0.1) > red(replace(plain, hazard=True), t_s=0.5) + 0.05


def test_the_signal_shows_its_light(painter: Painter) -> None:
    """The head faces the traffic before it, and with it the mast."""
    pictures = {state: painter.paint(Snapshot(0.0, (), {"s": state})) for state in ("red", "amber", "green")}
    changed = (pictures["red"] != pictures["green"]).any(axis=2)
    assert 5 < changed.sum() < 400
    assert pictures["red"][changed][:, 2].max() > 200 > 150 < pictures["green"][changed][:, 1].max()


@pytest.mark.parametrize(
    ("head", "darkest", "brightest"), [("", 90, 170), ('light = "dusk"\n', 40, 110), ('light = "night"\n', 8, 60)]
)
def test_the_light_of_the_day(head: str, darkest: float, brightest: float) -> None:
    plan = plan_of(head=head)
    view = Painter(plan, build_roads(plan.roads))
    empty = view.paint(seen())
    assert darkest < empty.mean() < brightest
    oncoming = body("car", -1.75, 25, -AWAY)
    shining = (view.paint(seen(oncoming)).astype(int) - empty).max()
    assert shining > (60 if head else 0)


def test_fog_hides_what_is_far() -> None:
    plan = plan_of(head='weather = "fog"\n')
    view = Painter(plan, build_roads(plan.roads))

    def contrast(y_m: float) -> float:
        left, top, right, bottom = box_of_outline(one := body("truck", y_m=y_m)).astype(int)
        patch = np.s_[top:bottom, left:right]
        return float(np.abs(view.paint(seen(one))[patch].astype(int) - view.paint(seen())[patch]).mean())

    assert contrast(20) > 3 * contrast(110)


def test_rain_falls() -> None:
    plan = plan_of(head='weather = "rain"\n')
    view = Painter(plan, build_roads(plan.roads))
    np.testing.assert_array_equal(view.paint(seen(t_s=1.0)), view.paint(seen(t_s=1.0)))
    assert (view.paint(seen(t_s=1.0)) != view.paint(seen(t_s=1.1))).any()


def test_a_cloud_wanders_over_the_road() -> None:
    plan = plan_of('[[script]]\nkind = "cloud"\nat_s = 10\nseconds = 20\nshare = 0.6\n')
    view = Painter(plan, build_roads(plan.roads))
    means = {t_s: view.paint(seen(t_s=t_s))[120:].mean() for t_s in (5.0, 14.0, 20.0, 35.0)}
    assert means[20.0] < 0.85 * means[5.0]
    assert means[35.0] == means[5.0]
    assert means[14.0] != means[20.0]


def test_a_blow_turns_the_camera_for_good(painter: Painter) -> None:
    plan = trouble("moved", 0.15)
    view = Painter(plan, build_roads(plan.roads))
    before, after = (cv2.cvtColor(view.paint(seen(t_s=t_s)), cv2.COLOR_BGR2GRAY) for t_s in (0.5, 2.0))
    np.testing.assert_array_equal(cv2.cvtColor(painter.paint(seen(t_s=0.5)), cv2.COLOR_BGR2GRAY), before)
    window = before[150:330, 260:440]
    _, _, _, place = cv2.minMaxLoc(cv2.matchTemplate(after, window, cv2.TM_CCOEFF_NORMED))
    assert abs(abs(place[0] - 260) - 0.15 * 640) < 20


@pytest.mark.parametrize("kind", ["covered", "blurred", "black", "overexposed", "shaken"])
def test_each_trouble_shows_while_it_lasts(painter: Painter, kind: str) -> None:
    lens, healthy = Lens(trouble(kind, 0.6, "seconds = 2\n")), Lens(plan_of())
    picture = painter.paint(seen(body("car")))
    before, within, after = (lens.apply(picture, t_s) for t_s in (0.9, 1.5, 3.1))
    np.testing.assert_array_equal(before, healthy.apply(picture, 0.9))
    np.testing.assert_array_equal(after, healthy.apply(picture, 3.1))
    usual = healthy.apply(picture, 1.5)
    match kind:
        case "covered":
            covered = np.abs(within.astype(int) - (52, 46, 38)[::-1]).max(axis=2) < 25
            assert 0.45 < covered.mean() < 0.75
        case "blurred":
            assert cv2.Laplacian(within, cv2.CV_64F).var() < 0.5 * cv2.Laplacian(usual, cv2.CV_64F).var()
        case "black":
            assert within.mean() == pytest.approx(0.4 * usual.mean(), rel=0.1)
        case "overexposed":
            assert (within > 250).mean() > 0.5
        case _:
            assert np.abs(within.astype(int) - usual).mean() > 1.5


def test_a_frozen_picture_does_not_change(painter: Painter) -> None:
    lens = Lens(trouble("frozen", 1.0, "seconds = 2\n"))
    empty, busy = painter.paint(seen()), painter.paint(seen(body("bus")))
    last = lens.apply(empty, 0.9).copy()
    for t_s in (1.0, 1.5, 2.9):
        np.testing.assert_array_equal(lens.apply(busy, t_s), last)
    assert (lens.apply(busy, 3.0) != last).any()


def test_noise_and_compression_are_the_plans(painter: Painter) -> None:
    picture = np.full((360, 640, 3), 128, np.uint8)
    camera = "camera = { noise = %g, jpeg_quality = 100 }\n"
    rest = ROAD.replace("camera = { height_m = 7, focal_px = 520, tilt_deg = 18 }\n", "")
    clean, noisy = (Lens(parse_plan(camera % sd + rest)).apply(picture, 0.0).astype(float) for sd in (0, 6))
    assert clean.std() < 0.6
    assert noisy.std() == pytest.approx(6, abs=1.2)


def test_a_real_detector_believes_the_vehicles(painter: Painter) -> None:
    """A car, a bus and a truck, each from front and rear, each over 40 px high."""
    detector, lens = build_detector(DetectorConfig()), Lens(plan_of())
    vehicles = [COCO_OF_CLASS[name] for name in ("car", "bus", "truck")]
    found = 0
    for cls in ("car", "bus", "truck"):
        for heading, x_m in ((AWAY, 1.75), (-AWAY, -1.75)):
            one = body(cls, x_m, {"car": 17, "bus": 28, "truck": 26}[cls], heading, look=7)
            result = detector.detect(lens.apply(painter.paint(seen(one)), 0.0))
            boxes = result.boxes[np.isin(result.classes, vehicles)] * (640, 360, 640, 360)
            found += any(overlap(box_of_outline(one), box) > 0.5 for box in boxes)
    assert found >= 5


def test_a_house_by_night_is_the_house_of_the_day() -> None:
    corners = np.array([(0.0, 0.0), (5.0, 0.0), (5.0, 12.0), (0.0, 12.0)])
    for seed in range(20):
        house = House(corners, 10.5, seed)
        day, night = (list(house_faces(house, lamps, fine=True)) for lamps in (False, True))
        assert [face.corners_m.tolist() for face in day] == [face.corners_m.tolist() for face in night]
        assert not any(face.shine for face in day) and any(face.shine for face in night)
        for face in day:  # what looks away from the mast is not painted
            normal = np.cross(face.corners_m[1] - face.corners_m[0], face.corners_m[2] - face.corners_m[1])
            assert normal @ (face.corners_m.mean(axis=0) - (2.5, 6.0, 5.0)) > 0
            assert face.corners_m[:, 2].min() >= 0 and face.corners_m[:, 2].max() <= 10.5


@pytest.mark.parametrize("name", presets.names())
def test_street_lamps_stand_off_the_lanes_and_shine_on_the_road(name: str) -> None:
    plan = presets.load(name)
    roads = build_roads(plan.roads)
    lamps = furnish(plan, roads, mast_of(plan.camera)).lamps
    feet, heads = (np.array(places) for places in zip(*((lamp.foot_m, lamp.head_m[:2]) for lamp in lamps), strict=True))
    assert len(lamps) > 5
    assert not any(road.covers(feet, 0.3).any() for road in roads)
    along, lit = (np.any([road.covers(heads, beside_m) for road in roads], axis=0) for beside_m in (12.0, 2.0))
    assert (lit == along).all()  # others stand beyond the road's end


def overlap(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    sides = np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2])
    shared = float(np.prod(np.maximum(sides, 0)))
    return shared / (float(np.prod(a[2:] - a[:2])) + float(np.prod(b[2:] - b[:2])) - shared)
