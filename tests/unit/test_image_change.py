"""What moves on the road is noticed in the very frame; noise, rain, light and what lies beside the road are not."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edge_agent.image_checks.change import ChangeCheck

ROAD = [[(0.3, 0.2), (0.7, 0.2), (0.9, 1.0), (0.1, 1.0)]]
SIZE_PX = 640, 360
Picture = NDArray[np.uint8]
Painted = Callable[[int], NDArray[np.float32]]


def night(index: int) -> NDArray[np.float32]:
    """A dark road with bright markings, the same in every frame."""
    picture = np.full((SIZE_PX[1], SIZE_PX[0], 3), 35, np.float32)
    cv2.line(picture, (320, 80), (320, 360), (120, 120, 120), 4)
    return picture


NOISE = np.random.default_rng(1).normal(0, 2.5, (SIZE_PX[1] + 64, SIZE_PX[0] + 64, 1)).astype(np.float32)


def film(painted: Painted, frames: int) -> list[Picture]:
    """With the noise of a sensor: of one picture, a piece elsewhere for each frame."""
    shifts = np.random.default_rng(2).integers(0, 64, (frames, 2))
    return [
        np.clip(painted(index) + NOISE[down : down + SIZE_PX[1], right : right + SIZE_PX[0]], 0, 255).astype(np.uint8)
        for index, (down, right) in enumerate(shifts)
    ]


def changed(pictures: list[Picture], masks: list[list[tuple[float, float]]] | None = None, mark_every: int = 20) -> list[int]:
    """Which pictures have changed since the last mark; one is set where something has, and every `mark_every`."""
    check, found, marked = ChangeCheck(ROAD, masks or ()), [], 0
    for index, picture in enumerate(pictures):
        has = check.has_changed(picture)
        if has:
            found.append(index)
        if has or index - marked >= mark_every:
            check.mark()
            marked = index
    return found


def with_car(size_px: int, grey: float, from_frame: int, step_px: float = 3.0, x_px: int = 300) -> Painted:
    def painted(index: int) -> NDArray[np.float32]:
        picture = night(index)
        if index >= from_frame:
            y = round(120 + step_px * (index - from_frame))
            picture[y : y + size_px, x_px : x_px + size_px] = grey
        return picture

    return painted


def test_the_first_picture_is_always_new_and_a_quiet_night_is_not() -> None:
    assert changed(film(night, 60)) == [0]


@pytest.mark.parametrize(("size_px", "grey"), [(60, 45), (24, 60), (12, 90)])
def test_a_vehicle_is_noticed_in_the_frame_in_which_it_appears(size_px: int, grey: float) -> None:
    assert changed(film(with_car(size_px, grey, 30), 32))[:2] == [0, 30]


def test_what_creeps_is_noticed_once_it_has_gone_a_step_that_can_be_seen() -> None:
    found = changed(film(with_car(30, 90, 0, step_px=0.2), 60), mark_every=1000)
    assert 3 <= len(found) <= 30


def test_what_stands_is_no_change() -> None:
    assert changed(film(with_car(30, 120, 20, step_px=0), 50)) == [0, 20]


def test_light_that_changes_everywhere_at_once_is_no_change() -> None:
    assert changed(film(lambda index: night(index) + (12 if index >= 30 else 0), 50)) == [0]


def test_what_moves_beside_the_road_or_in_a_mask_is_no_change() -> None:
    assert changed(film(with_car(40, 120, 30, x_px=20), 40)) == [0]
    masked = [(0.4, 0.2), (0.6, 0.2), (0.6, 1.0), (0.4, 1.0)]
    assert changed(film(with_car(40, 120, 30), 40), masks=[masked]) == [0]


def test_who_is_about_to_step_onto_the_road_counts() -> None:
    edge_px = round(640 * 0.22)  # of the road, 190 px down
    assert 30 in changed(film(with_car(16, 120, 30, step_px=0, x_px=edge_px - 22), 32))


def test_what_flickers_all_the_time_is_learnt_and_a_vehicle_is_still_noticed() -> None:
    random = np.random.default_rng(5)

    def leaves(index: int) -> NDArray[np.float32]:
        picture = with_car(40, 100, 90)(index) if index >= 90 else night(index)
        picture[200:260, 200:260] += random.normal(0, 12, (15, 15, 1)).repeat(4, 0).repeat(4, 1)
        return picture

    found = changed(film(leaves, 92))
    assert len([index for index in found if 50 <= index < 90]) <= 4
    assert 90 in found


def test_another_size_is_a_change_and_is_followed() -> None:
    pictures = film(night, 40)
    squarer = [picture[:, :480] for picture in pictures[20:]]
    assert changed([*pictures[:20], *squarer]) == [0, 20]
