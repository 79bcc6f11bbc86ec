"""From the image to the road: metres, speed and its uncertainty, lanes."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.core.geometry import Homography, convex_hull, cross, fit_homography, inside, iou, polygon_area
from tests.roads import clipped, driving, image_of, play, scene


@pytest.mark.parametrize("kmh", [20, 60, 110])
def test_speed_is_true_within_its_uncertainty(kmh: float) -> None:
    errors, inside_95, n = [], 0, 0
    for seed in range(12):
        for _, pipeline, _ in play(scene(), [driving("car", 0, 14, kmh, reach_m=(14, 60))], 12, fps=15, seed=seed):
            for user in pipeline.road_users:
                if user.track.seen and user.speed_kmh is not None and user.speed_se_kmh is not None:
                    errors.append(user.speed_kmh - kmh)
                    inside_95 += abs(user.speed_kmh - kmh) <= 1.96 * user.speed_se_kmh
                    n += 1
    assert n > 50
    assert abs(np.mean(errors)) < 1.0
    assert inside_95 / n > 0.85


def test_position_is_true_to_decimetres() -> None:
    for t_s, pipeline, _ in play(scene(), [driving("car", 0, 16, 36, reach_m=(16, 40))], 2):
        for user in pipeline.road_users:
            assert user.road_m == pytest.approx((0, 16 + 10 * t_s), abs=0.3)


def test_nothing_is_published_outside_the_calibrated_stretch() -> None:
    far = [user for _, pipeline, _ in play(scene(), [driving("car", 0, 84, 20)], 3) for user in pipeline.road_users]
    assert far and all(user.road_m is None and user.speed_kmh is None for user in far)
    assert any(user.pace_kmh is not None for user in far)


def test_without_a_calibration_rules_have_a_pace_and_nobody_a_speed() -> None:
    users = [
        user for _, pipeline, _ in play(scene(calibrated=False), [driving("car", 0, 14, 50)], 4) for user in pipeline.road_users
    ]
    assert all(user.speed_kmh is None and user.road_m is None for user in users)
    assert max(user.pace_kmh or 0 for user in users) > 8


def test_lanes_are_told_apart_by_the_contact_point() -> None:
    pair = [driving("car", 0, 16, 40), driving("car", 3.5, 16, 40)]
    for _, pipeline, _ in play(scene(2), pair, 4):
        assert sorted(user.lane or "" for user in pipeline.road_users) in ([], ["1", "2"])


def test_a_homography_is_recovered_exactly() -> None:
    road = np.array([(x, y) for x in (-4.0, 0.0, 4.0) for y in (14.0, 30.0, 80.0)])
    image = np.array([image_of(*point) for point in road])
    fitted = fit_homography(image, road)
    assert fitted.rms_m < 1e-6
    np.testing.assert_allclose(fitted.road(np.array([image_of(2.0, 50.0)])), [[2.0, 50.0]], atol=1e-6)


def test_beyond_the_horizon_there_is_no_road() -> None:
    road = np.array([(x, y) for x in (-4.0, 4.0) for y in (14.0, 80.0)])
    fitted = fit_homography(np.array([image_of(*point) for point in road]), road)
    assert np.isnan(fitted.road(np.array([[0.5, 0.0]]))).all()
    assert fitted.road_at(0.5, 0.0) is None


@given(st.integers(-8, 8), st.integers(15, 90))
def test_the_jacobian_is_the_derivative(x_m: int, y_m: int) -> None:
    road = np.array([(x, y) for x in (-4.0, 4.0) for y in (14.0, 80.0)])
    fitted: Homography = fit_homography(np.array([image_of(*point) for point in road]), road)
    at, step = image_of(x_m, y_m), 1e-6
    numeric = [
        (fitted.road(np.array([[at[0] + dx, at[1] + dy]])) - fitted.road(np.array([at])))[0] / step
        for dx, dy in ((step, 0), (0, step))
    ]
    np.testing.assert_allclose(np.reshape(fitted.scale_at(*at), (2, 2)), np.array(numeric).T, rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(fitted.road_at(*at), fitted.road(np.array([at]))[0])


def test_three_points_in_a_line_do_not_determine_a_plane() -> None:
    with pytest.raises(ValueError, match="road plane"):
        fit_homography(np.array([[0, 0], [0.1, 0.1], [0.2, 0.2], [0.3, 0.3]]), np.array([[0, 0], [1, 1], [2, 2], [3, 3]]))


share = st.floats(0, 1, allow_subnormal=False)  # a product of two of which is lost: no camera has such places
points = st.tuples(share, share)


@given(st.lists(points, min_size=3, max_size=30))
def test_a_hull_holds_its_points(some: list[tuple[float, float]]) -> None:
    hull = convex_hull(np.array(some))
    if len(hull) >= 3:
        turns = [cross(tuple(a), tuple(b), point) for a, b in pairwise([*hull, hull[0]]) for point in some]
        assert min(turns) >= -1e-9


@given(points)
def test_inside_agrees_with_a_square(point: tuple[float, float]) -> None:
    square = np.array([[0.25, 0.25], [0.75, 0.25], [0.75, 0.75], [0.25, 0.75]])
    expected = 0.25 < point[0] < 0.75 and 0.25 < point[1] < 0.75
    on_border = 0.25 in point or 0.75 in point
    assert on_border or inside(square, np.array([point]))[0] == expected


def test_inside_a_concave_polygon() -> None:
    corner = np.array([[0, 0], [1, 0], [1, 0.4], [0.4, 0.4], [0.4, 1], [0, 1]])
    assert inside(corner, np.array([[0.8, 0.2], [0.2, 0.8], [0.8, 0.8]])).tolist() == [True, True, False]
    assert polygon_area(corner) == pytest.approx(0.64)


def test_iou_of_halves() -> None:
    assert iou((0, 0, 1, 1), (0.5, 0, 1.5, 1)) == pytest.approx(1 / 3)
    assert iou((0, 0, 1, 1), (2, 2, 3, 3)) == 0
    assert clipped((1.5, -0.5)) == (1.0, 0.0)
