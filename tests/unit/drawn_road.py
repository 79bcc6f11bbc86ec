"""A road with two cars, drawn: the real detector sees them, and no photograph has to travel with the tests."""

import cv2
import numpy as np
from numpy.typing import NDArray

WIDTH, HEIGHT = 640, 360
CARS = ((368, 238, 494, 322), (196, 205, 265, 251))  # left, top, right, bottom of the drawn bodies


def drawn_road() -> NDArray[np.uint8]:
    picture = np.full((HEIGHT, WIDTH, 3), (150, 140, 135), np.uint8)
    picture[:120] = (205, 190, 175)
    picture[120:132] = (70, 95, 75)
    cv2.fillPoly(picture, [np.array([[250, 132], [390, 132], [640, 360], [0, 360]])], (95, 95, 95))
    for y in range(140, HEIGHT, 40):
        cv2.line(picture, (320, y), (320, y + 18), (220, 220, 220), 3)
    _draw_car(picture, 430, 320, 70, (40, 40, 170))
    _draw_car(picture, 230, 250, 38, (200, 200, 205))
    noise = np.random.default_rng(1).normal(0, 3, picture.shape)
    return np.clip(cv2.GaussianBlur(picture, (3, 3), 0.8) + noise, 0, 255).astype(np.uint8)


def _draw_car(picture: NDArray[np.uint8], x: int, y: int, size: int, body: tuple[int, int, int]) -> None:
    """Seen from behind: shadow, tyres, body, roof with a dark window, lights, plate. Without the window scores halve."""

    def at(u: float, v: float) -> tuple[int, int]:
        return x + int(u * size), y + int(v * size)

    def polygon(*corners: tuple[float, float]) -> list[NDArray[np.int32]]:
        return [np.array([at(u, v) for u, v in corners], np.int32)]

    cv2.ellipse(picture, at(0, 0.02), (size, int(0.12 * size)), 0, 0, 360, (55, 55, 55), -1)
    for u in (-0.68, 0.68):
        cv2.rectangle(picture, at(u - 0.14, -0.3), at(u + 0.14, 0), (20, 20, 20), -1)
    sides = polygon((-0.88, -0.18), (-0.92, -0.55), (-0.8, -0.72), (0.8, -0.72), (0.92, -0.55), (0.88, -0.18))
    cv2.fillPoly(picture, sides, body)
    cv2.fillPoly(picture, polygon((-0.72, -0.72), (-0.55, -1.16), (0.55, -1.16), (0.72, -0.72)), [c * 0.85 for c in body])
    cv2.fillPoly(picture, polygon((-0.62, -0.74), (-0.48, -1.08), (0.48, -1.08), (0.62, -0.74)), (35, 30, 28))
    for u in (-0.74, 0.74):
        cv2.rectangle(picture, at(u - 0.14, -0.58), at(u + 0.14, -0.46), (60, 60, 230), -1)
    cv2.rectangle(picture, at(-0.22, -0.45), at(0.22, -0.34), (225, 225, 225), -1)
