"""Who queues: at least three below 8 km/h within 60 m on one lane."""

from itertools import count

import pytest

from edge_agent.core.observation import Observation, Observer, sampled
from edge_agent.core.scene_building import build_scene
from edge_agent.core.scene_format import SceneFile
from edge_agent.core.tracker import Tracker
from tests.roads import Someone, detections, driving, scene, standing


def observed(file: SceneFile, users: list[Someone], seconds: float = 6) -> Observation:
    """What the rules see at the end."""
    located, tracker, observer = build_scene(file), Tracker(count(1)), Observer(build_scene(file))
    for index in range(round(seconds * 10)):
        at_s = index / 10
        last = observer.update(at_s, located.locate(at_s, tracker.update(at_s, detections(users, at_s))))
    return last


def cars(*places_m: float, x_m: float = 0.0) -> list[Someone]:
    return [standing("car", x_m, y_m) for y_m in places_m]


@pytest.mark.parametrize("calibrated", [True, False])
@pytest.mark.parametrize(
    ("places_m", "queued"), [((20, 27), 0), ((20, 27, 34), 3), ((15, 80, 88), 0), ((20, 27, 34, 41, 48), 5)]
)
def test_three_standing_within_sixty_metres_are_a_queue(places_m: tuple[float, ...], queued: int, calibrated: bool) -> None:
    assert len(observed(scene(calibrated=calibrated), cars(*places_m)).queued) == queued


def test_those_that_crawl_belong_to_it_and_those_that_drive_do_not() -> None:
    crawling = [driving("car", 0, y_m, 4) for y_m in (20, 27, 34)]
    assert len(observed(scene(), crawling).queued) == 3
    flowing = [driving("car", 0, y_m, 25) for y_m in (16, 24, 32)]
    assert not observed(scene(), flowing, 2).queued


def test_lanes_queue_apart() -> None:
    assert not observed(scene(2), [*cars(20, 27), *cars(20, x_m=3.5)]).queued


def test_somebody_who_may_be_a_rider_queues_and_who_walked_up_does_not() -> None:
    walker = Someone("person", lambda t_s: (min(0.0, t_s - 3.0), 32.0))
    assert len(observed(scene(), [*cars(20, 27), standing("person", 0, 32)]).queued) == 3
    assert not observed(scene(), [*cars(20, 27), walker]).queued


def test_a_lane_tells_its_vehicles_its_pace_and_the_length_of_its_queue() -> None:
    state = observed(scene(), cars(20, 27, 34)).lanes["1"]
    assert len(state.vehicles) == 3
    assert state.pace_kmh == 0.0
    assert state.queue_m == pytest.approx(14, abs=1)
    assert 0.1 < state.occupancy < 0.8
    empty = observed(scene(), []).lanes["1"]
    assert (empty.vehicles, empty.occupancy, empty.pace_kmh, empty.queue_m) == ([], 0.0, None, 0.0)


def test_standing_names_the_tracks_that_have_a_place() -> None:
    now = observed(scene(), [standing("car", 0, 20), driving("car", 0, 30, 30)], 5)
    assert now.standing == {place.user.track.id for place in now.places}
    assert len(now.places) == 1 < len(now.road_users)


def test_samples_lie_evenly_on_the_line() -> None:
    assert sampled(((0.0, 0.0), (0.0, 0.5), (0.5, 0.5)), 4) == [(0.0, 0.125), (0.0, 0.375), (0.125, 0.5), (0.375, 0.5)]
    assert sampled(((0.2, 0.2), (0.2, 0.2)), 3) == [(0.2, 0.2)]


@pytest.mark.parametrize("nearest_m", [20, 45])
def test_without_a_calibration_metres_along_the_road_are_right_within_a_third(nearest_m: float) -> None:
    uncalibrated = scene(calibrated=False)
    state = observed(uncalibrated, cars(nearest_m, nearest_m + 10, nearest_m + 20)).lanes["1"]
    assert state.queue_m == pytest.approx(20, rel=0.35)
    (user,) = observed(uncalibrated, [driving("car", 0, nearest_m, 36)], 2).road_users
    assert user.pace_kmh == pytest.approx(36, rel=0.35)
