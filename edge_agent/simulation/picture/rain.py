"""Falling rain: streaks in the air, another set of them in every picture."""

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
LAYERS = 8
STREAKS = 220


class Rain:
    def __init__(self, seed: int, size_px: tuple[int, int]) -> None:
        rng = np.random.default_rng([seed, 14])
        self._seed = seed
        self._layers = [_streaks(rng, size_px) for _ in range(LAYERS)]

    def fall(self, picture: Pixels, t_s: float) -> Pixels:
        """The same at the same time."""
        rng = np.random.default_rng([self._seed, 15, round(t_s * 1000)])
        layer = self._layers[int(rng.integers(LAYERS))]
        layer = np.roll(layer, int(rng.integers(layer.shape[1])), axis=1)
        return np.asarray(cv2.add(picture, layer), np.uint8)


def _streaks(rng: np.random.Generator, size_px: tuple[int, int]) -> Pixels:
    width, height = size_px
    layer = np.zeros((height, width, 3), np.uint8)
    for _ in range(STREAKS):
        near = rng.uniform(0.3, 1.0)
        x, y = rng.uniform(0, width), rng.uniform(-20, height)
        length, level = near * height / 14, 10 + 26 * near * rng.uniform(0.4, 1)
        end = (round(x - 0.12 * length), round(y + length))
        cv2.line(layer, (round(x), round(y)), end, (level, level, 0.96 * level), 1, cv2.LINE_AA)
    return np.asarray(cv2.GaussianBlur(layer, (3, 3), 0.7), np.uint8)
