"""Queues: one congestion, not thirty stopped vehicles."""

from tests.roads import Someone, begun, driving, incidents, scene, standing


def queue(n: int = 9, kmh: float = 0.0, to_s: float = 1e9) -> list[Someone]:
    """Cars nose to tail from 14 m on, all at one pace; they are gone after `to_s`."""
    def car(number: int) -> Someone:
        y_m = 14 + 6.5 * number
        return Someone("car", lambda t_s: (0.0, y_m + kmh / 3.6 * t_s % 6.5) if t_s <= to_s else None)

    return [car(number) for number in range(n)]


def test_a_standing_queue_is_one_congestion_and_no_stopped_vehicle() -> None:
    reports = incidents(scene(), queue(), 60, seed=1, seen=0.9)
    assert begun(reports) == ["congestion"]
    assert reports[0].detail["level"] == "stationary"
    assert 30 <= reports[0].updated_s <= 40
    assert 30 <= float(reports[0].detail["queue_m"]) <= 60


def test_it_ends_when_the_queue_has_gone() -> None:
    flow = [driving("car", 0, 12, 60, start_s=62 + 4 * number) for number in range(15)]
    reports = incidents(scene(), [*queue(to_s=60), *flow], 120, seed=2, seen=0.9)
    assert begun(reports) == ["congestion"]
    assert reports[-1].phase == "end"
    assert 60 + 30 <= reports[-1].updated_s <= 60 + 45


def test_flowing_dense_traffic_is_none() -> None:
    flow = [driving("car", 0, 12, 50, start_s=1.2 * number) for number in range(60)]
    assert begun(incidents(scene(), flow, 70, seed=3)) == []


def test_a_single_standing_vehicle_is_a_stopped_vehicle() -> None:
    assert begun(incidents(scene(), [standing("car", 0, 30)], 60, seed=4)) == ["stopped_vehicle"]


def test_a_red_light_of_a_minute_is_none() -> None:
    lane = {**_lane(), "signalised": True}
    assert begun(incidents(scene(lanes=[lane]), queue(5, to_s=60), 75, seed=5)) == []


def test_an_empty_road_is_none() -> None:
    assert incidents(scene(), [], 100) == []


def _lane() -> dict[str, object]:
    one = scene().lanes[0]
    return {"id": one.id, "polygon": one.polygon, "centreline": one.centreline}
