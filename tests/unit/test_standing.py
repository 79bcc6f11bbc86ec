"""Places outlive what happens to tracks: jitter, flicker, ID switches, passing lorries. 1000 x 1000 px, 1 px = 0.1 m."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest

from edge_agent.core.standing import SETTLE_S, Place, Standing
from edge_agent.core.types import Box, RoadUser, Track

SIZE_PX = 1000
METRES_PER_IMAGE = 100.0
View = list[RoadUser]


def user(
    number: int, x_px: float, bottom_px: float, tall_px: float = 20, *, cls: str = "car", seen: bool = True, score: float = 0.8
) -> RoadUser:
    box = Box(*(v / SIZE_PX for v in (x_px - tall_px / 2, bottom_px - tall_px, x_px + tall_px / 2, bottom_px)))
    scale = (METRES_PER_IMAGE, 0.0, 0.0, METRES_PER_IMAGE)
    track = Track(number, box, cls, score, seen, 9)
    return RoadUser(track, box.contact, "1", None, (0.0, 0.0), scale, None, None, None, False)


def watch(
    view: Callable[[float], View], seconds: float, fps: float = 10, creep_kmh: float = 0.0
) -> Iterator[tuple[float, list[Place]]]:
    standing = Standing(SIZE_PX, SIZE_PX)
    for index in range(round(seconds * fps) + 1):
        yield index / fps, list(standing.update(index / fps, view(index / fps), {"1": creep_kmh}))


def history(view: Callable[[float], View], seconds: float, fps: float = 10) -> dict[int, tuple[float, float, float]]:
    """Place id -> since_s as first said, when it first was there, when it last was."""
    lives: dict[int, tuple[float, float, float]] = {}
    for at_s, places in watch(view, seconds, fps):
        for place in places:
            since_s, first_s, _ = lives.get(place.id, (place.since_s, at_s, at_s))
            lives[place.id] = (since_s, first_s, at_s)
    return lives


def braking(t_s: float) -> float:
    """Bottom edge in pixels: comes at 100 px/s, brakes from 4 s on, stands from 6 s on."""
    left = min(max(t_s - 4, 0), 2)
    return 100 + 100 * min(t_s, 4) + 100 * left - 25 * left * left


@pytest.mark.parametrize("fps", [5, 10, 25])
def test_a_place_dates_back_to_when_the_vehicle_came_to_rest(fps: float) -> None:
    ((since_s, first_s, _),) = history(lambda t_s: [user(1, 500, braking(t_s))], 20, fps).values()
    assert 5.0 <= since_s <= 6.5
    assert first_s == pytest.approx(since_s + SETTLE_S, abs=0.25)


def test_what_moves_has_no_place() -> None:
    assert history(lambda t_s: [user(1, 500, 100 + 20 * t_s)], 40) == {}


def test_what_creeps_never_stands_for_long() -> None:
    for at_s, places in watch(lambda t_s: [user(1, 500, 100 + 5 * t_s)], 60):  # 0.5 m/s
        assert all(at_s - place.since_s < 8 for place in places)


@pytest.mark.parametrize("tall_px", [9, 14, 20, 60, 200])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_wandering_box_is_one_place_from_the_beginning(tall_px: float, seed: int) -> None:
    random = np.random.default_rng(seed)
    wander = np.zeros(2)

    def view(_: float) -> View:  # a standing vehicle's box: slow wander and quick jitter, 4 % and 3 % of its height
        nonlocal wander
        wander = 0.95 * wander + random.normal(0, 0.04 * 0.31 * tall_px, 2)
        jitter = random.normal(0, 0.03 * tall_px, 2)
        x_px, bottom_px = np.round(500 + wander + jitter)
        return [user(1, x_px, bottom_px, tall_px)]

    ((since_s, _, last_s),) = history(view, 60).values()
    assert since_s < 4
    assert last_s == 60


def test_id_switches_and_occlusion_do_not_restart_it() -> None:
    def view(t_s: float) -> View:
        lorry = user(100 + int(t_s), 500 + 60 * (t_s % 8 - 6), 506, 60, cls="truck")
        if abs(lorry.point[0] - 0.5) < 0.04:
            return [lorry]
        return [lorry, user(int(t_s / 4), 500, 500)]

    lives = history(view, 60)
    assert lives[1][0] == pytest.approx(0, abs=0.1)
    assert lives[1][2] == 60


def test_what_hides_it_for_longer_than_it_may_be_empty_does_not_end_it() -> None:
    def view(t_s: float) -> View:  # a bus crawls by for six seconds
        return [user(9, 470 + 10 * (t_s - 10), 508, 80, cls="bus")] if 10 < t_s < 16 else [user(1, 500, 500)]

    ((since_s, _, last_s),) = history(view, 30).values()
    assert (since_s, last_s) == (0, 30)


@pytest.mark.parametrize(("tall_px", "empty_s"), [(200, 3.0), (30, 3.0), (20, 4.5), (8, 9.0)])
def test_an_empty_place_ends_after_three_seconds_and_a_small_one_later(tall_px: float, empty_s: float) -> None:
    ((_, _, last_s),) = history(lambda t_s: [user(1, 500, 500, tall_px)] if t_s <= 10 else [], 25).values()
    assert last_s == pytest.approx(10 + empty_s, abs=0.2)


def test_an_unseen_track_is_not_there() -> None:
    ((_, _, last_s),) = history(lambda t_s: [user(1, 500, 500, 40, seen=t_s <= 10)], 20).values()
    assert last_s == pytest.approx(13, abs=0.2)


def test_gaps_of_a_vehicle_that_is_hardly_seen_prove_less() -> None:
    random = np.random.default_rng(4)

    def view(t_s: float) -> View:
        hidden_from_the_detector = 20 < t_s < 26 or random.random() > 0.4
        return [] if hidden_from_the_detector else [user(1, 500, 500)]

    ((_, _, last_s),) = history(view, 40).values()
    assert last_s == 40


def test_passing_traffic_does_not_keep_a_place_whose_vehicle_has_gone() -> None:
    def view(t_s: float) -> View:
        passing = user(10 + int(t_s / 1.5), 500, 440 + 80 * (t_s % 1.5))
        return [user(1, 500, 500), passing] if t_s <= 10 else [passing]

    assert max(last_s for _, _, last_s in history(view, 40).values()) < 25


def test_driving_off_ends_it_and_the_next_stop_is_another_place() -> None:
    view = lambda t_s: [user(1, 500, 300 + 30 * min(max(t_s - 10, 0), 5))]  # noqa: E731 - stands, drives 15 m, stands
    first, second = history(view, 30).values()
    assert first[0] == 0
    assert second[0] == pytest.approx(15, abs=1)
    assert 12 < first[2] < 16


def test_it_is_on_the_lane_that_it_was_seen_on_most() -> None:
    beside = lambda t_s: [replace(user(1, 500, 500), lane="1" if round(t_s * 10) % 4 == 0 else None)]  # noqa: E731
    for at_s, places in watch(beside, 20):
        assert at_s < 4 or places[0].lane is None
    (place,) = list(watch(lambda t_s: [replace(user(1, 500, 500), lane="2" if t_s > 10 else "1")], 30))[-1][1]
    assert place.lane == "2"


def rolling_on(t_s: float) -> View:
    """Stands, rolls 20 m at 3 m/s from 10 s on, stands."""
    return [user(1, 500, 300 + 30 * min(max(t_s - 10, 0), 20 / 3), 40)]


def test_what_creeps_on_and_stands_again_keeps_its_place_where_others_drive_fast() -> None:
    places = [now for _, now in watch(rolling_on, 40, creep_kmh=18)]
    assert {place.id for now in places for place in now} == {1}
    assert all(places[30:])
    assert places[-1][0].since_s == pytest.approx(17, abs=2)
    assert places[-1][0].box.contact == pytest.approx((0.5, 0.5), abs=0.002)


def test_a_creeping_vehicle_does_not_stand() -> None:
    stands = {at_s: places[0].stands(at_s) for at_s, places in watch(rolling_on, 40, creep_kmh=18) if places}
    assert stands[9.0] and stands[30.0] and not any(stands[at_s] for at_s in (13.0, 14.0, 15.0, 16.0))


def test_what_goes_faster_than_that_has_driven_off() -> None:
    assert {place.id for _, now in watch(rolling_on, 40, creep_kmh=8) for place in now} == {1, 2}


def test_what_only_creeps_has_no_place() -> None:
    assert all(not now for _, now in watch(lambda t_s: [user(1, 500, 100 + 30 * t_s, 40)], 20, creep_kmh=18))


def test_who_stops_beside_the_one_that_stands_there_has_a_place_of_its_own() -> None:
    def view(t_s: float) -> View:  # from 20 s on hidden by the second, which came driving and covers a good part of the first
        second = user(2, 500, 400 + min(max(t_s - 15, 0) * 40, 220), 40)
        return [user(1, 500, 600, 40)] if t_s < 15 else [second, user(1, 500, 600, 40)] if t_s < 20 else [second]

    lives = history(view, 40)
    assert [since_s for since_s, _, _ in lives.values()] == [0.0, pytest.approx(20.5, abs=0.7)]


def test_the_less_sure_the_detector_is_the_longer_it_takes() -> None:
    firsts = [
        history(lambda t_s, score=score: [user(1, 500, 500, score=score)], 20)[1][1]  # type: ignore[misc]
        for score in (0.9, 0.5, 0.25, 0.15)
    ]
    assert firsts == [pytest.approx(at_s, abs=0.2) for at_s in (3, 3, 6, 10)]


def test_inching_along_keeps_the_place_but_begins_anew() -> None:
    places = [list_ for _, list_ in watch(lambda t_s: [user(1, 500, 500 + min(max(t_s - 10, 0), 20))], 60)]
    assert {place.id for now in places for place in now} == {1}
    assert places[-1][0].since_s > 12


def test_neighbours_have_a_place_each() -> None:
    def view(t_s: float) -> View:
        return [user(1, 500, 500, 40), user(2, 532, 503, 40)] if t_s < 20 else [user(2, 532, 503, 40)]

    lives = history(view, 40)
    assert sorted(round(last_s) for _, _, last_s in lives.values()) == [23, 40]


def test_a_track_that_comes_back_after_a_second_may_be_another_vehicle() -> None:
    assert history(lambda t_s: [user(1, 500, 500)] if t_s % 3 < 1.6 else [], 30) == {}


def test_now_and_then_is_not_still() -> None:
    assert history(lambda t_s: [user(1, 500, 500)] if round(t_s * 10) % 8 == 0 else [], 30) == {}


def test_a_person_has_no_place_and_keeps_none() -> None:
    assert history(lambda t_s: [user(1, 500, 500, cls="person")], 20) == {}
    view = lambda t_s: [user(1, 500, 500)] if t_s <= 10 else [user(2, 500, 500, cls="person")]  # noqa: E731
    for at_s, places in watch(view, 20):
        assert all(place.user.track.cls == "car" and place.last_seen_s <= 10.01 for place in places), at_s


def test_hidden_for_a_minute_is_gone() -> None:
    view = lambda t_s: [user(1, 500, 500)] if t_s <= 10 else [user(2, 505, 505, 60, cls="bus")]  # noqa: E731
    gone = [at_s for at_s, places in watch(view, 90) if at_s > 10 and not any(place.id == 1 for place in places)]
    assert gone[0] <= 71.5


def test_while_the_camera_is_away_no_place_is_seen_empty() -> None:
    standing = Standing(SIZE_PX, SIZE_PX)
    for at_s in [*np.arange(0, 10, 0.1), *np.arange(100, 110, 0.1)]:
        places = standing.update(float(at_s), [user(1, 500, 500)])
    assert [(place.id, place.since_s) for place in places] == [(1, 0.0)]
