"""The detector rests while nothing moves, and nothing that matters is missed or told otherwise for it."""

from collections.abc import Callable

import numpy as np
import pytest

from edge_agent.core.attention import AFTER_CHANGE_S, AFTER_MOVING_S, Attention, Presence
from edge_agent.core.pipeline import Pipeline
from edge_agent.core.types import NO_DETECTIONS, IncidentReport, PictureReading, TrafficMinute
from tests.roads import Someone, detections, driving, scene, standing

FPS = 10


def never(t_s: float) -> bool:
    return False


def always(t_s: float) -> bool:
    return True


def looks(attention: Attention, presence: Presence, seconds: float, changed: Callable[[float], bool] = never) -> list[float]:
    """When the detector looked."""
    times = [index / FPS for index in range(round(seconds * FPS))]
    return [t_s for t_s in times if attention.wants(t_s, changed(t_s), presence)]


def test_an_empty_road_is_looked_at_now_and_then() -> None:
    assert looks(Attention(2.0, 0.5), "nobody", 7) == [0.0, 2.0, 4.0, 6.0]


def test_whoever_stands_is_looked_at_more_often() -> None:
    assert looks(Attention(2.0, 0.5), "standing", 2) == [0.0, 0.5, 1.0, 1.5]


@pytest.mark.parametrize("presence", ["moving", "missed"])
def test_whoever_moves_or_is_missed_is_looked_at_in_every_frame(presence: Presence) -> None:
    assert len(looks(Attention(2.0, 0.5), presence, 3)) == 30


def test_the_very_frame_that_changes_is_looked_at_and_so_are_those_after_it() -> None:
    found = looks(Attention(60.0, 0.5), "nobody", 10, lambda t_s: t_s == 5.3)
    assert found == [0.0, *(index / FPS for index in range(53, 53 + round(AFTER_CHANGE_S * FPS)))]


def test_who_was_just_there_may_only_be_missed() -> None:
    attention = Attention(60.0, 0.5)
    looks(attention, "moving", 1)
    assert AFTER_MOVING_S < looks(attention, "nobody", 10)[-1] < 1 + AFTER_MOVING_S


def test_a_blind_camera_is_not_looked_at_and_one_that_sees_again_at_once() -> None:
    attention = Attention(2.0, 0.5)
    assert looks(attention, "blind", 5, always) == []
    assert attention.wants(5.0, False, "moving")


def test_time_that_runs_backwards_is_no_reason_to_rest() -> None:
    attention = Attention(2.0, 0.5)
    assert attention.wants(100.0, False, "nobody")
    assert attention.wants(3.0, False, "nobody")


def gated(
    users: list[Someone], seconds: float, moves: Callable[[float], bool], seed: int = 0, seen: float = 1.0
) -> tuple[int, list[IncidentReport], list[TrafficMinute]]:
    """As tests.roads.play, noisy, with the detector spared; how often it looked, and what was said."""
    attention, pipeline, random = Attention(2.0, 0.5), Pipeline(scene(3)), np.random.default_rng(seed)
    said: list[IncidentReport | TrafficMinute] = []
    looked = 0
    for t_s in (index / FPS for index in range(round(seconds * FPS))):
        found = detections(users, t_s, random, seen)
        wanted = attention.wants(t_s, moves(t_s), pipeline.presence)
        looked += wanted
        said += pipeline.update(t_s, found if wanted else None)
    minutes = [one for one in [*said, *pipeline.flush()] if isinstance(one, TrafficMinute)]
    return looked, [one for one in said if isinstance(one, IncidentReport)], minutes


def comes_and_goes(t_s: float) -> bool:
    return abs(t_s - 5) < 1 or abs(t_s - 60) < 1


STANDING = [standing("car", 0, 25, 5, 60), standing("truck", 3.5, 45, 5, 60), standing("car", 7, 70, 5, 60)]


@pytest.mark.parametrize("seen", [1.0, 0.7])
def test_vehicles_that_stand_are_told_as_if_every_frame_had_been_looked_at(seen: float) -> None:
    every, told, _ = gated(STANDING, 70, always, seen=seen)
    some, told_gated, _ = gated(STANDING, 70, comes_and_goes, seen=seen)
    assert every == 700 and some < 450
    for phase, apart_s in ("new", 0.5), ("end", 2.0):
        full, spared = ([one.updated_s for one in reports if one.phase == phase] for reports in (told, told_gated))
        assert len(full) == len(spared) == 3
        assert np.allclose(full, spared, rtol=0, atol=apart_s)
        assert [one.kind for one in told_gated if one.phase == phase] == ["stopped_vehicle"] * 3


def test_who_comes_into_view_unnoticed_is_found_at_the_next_look() -> None:
    """Nothing in the picture told of it."""
    _, reports, _ = gated([standing("car", 0, 30, from_s=10.3)], 30, never)
    (new,) = reports
    assert new.kind == "stopped_vehicle" and new.updated_s <= 10.3 + 10 + 2 + 0.2


def test_traffic_of_a_minute_is_the_same() -> None:
    """A spared frame counts like the one that was looked at: occupancy is a mean over frames."""
    cars = [driving("car", 0, 12, 60, start_s) for start_s in (10.0, 30.0)]
    every, _, (minute,) = gated(cars, 55, always)
    some, _, (minute_gated,) = gated(cars, 55, lambda t_s: 10 <= t_s < 16 or 30 <= t_s < 36)
    assert every == 550 and some < 250
    one, other = minute.lanes[0], minute_gated.lanes[0]
    assert one.counts == other.counts == {"car": 2}
    assert (one.occupancy, one.mean_kmh) == pytest.approx((other.occupancy, other.mean_kmh))


def test_long_rest_is_no_absence_of_the_camera() -> None:
    """With looks further apart than an absence the rules' clock runs on: the vehicle stands for all of that time."""
    pipeline, car = Pipeline(scene()), detections([standing("car", 0, 30)], 0)
    said = [one for index in range(300) for one in pipeline.update(index / FPS, None if index % 50 else car)]
    assert [(one.kind, one.updated_s) for one in said if isinstance(one, IncidentReport)] == [("stopped_vehicle", 10.0)]


BLACK = PictureReading(brightest=2, darkest=0, burnt=0, contrast=0.5, still_s=0, standing=None)
FINE = PictureReading(brightest=220, darkest=10, burnt=0, contrast=40, still_s=0, standing=None)


def presence(pipeline: Pipeline) -> str:
    return pipeline.presence


def test_who_is_there() -> None:
    pipeline = Pipeline(scene())
    assert presence(pipeline) == "moving"  # nothing is known yet
    pipeline.update(0.0, NO_DETECTIONS)
    assert presence(pipeline) == "nobody"
    car = standing("car", 0, 30)
    pipeline.update(0.1, detections([Someone("car", car.at, 0.5)], 0))
    assert presence(pipeline) == "moving"  # too little is known of it for a track
    for index in range(60):
        pipeline.update(0.2 + index / FPS, detections([car], 0))
    assert presence(pipeline) == "standing"
    pipeline.update(6.2, NO_DETECTIONS)
    assert presence(pipeline) == "missed"


def test_somebody_beside_the_road_who_keeps_still_lets_the_detector_rest_and_on_the_road_does_not() -> None:
    for x_m, expected in ((-8.0, "standing"), (0.0, "moving")):
        pipeline, person = Pipeline(scene()), detections([standing("person", x_m, 30)], 0)
        for index in range(60):
            pipeline.update(index / FPS, person)
            assert presence(pipeline) in ("moving", expected)
        assert presence(pipeline) == expected


def test_a_camera_that_sees_again_is_not_judged_by_what_was_there_before_it_was_blind() -> None:
    pipeline, car = Pipeline(scene()), detections([standing("car", 0, 30)], 0)
    for index in range(300):
        blind = 50 <= index < 150
        pipeline.update(index / FPS, car if index < 50 else None, BLACK if blind else FINE)
        if blind:
            assert presence(pipeline) == "blind" and not pipeline.road_users
    assert presence(pipeline) == "moving" and not pipeline.road_users
    pipeline.update(30.0, NO_DETECTIONS, FINE)
    assert presence(pipeline) == "missed"  # the vehicle, which has left meanwhile
