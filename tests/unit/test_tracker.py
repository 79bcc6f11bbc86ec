"""Tracks keep their ids: crossings, occlusion, flicker, gaps; what stands is remembered and not robbed."""

from collections.abc import Iterable
from dataclasses import replace
from itertools import count

import numpy as np
import pytest

from edge_agent.core.tracker import DEFAULTS, Tracker, TrackerConfig
from edge_agent.core.types import COCO_OF_CLASS, NO_DETECTIONS, Detections, Track

FPS = 10.0
SURE = 0.6  # below the score that confirms a track at once


def vehicle(x: float, y: float = 0.5, size: float = 0.1) -> tuple[float, float, float, float]:
    return x - size / 2, y - size / 2, x + size / 2, y + size / 2


def seen(*boxes: tuple[float, float, float, float], cls: str = "car", score: float = SURE) -> Detections:
    return Detections(
        np.array(boxes, np.float32).reshape(-1, 4),
        np.full(len(boxes), score, np.float32),
        np.full(len(boxes), COCO_OF_CLASS[cls], np.int32),
    )


def both(*parts: Detections) -> Detections:
    return Detections(*(np.concatenate([getattr(p, f) for p in parts]) for f in ("boxes", "scores", "classes")))


def follow(frames: Iterable[Detections], config: TrackerConfig = DEFAULTS, first_id: int = 1) -> list[list[Track]]:
    tracker = Tracker(count(first_id), config)
    return [tracker.update(index / FPS, detections) for index, detections in enumerate(frames)]


def ids(frames: Iterable[list[Track]]) -> set[int]:
    return {track.id for tracks in frames for track in tracks}


def nearest(tracks: list[Track], x: float) -> Track:
    return min(tracks, key=lambda track: abs(track.box.contact[0] - x))


def test_a_track_is_shown_from_its_third_hit_on_with_the_next_id() -> None:
    first, second, third, *_ = follow([seen(vehicle(0.3))] * 4, first_id=41)
    assert not first and not second
    assert [(track.id, track.hits, track.seen, track.cls) for track in third] == [(41, 3, True, "car")]


def test_a_high_score_confirms_at_once() -> None:
    assert [track.hits for track in follow([seen(vehicle(0.3), score=0.8)])[0]] == [1]


def test_what_rests_out_of_sight_is_the_same_object_and_what_comes_back_is_not() -> None:
    drives = [vehicle(0.1 + 0.04 * step) for step in range(20)]
    frames = follow([*[seen(vehicle(0.2), box) for box in drives], *[NO_DETECTIONS] * 4, seen(vehicle(0.2))])
    lost, again, last = frames[-4:-1]
    assert nearest(again, 0.2) is nearest(lost, 0.2) is nearest(last, 0.2) and not nearest(last, 0.2).seen
    assert nearest(again, 1.0).id == nearest(lost, 1.0).id and nearest(again, 1.0).box != nearest(lost, 1.0).box
    assert nearest(frames[-1], 0.2).seen and nearest(frames[-1], 0.2).hits == 21


def test_ids_come_from_the_iterator_in_order_and_none_is_wasted() -> None:
    flicker = seen(vehicle(0.9))
    frames = follow([both(seen(vehicle(0.2)), flicker), seen(vehicle(0.2)), *[seen(vehicle(0.2), vehicle(0.6))] * 9])
    assert [track.id for track in frames[-1]] == [1, 2]
    assert nearest(frames[-1], 0.2).id == 1 and nearest(frames[-1], 0.6).id == 2


def test_a_standing_vehicle_with_seven_of_ten_detections_missed_keeps_one_id_for_a_minute() -> None:
    random = np.random.default_rng(7)
    frames = [seen(vehicle(0.5)) for _ in range(15)]
    for _ in range(600):
        shaken = tuple(np.array(vehicle(0.5)) + random.normal(0, 0.004, 4))
        frames.append(seen(shaken) if random.random() < 0.3 else NO_DETECTIONS)
    tracks = follow(frames)
    assert ids(tracks) == {1}
    assert all(tracks[3:]), "shown in every frame, seen or not"


def test_a_standing_vehicle_comes_back_after_twenty_hidden_seconds_and_a_moving_one_is_forgotten() -> None:
    hidden = [NO_DETECTIONS] * 200
    stood = follow([*[seen(vehicle(0.5))] * 20, *hidden, *[seen(vehicle(0.51))] * 3])
    assert ids(stood) == {1} and not stood[100][0].seen and stood[-1][0].seen
    moving = follow([seen(vehicle(0.1 + 0.02 * frame)) for frame in range(15)] + hidden)
    assert moving[15 + 14] and not moving[15 + 16], "keep_lost_s is 1.5"


def test_a_standing_vehicle_is_forgotten_in_the_end() -> None:
    config = replace(DEFAULTS, keep_standing_s=5.0)
    tracks = follow([*[seen(vehicle(0.5))] * 20, *[NO_DETECTIONS] * 60, *[seen(vehicle(0.5))] * 4], config)
    assert tracks[19 + 50] and not tracks[19 + 51]
    assert ids(tracks[-1:]) == {2}


def test_a_lost_standing_vehicle_keeps_its_place_though_its_last_boxes_crept() -> None:
    frames = [seen(vehicle(0.5 + 0.0005 * frame)) for frame in range(20)] + [NO_DETECTIONS] * 100
    tracks = follow(frames)
    assert tracks[-1][0].box == pytest.approx(tracks[20][0].box, abs=1e-9)


def test_who_passes_over_the_place_of_a_hidden_standing_vehicle_does_not_take_its_id() -> None:
    passing = [seen(vehicle(0.1 + 0.03 * frame)) for frame in range(28)]
    frames = [*[seen(vehicle(0.5))] * 20, *[NO_DETECTIONS] * 30, *passing, *[seen(vehicle(0.5))] * 5]
    tracks = follow(frames)
    assert nearest(tracks[50 + 27], 0.91).id == 2
    assert nearest(tracks[-1], 0.5).id == 1 and nearest(tracks[-1], 0.5).seen


def test_crossing_vehicles_keep_their_ids() -> None:
    frames = [seen(vehicle(0.1 + 0.02 * f, 0.48), vehicle(0.9 - 0.02 * f, 0.52)) for f in range(41)]
    tracks = follow(frames)
    assert ids(tracks) == {1, 2}
    start, end = tracks[3], tracks[-1]
    assert nearest(start, 0.16).id == nearest(end, 0.9).id != nearest(end, 0.1).id


def test_a_moving_vehicle_is_found_again_behind_what_hid_it() -> None:
    frames = [seen(vehicle(0.1 + 0.02 * f)) if not 15 <= f < 25 else NO_DETECTIONS for f in range(35)]
    tracks = follow(frames)
    assert ids(tracks) == {1}
    assert not tracks[20][0].seen and tracks[20][0].box.contact[0] == pytest.approx(0.5, abs=0.02)
    assert tracks[-1][0].seen and tracks[-1][0].hits == 25


def test_irregular_frames_do_not_break_a_track() -> None:
    tracker, shown = Tracker(count(1)), set()
    for at_s in np.cumsum([0.05, 0.3, 0.1, 0.02, 0.5, 0.04, 0.7, 0.1, 0.1, 0.9, 0.05, 0.6]):
        shown |= {track.id for track in tracker.update(float(at_s), seen(vehicle(0.1 + 0.15 * float(at_s))))}
    assert shown == {1}


def test_after_a_gap_moving_vehicles_are_new_and_standing_ones_are_not() -> None:
    tracker = Tracker(count(1))
    for frame in range(20):
        tracker.update(frame / FPS, seen(vehicle(0.2), vehicle(0.3 + 0.02 * frame, 0.8)))
    for frame in range(3):
        tracks = tracker.update(9.0 + frame / FPS, seen(vehicle(0.2), vehicle(0.3 + 0.02 * frame, 0.8)))
    assert {track.id for track in tracks if track.seen} == {1, 3}
    assert {track.id for track in tracks} == {1, 3}, "what moved into the gap is forgotten"


def test_a_half_seen_vehicle_continues_its_track_and_begins_none() -> None:
    tracks = follow([*[seen(vehicle(0.5))] * 3, *[seen(vehicle(0.5), vehicle(0.9), score=0.15)] * 20])
    assert ids(tracks) == {1}
    assert tracks[-1][0].hits == 23 and tracks[-1][0].score == pytest.approx(0.15)


def test_what_is_below_the_low_score_or_no_road_user_does_not_exist() -> None:
    other = replace(seen(vehicle(0.5)), classes=np.array([62], np.int32))
    assert not ids(follow([other] * 9)) and not ids(follow([seen(vehicle(0.5), score=0.05)] * 9))
    assert follow([*[seen(vehicle(0.5))] * 3, seen(vehicle(0.5), score=0.05)])[-1][0].hits == 3


def test_a_vehicle_may_change_its_class_and_a_person_never_becomes_a_car() -> None:
    lorry = [*[seen(vehicle(0.5))] * 5, *[seen(vehicle(0.5), cls="truck")] * 5]
    assert ids(follow(lorry)) == {1}
    rider = [*[seen(vehicle(0.5), cls="person")] * 5, *[seen(vehicle(0.5), cls="motorcycle")] * 5]
    assert ids(follow(rider)) == {1}
    door = [*[seen(vehicle(0.5), cls="person")] * 5, *[seen(vehicle(0.5))] * 5]
    assert ids(follow(door)) == {1, 2}


def test_a_second_box_of_a_road_user_begins_no_track_and_a_neighbour_does() -> None:
    other_guess = seen((0.45, 0.46, 0.55, 0.58), cls="truck")
    assert ids(follow([seen(vehicle(0.5)), *[both(seen(vehicle(0.5)), other_guess)] * 9])) == {1}
    before_a_car = seen(vehicle(0.5), cls="person")
    assert ids(follow([seen(vehicle(0.5)), *[both(seen(vehicle(0.5)), before_a_car)] * 9])) == {1, 2}
    neighbour = seen(vehicle(0.54))
    assert ids(follow([seen(vehicle(0.5)), *[both(seen(vehicle(0.5)), neighbour)] * 9])) == {1, 2}


def test_the_class_is_a_vote_that_yields_only_to_a_clear_lead() -> None:
    cars, trucks = [seen(vehicle(0.5))] * 8, [seen(vehicle(0.5), cls="truck")] * 12
    spoken = [tracks[0].cls for tracks in follow([*cars, *trucks])[3:]]
    assert spoken == ["car"] * (20 - 3 - 2) + ["truck"] * 2, "11 of 8 is more than 1.25, 10 of 8 is not"
    to_and_fro = [cars[0], trucks[0]] * 20
    assert {tracks[0].cls for tracks in follow(to_and_fro)[3:]} == {"car"}


def test_the_same_frames_give_the_same_tracks() -> None:
    random = np.random.default_rng(3)
    frames = [seen(*(vehicle(*random.random(2)) for _ in range(12))) for _ in range(40)]
    assert follow(frames) == follow(frames)
