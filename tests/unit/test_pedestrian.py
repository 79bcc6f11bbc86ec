"""Persons on the carriageway, and riders who are none."""

from tests.roads import Someone, begun, clipped, driving, image_of, incidents, scene, standing

ROAD = [{"id": "w1", "polygon": [clipped(image_of(x, y)) for x, y in ((-2, 12), (5.5, 12), (5.5, 80), (-2, 80))]}]


def crossing(cls: str, y_m: float, m_s: float = 1.3, start_s: float = 0.0) -> Someone:
    """From the left to the right over the road."""
    return Someone(cls, lambda t_s: (-6 + m_s * (t_s - start_s), y_m) if 0 <= t_s - start_s <= 12 / m_s else None)


def test_a_person_on_the_carriageway_for_two_seconds() -> None:
    reports = incidents(scene(carriageway=ROAD), [crossing("person", 25)], 14, seed=1, seen=0.8)
    assert begun(reports) == ["pedestrian"]
    reached_s = 4 / 1.3  # at the kerb, x = -2
    assert reached_s + 1.5 <= reports[0].updated_s <= reached_s + 3.5
    assert reports[-1].phase == "end"


def test_beside_the_road_is_none() -> None:
    walker = Someone("person", lambda t_s: (-4.0, 20 + 1.3 * t_s))
    assert begun(incidents(scene(carriageway=ROAD), [walker], 20, seed=2)) == []


def test_without_a_carriageway_there_is_none() -> None:
    assert begun(incidents(scene(), [crossing("person", 25)], 14, seed=3)) == []


def test_a_rider_is_part_of_his_motorcycle() -> None:
    machine = driving("motorcycle", 0, 15, 8)
    rider = Someone("person", lambda t_s: (0.0, 15 + 8 / 3.6 * t_s + 0.01))
    assert "pedestrian" not in begun(incidents(scene(carriageway=ROAD), [machine, rider], 12, seed=4))


def test_who_moves_like_a_vehicle_rides() -> None:
    """The detector often says "person" for a motorcycle with its rider."""
    assert begun(incidents(scene(carriageway=ROAD), [driving("person", 0, 15, 30)], 8, seed=5)) == []


def walking_in(x_m: float, y_m: float, from_s: float = 0.0, to_s: float = 1e9, score: float = 0.8) -> Someone:
    """Walks up to where he stands from then on, two metres across."""
    return Someone(
        "person", lambda t_s: (x_m + min(0.0, t_s - from_s - 2.0), y_m) if from_s <= t_s < to_s else None, score=score
    )


def test_a_group_of_three_is_three_at_most_and_each_once() -> None:
    group = [walking_in(x, 25, 1, 30) for x in (0.0, 1.5, 3.0)]
    reports = incidents(scene(carriageway=ROAD), group, 35, seed=6, seen=0.6)
    assert begun(reports) == ["pedestrian"] * 3
    assert sum(report.phase == "end" for report in reports) == 3


def test_a_flicker_is_none() -> None:
    ghost = Someone("person", lambda t_s: (0.0, 25.0) if t_s % 1.0 < 0.15 else None)
    assert begun(incidents(scene(carriageway=ROAD), [ghost], 20, seed=7)) == []


def test_a_post_that_is_half_a_person_now_and_then_is_none() -> None:
    def at(t_s: float) -> tuple[float, float]:
        return 0.0, 30.0

    sure = Someone("person", lambda t_s: at(t_s) if t_s < 0.5 else None, score=0.5)
    half = Someone("person", lambda t_s: None if t_s < 0.5 else at(t_s), score=0.2)
    assert "pedestrian" not in begun(incidents(scene(carriageway=ROAD), [sure, half], 8, seed=9))
    assert "pedestrian" in begun(incidents(scene(carriageway=ROAD), [walking_in(0, 30, score=0.5)], 8, seed=9))


def test_what_has_never_walked_is_no_pedestrian() -> None:
    assert begun(incidents(scene(carriageway=ROAD), [standing("person", 0, 25, 1, 60)], 60, seed=6)) == []


def braking_to(y_m: float, x_m: float = 0.0, cls: str = "person") -> Someone:
    """Comes along the lane at 30 km/h and stands from there on."""
    return Someone(cls, lambda t_s: (x_m, min(y_m, 14 + 30 / 3.6 * t_s)))


def waiting_riders() -> list[Someone]:
    return [braking_to(30, -1, "motorcycle"), braking_to(32, 1), braking_to(34, -0.5)]


def test_who_rode_up_and_stands_is_a_vehicle_that_has_stopped() -> None:
    assert begun(incidents(scene(carriageway=ROAD), [braking_to(50)], 40, seed=11)) == ["stopped_vehicle"]


def test_a_stranger_among_waiting_riders_is_taken_for_one_of_them() -> None:
    stranger = Someone("person", lambda t_s: (0.3 + min(0.8, t_s - 8), 31.0) if t_s > 8 else None)
    assert "pedestrian" not in begun(incidents(scene(carriageway=ROAD), [*waiting_riders(), stranger], 30, seed=12))
    assert "pedestrian" in begun(incidents(scene(carriageway=ROAD), [stranger], 30, seed=12))


def test_who_walks_across_between_waiting_riders_is_on_foot() -> None:
    reports = incidents(scene(carriageway=ROAD), [*waiting_riders(), crossing("person", 28.5, start_s=8)], 20, seed=13)
    assert begun(reports).count("pedestrian") == 1
    assert reports[0].updated_s <= 8 + 4 / 1.3 + 4


def test_a_runner_across_the_road_is_on_foot() -> None:
    assert "pedestrian" in begun(incidents(scene(carriageway=ROAD), [crossing("person", 25, m_s=3.0)], 8, seed=14))


def test_a_motorcycle_that_was_a_car_and_is_a_person_when_it_stands_is_none() -> None:
    def at(t_s: float) -> tuple[float, float]:
        return 0.0, min(34.0, 14 + 25 / 3.6 * t_s)

    first = Someone("motorcycle", lambda t_s: at(t_s) if t_s < 2.8 else None)
    then = Someone("person", lambda t_s: (min(1.0, t_s - 3.2), at(t_s)[1]) if t_s > 3.2 else None)
    assert "pedestrian" not in begun(incidents(scene(carriageway=ROAD), [first, then], 20, seed=15))
    assert "pedestrian" in begun(incidents(scene(carriageway=ROAD), [then], 20, seed=15))


def test_beside_who_waits_only_who_walks_across_is_on_foot() -> None:
    """Riders who wait there, or steer around, are often called persons."""
    steering = Someone("person", lambda t_s: (min(1.6, 0.3 * t_s), 24 + 0.9 * t_s) if t_s < 12 else None)
    waiting, road = standing("car", 0, 31), scene(carriageway=ROAD)
    assert "pedestrian" in begun(incidents(road, [steering], 14, seed=21))
    assert "pedestrian" not in begun(incidents(road, [waiting, steering], 14, seed=21))
    assert "pedestrian" in begun(incidents(road, [waiting, crossing("person", 28)], 14, seed=21))


def test_what_lies_within_a_lorry_is_a_part_of_it() -> None:
    lorry, part = standing("truck", 0, 25), standing("person", 0.3, 25.2, from_s=3)
    assert "pedestrian" not in begun(incidents(scene(carriageway=ROAD), [lorry, part], 20, seed=16))
    out = Someone("person", lambda t_s: (min(0.3 + 1.2 * max(0.0, t_s - 4), 4.5), 24.0) if t_s > 3 else None)
    assert "pedestrian" in begun(incidents(scene(carriageway=ROAD), [lorry, out], 20, seed=16))
