"""The model of a detector: as often as it is told, for as long as it is told, and the same again for the same seed."""

from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace

from edge_agent.app.simulate import write_folder
from edge_agent.core.failure import WrongInput
from edge_agent.simulation import presets
from edge_agent.simulation.bodies import Body
from edge_agent.simulation.eye import SeeingEye
from edge_agent.simulation.seeing import ClassSeeing, FalseBox, Seeing, Stray, condition, fitted, probability
from edge_agent.simulation.truth.sight import Sight

SIZE_PX = (640, 360)
CAR = ClassSeeing(
    best=0.9, half_px=30.0, slope=5.0, hidden_half=0.4, lasting=0.3, wandering=0.4, bias=(0.0,) * 4, spread=(0.02,) * 4,
    steady=0.5,
    score=(0.2, 0.3), score_sd=0.05, labels={2: 0.8, 7: 0.2},
)  # fmt: skip


def row_of_cars(count: int, tall_px: float, visible: float = 1.0) -> Sight:
    bodies = tuple(Body(number + 1, "car", 0, 0, 0, 0, 4.4, 1.8, 1.5, 0) for number in range(count))
    left, tall = np.linspace(0.05, 0.85, count), tall_px / SIZE_PX[1]
    boxes = np.column_stack([left, np.full(count, 0.5), left + 0.1, np.full(count, 0.5 + tall)])
    return Sight(bodies, boxes, boxes, np.full(count, visible), np.full(count, 30.0))


def eye(car: ClassSeeing = CAR, seed: int = 3, **more: object) -> SeeingEye:
    numbers = Seeing({"car": car}, false_per_frame=0.0, false_stays=0.0, false_boxes=())
    return SeeingEye(replace(numbers, **more), seed, SIZE_PX)


def test_same_seed_same_detections_and_another_seed_others() -> None:
    numbers, sight = fitted().detectors["nanodet-g-416"]["day"], row_of_cars(8, 30)
    runs = [[one.see(t / 10, sight) for t in range(20)] for one in (SeeingEye(numbers, seed, SIZE_PX) for seed in (1, 1, 2))]
    same, other = (all(np.array_equal(a.boxes, b.boxes) for a, b in zip(runs[0], run, strict=True)) for run in runs[1:])
    assert same and not other


@pytest.mark.parametrize(("tall_px", "visible"), [(22.0, 1.0), (30.0, 1.0), (60.0, 1.0), (60.0, 0.4)])
def test_as_many_are_found_as_is_likely(tall_px: float, visible: float) -> None:
    sight = row_of_cars(400, tall_px, visible)
    found = np.mean([len(eye(seed=seed).see(0.0, sight)) / 400 for seed in range(6)])
    assert found == pytest.approx(probability(CAR, tall_px, visible), abs=0.04)


def test_who_is_missed_is_missed_again_and_a_lasting_disposition_outlives_a_wandering_one() -> None:
    def agreement(car: ClassSeeing, after_s: float) -> float:
        one, sight = eye(replace(car, spread=(0.0,) * 4), seed=5), row_of_cars(400, 30)
        first, second = ({round(float(x), 4) for x in one.see(t, sight).boxes[:, 0]} for t in (0.0, after_s))
        return len(first & second) / len(first)

    by_chance = probability(CAR, 30, 1.0)
    assert agreement(replace(CAR, lasting=0.0, wandering=0.0), 0.1) == pytest.approx(by_chance, abs=0.1)
    assert agreement(replace(CAR, lasting=0.0, wandering=0.95), 0.1) > by_chance + 0.2
    assert agreement(replace(CAR, lasting=0.0, wandering=0.95), 2.9) == pytest.approx(by_chance, abs=0.12)
    assert agreement(replace(CAR, lasting=0.95, wandering=0.0), 2.9) > by_chance + 0.2


def test_false_boxes_come_at_their_rate_and_stay() -> None:
    false = (FalseBox((0.1, 0.1, 0.2, 0.2), 0.2, 2),)
    one = eye(false_per_frame=0.5, false_stays=0.8, false_boxes=false)
    counts = [len(one.see(t / 10, row_of_cars(0, 30))) for t in range(3000)]
    assert np.mean(counts[50:]) == pytest.approx(0.5 / (1 - 0.8), rel=0.15)


def test_a_stray_goes_with_its_road_user() -> None:
    never = replace(CAR, best=0.5, half_px=1.0, lasting=0.0, wandering=0.0)
    car = replace(never, stray_begins=2.1, stray_stays=1.0, strays=(Stray((0.0, 0.0, 1.0, 0.5), 0.17, 7),))
    sight, one = row_of_cars(1, 72), eye(car)
    seen = one.see(0.0, sight)
    stray = seen.boxes[np.isclose(seen.scores, 0.17)]
    assert stray == pytest.approx(np.array([[0.05, 0.5, 0.15, 0.6]]), abs=1e-6)


def test_every_light_of_the_default_detector_knows_every_road_user() -> None:
    lights = fitted().detectors["nanodet-g-416"]
    assert set(lights) == {"day", "dusk", "night", "rain", "fog"}
    for light in lights.values():
        assert set(light.classes) >= {"bicycle", "bus", "car", "motorcycle", "person", "truck"}
        assert all(sum(one.labels.values()) == pytest.approx(1, abs=0.01) for one in light.classes.values())
    assert probability(lights["day"].classes["car"], 60, 1.0) > 0.9 > probability(lights["day"].classes["car"], 15, 1.0)


def test_weather_counts_by_day_and_the_night_hides_it() -> None:
    assert [condition(*both) for both in (("day", "clear"), ("day", "rain"), ("night", "rain"))] == ["day", "rain", "night"]


def test_an_unknown_detector_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(WrongInput, match=r"no model of 'nobody'; there is one of nanodet-g-416$"):
        write_folder(presets.load("motorway"), tmp_path / "scene", detector="nobody")
