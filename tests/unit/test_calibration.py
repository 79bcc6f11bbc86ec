"""Calibrations against a camera that is known: speeds are as good as is said of them, whichever way they were come by."""

from collections.abc import Callable
from math import radians
from pathlib import Path

import msgspec
import numpy as np
import pytest
from click.testing import CliRunner

from edge_agent.app.calibrate import laid_out, write_calibration
from edge_agent.cli.calibrate import command
from edge_agent.core.calibration import ScaleError, calibrate
from edge_agent.core.calibration_report import report_on
from edge_agent.core.geometry import Array, fit_homography
from edge_agent.core.lane_marks import fit_lane
from edge_agent.core.motion import Motion
from edge_agent.core.pinhole import Pinhole, scale_se
from edge_agent.core.scene_format import Calibration, Pair, parse_scene
from edge_agent.core.track_marks import Way, fit_traffic, stretch_of
from tests.roads import HEIGHT_PX, WIDTH_PX, image_of, scene

SIZE_PX = WIDTH_PX, HEIGHT_PX
CLICK_PX, JITTER_PX = 1.5, 1.5
SIX = [(x, y) for x in (-3.5, 3.5) for y in (15.0, 30.0, 50.0)]
TWELVE = [(x, y) for x in (-3.5, 0.0, 3.5) for y in (15.0, 25.0, 45.0, 80.0)]


def clicked(road: list[tuple[float, float]], seed: int) -> tuple[Array, Array]:
    image = np.array([image_of(*point) for point in road])
    return image + np.random.default_rng(seed).normal(0, CLICK_PX, image.shape) / SIZE_PX, np.array(road)


def stretched(ground: Callable[[Array], Array], ys_m: Array) -> Array:
    """By which share speeds along the road are off there."""
    ends = np.array([image_of(0.5, y + step) for y in ys_m for step in (-0.05, 0.05)])
    road = ground(ends).reshape(-1, 2, 2)
    return np.asarray(np.linalg.norm(road[:, 1] - road[:, 0], axis=1) / 0.1 - 1)


@pytest.mark.parametrize("road", [SIX[:2] + SIX[3:5], SIX, TWELVE])
def test_of_noisy_clicks_the_standard_error_is_true(road: list[tuple[float, float]]) -> None:
    ys = np.linspace(16, max(y for _, y in road) - 1, 4)
    off, said = [], []
    for seed in range(150):
        fit = calibrate(*clicked(road, seed), SIZE_PX)
        off.append(stretched(fit.homography.road, ys))
        said.append([ScaleError(fit).share_at(*image_of(0.5, y), 0.0, 1.0) for y in ys])
    assert 0.92 <= np.mean(np.abs(off) <= 1.96 * np.array(said)) <= 0.98


def test_the_most_likely_fit_is_better_than_the_algebraic_one() -> None:
    ys, fits = np.linspace(16, 79, 8), [clicked(TWELVE, seed) for seed in range(40)]
    likely = [stretched(calibrate(*pairs, SIZE_PX).homography.road, ys) for pairs in fits]
    algebraic = [stretched(fit_homography(*pairs).road, ys) for pairs in fits]
    assert np.std(likely) < 0.85 * np.std(algebraic)


def test_published_speeds_hold_their_interval_with_a_noisy_calibration() -> None:
    """Positions and clicks err; one vehicle in each of many calibrations, for errors of one calibration go together."""
    inside = []
    for seed in range(200):
        random = np.random.default_rng(1000 + seed)
        fit, motion, off, velocity = calibrate(*clicked(SIX, seed), SIZE_PX), Motion(), float(random.normal()), None
        error, y, change_m_s2 = ScaleError(fit), random.uniform(30.0, 46.0), random.normal(0.0, 0.5)
        for t_s in np.linspace(-1.2, 0.0, 13).tolist():
            off = 0.82 * off + 0.57 * float(random.normal())
            x, v = image_of(0.5, y + 12.0 * t_s + change_m_s2 * t_s**2 / 2)
            place, (_, b, _, d) = fit.homography.road_at(x, v + JITTER_PX * off / HEIGHT_PX), fit.homography.scale_at(x, v)
            assert place is not None
            velocity = motion.update(t_s, *place, JITTER_PX * float(np.hypot(b, d)) / HEIGHT_PX)
        assert velocity is not None
        share = error.share_at(x, v, 0.0, 1.0)
        inside.append(abs(velocity.speed_m_s - 12.0) <= 1.96 * np.hypot(velocity.se_m_s, share * velocity.speed_m_s))
    assert 0.92 <= np.mean(inside) <= 0.98, np.mean(inside)


def test_a_slip_is_named() -> None:
    image, road = clicked(TWELVE, 3)
    image[7] += np.array([0.0, 14.0]) / SIZE_PX
    assert calibrate(image, road, SIZE_PX).suspicious() == [7]
    assert calibrate(*clicked(TWELVE, 3), SIZE_PX).suspicious() == []


@pytest.mark.parametrize(("pan_deg", "roll_deg"), [(0, 0), (8, 1.5), (-12, -1)])
def test_a_lane_and_its_dashes_are_as_good_as_is_said(pan_deg: float, roll_deg: float) -> None:
    camera = Pinhole(700.0, radians(12), radians(pan_deg), radians(roll_deg), 7.0, SIZE_PX)

    def seen(x_m: float, ys_m: Array, random: np.random.Generator) -> Array:
        pixels = camera.project(np.column_stack([np.full(len(ys_m), x_m), ys_m, np.zeros(len(ys_m))]))
        return np.asarray(pixels + random.normal(0, CLICK_PX, pixels.shape))

    ys, off, said = np.linspace(18, 60, 6), [], []
    for seed in range(10):
        random = np.random.default_rng(seed)
        left, right = (seen(x, np.linspace(17, 65, 4), random) for x in (-1.75, 1.75))
        made, found, _ = fit_lane(left, right, seen(1.75, np.arange(17.0, 66, 12), random), 3.5, 12.0, SIZE_PX)
        ends = camera.project(np.array([[0.0, y + step, 0.0] for y in ys for step in (-0.5, 0.5)]))
        road = made.ground(ends).reshape(-1, 2, 2)
        off.append(np.linalg.norm(road[:, 1] - road[:, 0], axis=1) - 1)
        said.append(scale_se(found, SIZE_PX, np.column_stack([np.zeros(6), ys])))
    assert np.sqrt(np.mean(np.square(off))) < 0.04
    assert 0.85 <= np.mean(np.abs(off) <= 1.96 * np.array(said)[:, None]) <= 1.0


def ways(camera: Pinhole, random: np.random.Generator, crossing: int) -> list[Way]:
    """Cars and motorcycles that drive along the road, and some across it, as a detector would box them."""

    def driven(cls: str, places_m: Array, length_m: float, tall_m: float) -> Way:
        feet = camera.project(np.column_stack([places_m, np.zeros(len(places_m))]))
        tops = camera.project(np.column_stack([places_m[:, 0], places_m[:, 1] + 0.65 * length_m, np.full(len(feet), tall_m)]))
        heights = (feet[:, 1] - tops[:, 1]) * random.normal(1, 0.03, len(feet))
        inside = ((feet > 0) & (feet < camera.size_px)).all(axis=1)
        return Way(cls, (feet + random.normal(0, 1, feet.shape))[inside], heights[inside])

    sizes = [("car", 4.4, 1.5), ("motorcycle", 1.95, 1.65)]
    made = []
    for number in range(24):
        cls, length_m, tall_m = sizes[number % 2]
        ys, x = np.linspace(14, 55, 40), random.uniform(-5, 5)
        made.append(driven(cls, np.column_stack([np.full(40, x), ys]), length_m, tall_m * random.normal(1, 0.04)))
    for _ in range(crossing):
        xs, y = np.linspace(-12, 12, 40), random.uniform(24, 32)
        made.append(driven("car", np.column_stack([xs, np.full(40, y)]), 1.8, 1.5))
    return made


@pytest.mark.parametrize(("lens_known", "crossing"), [(True, 0), (False, 14)])
def test_traffic_calibrates_its_camera(lens_known: bool, crossing: int) -> None:
    camera, off, said = Pinhole(600.0, radians(14), radians(10), 0.0, 7.0, SIZE_PX), [], []
    for seed in range(8):
        random = np.random.default_rng(seed)
        view = fit_traffic(ways(camera, random, crossing), SIZE_PX, (600.0, 0.02) if lens_known else None, (7.0, 0.03))
        (_, _), (near_m, far_m) = stretch_of(view)
        assert near_m < 18 and 45 < far_m < 60
        ends = camera.project(np.array([[0.0, y + step, 0.0] for y in (20, 30, 45) for step in (-0.5, 0.5)]))
        road = view.camera.ground(ends).reshape(-1, 2, 2)
        off.append(np.linalg.norm(road[:, 1] - road[:, 0], axis=1) - 1)
        said.append(scale_se(view.solution, SIZE_PX, np.array([[0.0, 20], [0, 30], [0, 45]])))
    assert np.abs(off).max() < 0.12
    assert np.mean(np.abs(off) <= 1.96 * np.array(said)[:, None]) >= 0.85


def test_without_crossing_traffic_the_lens_must_be_known() -> None:
    camera = Pinhole(600.0, radians(14), radians(10), 0.0, 7.0, SIZE_PX)
    with pytest.raises(ValueError, match="field of view"):
        fit_traffic(ways(camera, np.random.default_rng(1), 0), SIZE_PX)


def made_of(road: list[tuple[float, float]]) -> Calibration:
    return Calibration(tuple(Pair(image_of(*point), point) for point in road))


def test_a_report_says_where_speeds_are_published_and_how_good_they_are() -> None:
    report = report_on(made_of(TWELVE), SIZE_PX)
    assert report.stretch_m == (15.0, 80.0) and not report.warnings
    at = {one.distance_m: one for one in report.speeds}
    assert at[50.0].se_kmh is not None and at[30.0].se_kmh is not None and at[15.0].share is not None
    assert at[50.0].se_kmh > 1.5 * at[30.0].se_kmh
    short = report_on(made_of([(x, y) for x in (-3.5, 3.5) for y in (15.0, 28.0)]), SIZE_PX)
    assert short.speeds[-1].se_kmh is None
    assert "4 points" in short.warnings[0] and "13 m along the road, 15 to 28 m" in short.warnings[1]


def test_the_command_writes_only_when_told_and_keeps_the_rest(tmp_path: Path) -> None:
    path, points = tmp_path / "north.json", tmp_path / "points.csv"
    before = msgspec.to_builtins(scene(2))
    before["calibration"]["origin"] = {"lon": 109.2, "lat": 13.7, "bearing_deg": 4.0}
    path.write_bytes(laid_out(before))
    rows = [(u * WIDTH_PX, v * HEIGHT_PX, x, y) for (x, y) in SIX for u, v in [image_of(x, y)]]
    points.write_text("u,v,x_m,y_m\n" + "\n".join(",".join(map(str, row)) for row in rows))
    looked = CliRunner().invoke(command, [str(path), "--pairs", str(points)])
    assert looked.exit_code == 0 and "nothing was written" in looked.output
    assert path.read_bytes() == laid_out(before)
    CliRunner().invoke(command, [str(path), "--pairs", str(points), "--write"], catch_exceptions=False)
    after = parse_scene(path.read_bytes())
    assert after.calibration is not None and after.calibration.origin is not None
    assert len(after.calibration.pairs) == 6 and after.calibration.origin.lon == 109.2
    assert after.lanes == parse_scene(laid_out(before)).lanes


def test_what_was_worked_out_carries_its_uncertainty_into_the_scene(tmp_path: Path) -> None:
    path = tmp_path / "north.json"
    path.write_bytes(laid_out(msgspec.to_builtins(scene())))
    write_calibration(path, msgspec.structs.replace(made_of(SIX), method="tracks", scale_se=0.04), 0.0)
    kept = parse_scene(path.read_bytes()).calibration
    assert kept is not None and (kept.method, kept.scale_se) == ("tracks", 0.04)
    spread = report_on(kept, SIZE_PX).speeds[1].share
    assert spread is not None and spread >= 0.04
