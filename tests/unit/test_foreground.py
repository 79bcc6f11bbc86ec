"""What stands in a picture and did not stand there before: on drawn roads, in changing light, under traffic, on footage."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edge_agent.core import geometry
from edge_agent.core.types import Box, Thing
from edge_agent.image_checks.check import PictureCheck
from edge_agent.image_checks.foreground import Foreground
from edge_agent.image_checks.small import small_picture
from edge_agent.sources.clip import read_clip

STEP_S = 0.6
Pixels = NDArray[np.uint8]
Change = Callable[[float, Pixels], None]
CRATE = (300, 200, 340, 230)  # pixels of a picture of 640 x 360


def road() -> Pixels:
    """Asphalt, lines, verges with trees."""
    picture = np.full((360, 640, 3), 95, np.uint8)
    picture[:, :120], picture[:, 520:] = (60, 110, 80), (60, 105, 75)
    for x in (130, 505):
        picture[:, x : x + 8] = 215
    for y in range(0, 360, 60):
        picture[y : y + 30, 316:322] = 220
    for x, y in ((40, 80), (70, 230), (580, 150), (600, 300), (30, 330), (560, 40)):
        cv2.circle(picture, (x, y), 22, (30, 60, 35), -1)
    return picture


def seen(change: Change, seconds: float) -> list[tuple[float, list[Thing]]]:
    """What the check says, look by look; `change` paints into the road as it is at that time."""
    random, check, said = np.random.default_rng(5), Foreground(), []
    for index in range(round(seconds / STEP_S)):
        t_s = index * STEP_S
        picture = road()
        change(t_s, picture)
        noisy = np.clip(picture + random.normal(0, 3.0, picture.shape), 0, 255).astype(np.uint8)
        things = check.look(t_s, small_picture(noisy, (), 320))
        said.append((t_s, list(things or ())))
    return said


def paint(picture: Pixels, box: tuple[int, int, int, int], level: int | tuple[int, int, int]) -> None:
    left, top, right, bottom = box
    picture[top:bottom, left:right] = level


def crate(from_s: float = 12.0, to_s: float = 1e9, box: tuple[int, int, int, int] = CRATE) -> Change:
    def change(t_s: float, picture: Pixels) -> None:
        if from_s <= t_s < to_s:
            paint(picture, box, (88, 128, 168))
            paint(picture, (box[0], (box[1] + box[3]) // 2, box[2], (box[1] + box[3]) // 2 + 3), (40, 60, 80))

    return change


def both(*changes: Change) -> Change:
    def change(t_s: float, picture: Pixels) -> None:
        for one in changes:
            one(t_s, picture)

    return change


def lies_on(thing: Thing, box: tuple[int, int, int, int] = CRATE) -> bool:
    return geometry.iou(thing.box, Box(box[0] / 640, box[1] / 360, box[2] / 640, box[3] / 360)) > 0.5


def lorries(every_s: float = 7.2, lasts_s: float = 2.4) -> Change:
    """One after the other drives down the picture, over the crate's place."""

    def change(t_s: float, picture: Pixels) -> None:
        passed = t_s % every_s
        if passed < lasts_s:
            top = int(passed / lasts_s * 300)
            paint(picture, (270, top, 370, top + 90), (200, 60, 40))
            paint(picture, (285, top + 20, 355, top + 40), 20)

    return change


def test_what_was_left_there_is_noticed_where_it_stands_until_it_is_taken_away() -> None:
    said = seen(crate(24, 60), 90)
    noticed = [(t_s, things) for t_s, things in said if things]
    assert 31 <= noticed[0][0] <= 36
    assert all(len(things) == 1 and lies_on(things[0]) for t_s, things in noticed if t_s < 60)
    assert {t_s for t_s, _ in noticed} >= {t_s for t_s, _ in said if 36 <= t_s < 60}
    assert 60 <= noticed[-1][0] <= 72
    assert noticed[0][1][0].stands_s == pytest.approx(noticed[0][0] - 24, abs=1.5)


def test_what_stands_there_from_the_start_is_the_road_and_its_place_is_nothing_when_it_leaves() -> None:
    assert not any(things for _, things in seen(crate(0, 40), 80))


def test_under_traffic_it_is_noticed_all_the_same() -> None:
    said = seen(both(crate(12), lorries()), 60)
    assert not any(things for t_s, things in said if t_s < 18)
    assert any(lies_on(thing) for t_s, things in said if t_s < 30 for thing in things)
    assert all(any(lies_on(thing) for thing in things) for t_s, things in said if t_s > 30)


def test_traffic_alone_is_nothing() -> None:
    assert not any(things for _, things in seen(lorries(), 90))


def test_a_shadow_that_passes_light_that_changes_and_lamps_that_sweep_are_nothing() -> None:
    def shadow(t_s: float, picture: Pixels) -> None:
        left = int(t_s * 20) % 900 - 200
        part = picture[:, max(0, left) : max(0, left + 150)]
        part[:] = (part * 0.55).astype(np.uint8)

    def exposure(t_s: float, picture: Pixels) -> None:
        picture[:] = np.clip(picture * (1.0 if t_s < 20 else 0.6 if t_s < 40 else 1.35), 0, 255).astype(np.uint8)

    def lamps(t_s: float, picture: Pixels) -> None:
        glow = np.zeros((360, 640), np.float32)
        cv2.circle(glow, (320, int(t_s * 40) % 400), 60, 120.0, -1)
        picture[:] = np.clip(picture + cv2.GaussianBlur(glow, (0, 0), 20)[..., None], 0, 255).astype(np.uint8)

    for change in (shadow, exposure, lamps):
        assert not any(things for _, things in seen(change, 66)), change.__name__


def test_it_stays_the_same_through_a_step_of_the_exposure() -> None:
    def dims(t_s: float, picture: Pixels) -> None:
        if t_s >= 30:
            picture[:] = (picture * 0.65).astype(np.uint8)

    said = seen(both(crate(12), dims), 54)
    assert all(any(lies_on(thing) for thing in things) for t_s, things in said if t_s > 24)


def test_a_car_that_leaves_uncovers_the_road() -> None:
    """The line that it stood on is new to the check, and yet it is no thing."""

    def parked(t_s: float, picture: Pixels) -> None:
        if t_s < 24:
            paint(picture, (280, 100, 360, 170), (40, 40, 160))
            paint(picture, (292, 110, 348, 130), 25)
            paint(picture, (284, 150, 296, 158), 240)
            paint(picture, (344, 150, 356, 158), 240)

    assert not any(things for t_s, things in seen(parked, 80) if t_s > 24)


def test_light_that_changes_everywhere_is_no_crowd_of_things() -> None:
    def leaves(t_s: float, picture: Pixels) -> None:
        if t_s > 15:
            for x in range(0, 640, 26):
                for y in range(0, 360, 26):
                    paint(picture, (x, y, x + 13, y + 13), 30)

    assert not any(things for _, things in seen(leaves, 45))


def test_it_survives_a_restart_and_so_does_what_fell_meanwhile() -> None:
    before = Foreground()
    for index in range(40):
        before.look(index * STEP_S, small_picture(road(), (), 320))
    after, said = Foreground(before.road), []
    for index in range(30):
        picture = road()
        crate(0)(0, picture)
        said.append(after.look(index * STEP_S, small_picture(picture, (), 320)))
    assert said[0] is not None
    assert said[-1]
    assert lies_on(said[-1][0])


def test_a_camera_that_shakes_or_has_slipped_is_followed() -> None:
    random, check, said = np.random.default_rng(2), PictureCheck(), []
    for index in range(110):
        t_s = index * 0.6
        picture = road()
        crate(30)(t_s, picture)
        dx, dy = (int(v) for v in random.integers(-3, 4, 2)) if t_s < 18 or t_s > 45 else (6, 4)
        moved = np.roll(picture, (dy, dx), (0, 1))
        reading = check.look(t_s, np.clip(moved + random.normal(0, 2, moved.shape), 0, 255).astype(np.uint8))
        said.append((t_s, reading.things if reading else None))
    assert not any(things for t_s, things in said if t_s < 36)
    late = [things for t_s, things in said if t_s > 40 and things is not None]
    assert len(late) > 25
    assert sum(any(lies_on(thing) for thing in things) for things in late) > 0.9 * len(late)
    assert all(len(things) <= 1 for things in late)


@pytest.mark.parametrize(
    ("name", "box"), [("bgs_video02", (0.45, 0.62, 0.53, 0.7)), ("intel_car-detection", (0.35, 0.55, 0.39, 0.61))]
)
def test_a_crate_that_is_pasted_into_real_footage_is_noticed(shared: Path, name: str, box: tuple[float, ...]) -> None:
    check, found = PictureCheck(), []
    with read_clip(next((shared / "clips").glob(f"{name}.*")), fps=2.0) as frames:
        for frame in frames:
            height, width = frame.pixels.shape[:2]
            left, top, right, bottom = (round(side * size) for side, size in zip(box, (width, height) * 2, strict=True))
            picture = frame.pixels.copy()
            if frame.at_s >= 9:
                paint(picture, (left, top, right, bottom), (70, 110, 150))
                paint(picture, (left, (top + bottom) // 2, right, (top + bottom) // 2 + 2), (30, 50, 70))
            reading = check.look(frame.at_s, picture)
            if reading is not None and reading.things is not None:
                there = [geometry.iou(thing.box, Box(*box)) > 0.3 for thing in reading.things]
                if frame.at_s > 18:
                    found.append(any(there))
    assert len(found) > 10
    assert sum(found) > 0.8 * len(found)
