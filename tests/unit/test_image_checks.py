"""What a picture says of its camera, on pictures of which all is known."""

from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edge_agent.core.types import PictureReading
from edge_agent.image_checks.check import EVERY_S, PictureCheck
from edge_agent.image_checks.keeping import load_reference, save_reference
from edge_agent.image_checks.small import small_picture

Pixels = NDArray[np.uint8]
WIDTH, HEIGHT = 320, 180


def street(light: float = 1.0, right_px: float = 0.0, down_px: float = 0.0) -> Pixels:
    """Always the same street; the light comes from one side."""
    shift = np.array([[1, 0, right_px], [0, 1, down_px]], np.float32)
    picture = cv2.warpAffine(_surfaces(), shift, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REFLECT)
    slope = np.linspace(light, 1.0, WIDTH, dtype=np.float32)
    return np.asarray(np.clip(picture * slope, 0, 255)[..., None].repeat(3, axis=2), np.uint8)


@cache
def _surfaces() -> NDArray[np.float32]:
    """Kerbs, houses and marks."""
    random = np.random.default_rng(5)
    picture = np.full((HEIGHT, WIDTH), 105, np.float32)
    for _ in range(60):
        left, top = random.integers(0, WIDTH - 20), random.integers(0, HEIGHT - 20)
        wide, tall = random.integers(10, 70, 2)
        picture[top : top + tall, left : left + wide] = random.uniform(30, 220)
    return picture


class Camera:
    """Takes a picture every EVERY_S, with noise."""

    def __init__(self, check: PictureCheck | None = None) -> None:
        self.check, self._random, self._at_s = check or PictureCheck(), np.random.default_rng(1), 0.0

    def takes(self, picture: Pixels, times: int = 1, noise: int = 5) -> PictureReading:
        for _ in range(times):
            self._at_s += EVERY_S
            grain = self._random.integers(-noise, noise + 1, picture.shape, np.int8)
            noisy = cv2.add(picture, grain, dtype=cv2.CV_8U)
            reading = self.check.look(self._at_s, noisy)
            assert reading is not None
        return reading


@pytest.fixture
def camera() -> Camera:
    camera = Camera()
    camera.takes(street(), 12)
    return camera


def standing(reading: PictureReading) -> tuple[float, float, tuple[float, float], float]:
    found = reading.standing
    assert found is not None
    return found.flat, found.detail, found.shift, found.certainty


def test_what_stands_is_learnt_and_found_again(camera: Camera) -> None:
    flat, detail, shift, certainty = standing(camera.takes(street()))
    assert flat == 0 and detail == pytest.approx(1, abs=0.05)
    assert max(map(abs, shift)) < 0.002 and certainty > 20


def test_most_pictures_are_not_looked_at() -> None:
    check = PictureCheck()
    read = [check.look(index / 10, street()) is not None for index in range(31)]
    assert sum(read) == 11 and read[0]


@pytest.mark.parametrize(("right_px", "down_px"), [(6, 0), (-10, 3), (32, -18), (-96, 10)])
def test_how_far_it_lies_beside(camera: Camera, right_px: int, down_px: int) -> None:
    _, _, shift, certainty = standing(camera.takes(street(right_px=right_px, down_px=down_px)))
    assert shift == pytest.approx((right_px / WIDTH, down_px / HEIGHT), abs=0.003)
    assert certainty > 7


def test_light_is_no_change(camera: Camera) -> None:
    flat, detail, shift, certainty = standing(camera.takes(street(light=0.25)))
    assert flat < 0.15 and detail > 0.8 and max(map(abs, shift)) < 0.003 and certainty > 15


def test_another_road_is_not_found(camera: Camera) -> None:
    _, _, _, certainty = standing(camera.takes(np.ascontiguousarray(street()[::-1, ::-1])))
    assert certainty < 6


def test_what_is_covered_has_lost_its_edges(camera: Camera) -> None:
    covered = street()
    covered[:, : WIDTH // 2] = 60
    flat, _, shift, _ = standing(camera.takes(covered))
    assert 0.35 < flat < 0.65 and max(map(abs, shift)) < 0.003


def test_blur_takes_the_detail_and_leaves_the_edges(camera: Camera) -> None:
    blurred = np.asarray(cv2.GaussianBlur(street(), (0, 0), 3), np.uint8)
    flat, detail, _, certainty = standing(camera.takes(blurred))
    assert detail < 0.6 and flat < 0.2 and certainty > 10


def test_levels(camera: Camera) -> None:
    black, white = camera.takes(np.zeros_like(street())), camera.takes(np.full_like(street(), 255))
    assert black.brightest < 10 and black.contrast < 4
    assert white.burnt > 0.95 and white.darkest > 200


def test_one_and_the_same_picture_is_still_though_encoded_twice(camera: Camera) -> None:
    once = street()
    again = once.copy()
    again[::7, ::5] ^= 1
    camera.takes(once, noise=0)
    reading = [camera.takes(picture, noise=0) for picture in (once, again, once, again)][-1]
    assert reading.still_s == pytest.approx(4 * EVERY_S)
    again[50:70, 100:120] = 255
    assert camera.takes(again, noise=0).still_s == 0


def test_after_an_absence_nothing_is_still() -> None:
    check = PictureCheck()
    readings = [check.look(at_s, street()) for at_s in (0.0, 1.0, 60.0)]
    assert [reading.still_s for reading in readings if reading] == [0, 1, 0]


def test_what_lies_in_a_mask_is_not_looked_at(camera: Camera) -> None:
    clock = ((0.0, 0.0), (0.5, 0.0), (0.5, 0.2), (0.0, 0.2))
    masked = PictureCheck([clock])
    other = street()
    other[: HEIGHT // 5 - 4, : WIDTH // 2 - 4] = 255
    readings = [masked.look(0.0, street()), masked.look(1.0, other)]
    assert readings[1] is not None and readings[1].still_s == 1.0
    assert readings[1].darkest > 0  # the mask is black, and no pixel of the picture


def test_a_reference_follows_the_light_but_never_the_camera() -> None:
    camera = Camera()
    camera.takes(street(), 12)
    for step in range(200):
        camera.takes(street(light=1 - step / 250, right_px=step / 100))
    _, _, shift, _ = standing(camera.takes(street(right_px=2.0)))
    assert shift[0] == pytest.approx(2.0 / WIDTH, abs=0.001)


def test_a_hurt_camera_teaches_nothing(camera: Camera) -> None:
    learnt = camera.check.reference.looks
    camera.takes(np.asarray(cv2.GaussianBlur(street(), (0, 0), 4), np.uint8), 20)
    camera.takes(street(right_px=30), 20)
    camera.takes(np.full_like(street(), 90), 20)
    camera.takes(street(), 5, noise=0)
    assert camera.check.reference.looks <= learnt + 1  # the first of the still ones


def test_a_reference_is_the_same_after_a_restart(camera: Camera, tmp_path: Path) -> None:
    save_reference(tmp_path / "north.view", camera.check.reference, "a", (0.02, -0.01))
    reference, registered = load_reference(tmp_path / "north.view", "a")
    assert registered == (0.02, -0.01) and reference.looks == camera.check.reference.looks
    flat, detail, shift, certainty = standing(Camera(PictureCheck(reference=reference)).takes(street(right_px=32)))
    assert shift[0] == pytest.approx(0.1, abs=0.003) and certainty > 7 and flat < 0.5 and detail > 0.8


@pytest.mark.parametrize("harm", ["other scene", "missing", "cut", "not a file of ours", "large"])
def test_a_reference_that_is_of_no_use_is_learnt_anew(camera: Camera, tmp_path: Path, harm: str) -> None:
    kept = tmp_path / "north.view"
    save_reference(kept, camera.check.reference, "a", (0.0, 0.0))
    whole = kept.read_bytes()
    match harm:
        case "missing":
            kept.unlink()
        case "cut":
            kept.write_bytes(whole[: len(whole) // 2])
        case "not a file of ours":
            kept.write_bytes(b"PK something else")
        case "large":
            kept.write_bytes(whole + bytes(2_000_000))
    reference, registered = load_reference(kept, "b" if harm == "other scene" else "a")
    assert not reference.is_learnt and registered == (0.0, 0.0)


def test_no_damage_to_a_kept_reference_stops_the_agent(camera: Camera, tmp_path: Path) -> None:
    kept, random = tmp_path / "north.view", np.random.default_rng(5)
    save_reference(kept, camera.check.reference, "a", (0.02, 0.0))
    whole = kept.read_bytes()
    for place in random.integers(len(whole), size=200).tolist():
        kept.write_bytes(whole[:place] + bytes([whole[place] ^ int(random.integers(1, 256))]) + whole[place + 1 :])
        reference, registered = load_reference(kept, "a")
        assert not reference.is_learnt and registered == (0.0, 0.0), place


def test_a_camera_that_sends_another_size_is_learnt_anew(camera: Camera) -> None:
    smaller = np.asarray(cv2.resize(street(), (240, 135)), np.uint8)
    assert camera.takes(smaller).standing is None
    assert camera.takes(smaller, 12).standing is not None


@pytest.mark.parametrize("size", [(320, 240), (384, 288), (426, 320), (640, 360), (768, 432), (1920, 1080), (100, 80)])
def test_small_pictures_are_small_and_have_square_pixels(size: tuple[int, int]) -> None:
    height, width = small_picture(np.zeros((size[1], size[0], 3), np.uint8)).shape
    assert 80 < width <= 160 and width / height == pytest.approx(size[0] / size[1], rel=0.02)
