"""What a camera does to the picture: trembling, noise, compression, and the troubles that the script stages.

That it was moved is not seen here: it looks elsewhere then, see painter.py.
"""

from math import cos, pi, radians, sin

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.simulation.plan import Simulation
from edge_agent.simulation.script import CameraTrouble
from edge_agent.simulation.staged import since

Pixels = NDArray[np.uint8]
NOISE_TILES = 4
SPARE_PX = 64  # the noise is cut out of larger tiles, elsewhere for every picture
SWAYS_HZ = (0.7, 1.3, 2.9)
SHAKEN_PX = 9.0  # of a trouble "shaken" with amount 1, for 640 pixels of width
BLURRED_PX = 7.0


class Lens:
    """Everything is told by the plan's seed and the picture's number; only `frozen` remembers the picture it began with."""

    def __init__(self, plan: Simulation) -> None:
        self._seed, self._fps, self._camera = plan.seed, plan.fps, plan.camera
        self._troubles = [staged for staged in plan.script if isinstance(staged, CameraTrouble)]
        self._scale = plan.camera.size_px[0] / 640
        self._noise = _noise_tiles(plan)
        rng = np.random.default_rng([plan.seed, 21])
        self._sway = rng.uniform(0, 2 * pi, (3, len(SWAYS_HZ)))
        self._dirt = _dirt(plan)
        self._last: Pixels | None = None

    def apply(self, pixels: Pixels, t_s: float) -> Pixels:
        """What leaves the camera at `t_s`: BGR (h, w, 3). Call it in the order of time."""
        now: dict[str, float] = {one.trouble: one.amount for one in self._troubles if since(one, t_s) is not None}
        if "frozen" in now and self._last is not None:
            return self._last
        pixels = self._trembling(pixels, t_s, now)
        if "blurred" in now:
            pixels = _bgr(cv2.GaussianBlur(pixels, (0, 0), max(0.3, BLURRED_PX * self._scale * now["blurred"])))
        if "covered" in now:
            pixels = self._covered(pixels, now["covered"])
        if "overexposed" in now:
            pixels = _bgr(cv2.convertScaleAbs(pixels, alpha=1 + 2.5 * now["overexposed"], beta=110 * now["overexposed"]))
        if "black" in now:
            pixels = _bgr(cv2.convertScaleAbs(pixels, alpha=1 - now["black"]))
        self._last = self._compressed(self._noisy(pixels, t_s))
        return self._last

    def _trembling(self, pixels: Pixels, t_s: float, now: dict[str, float]) -> Pixels:
        """The whole picture a little beside, and turned; what was not seen before is the mirrored edge."""
        width, height = self._camera.size_px
        sd = self._camera.shake_px + SHAKEN_PX * self._scale * now.get("shaken", 0.0)
        if sd == 0:
            return pixels
        speed = 3.0 if "shaken" in now else 1.0
        x, y, turn = (
            sd * sum(sin(2 * pi * hz * speed * t_s + phase) for hz, phase in zip(SWAYS_HZ, phases, strict=True)) / 1.22
            for phases in self._sway
        )
        angle = radians(0.05 * turn)
        c, s = cos(angle), sin(angle)
        middle = np.array([width / 2, height / 2])
        shift = middle - np.array([[c, -s], [s, c]]) @ middle + (x, y)
        matrix = np.array([[c, -s, shift[0]], [s, c, shift[1]]])
        return _bgr(cv2.warpAffine(pixels, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101))

    def _covered(self, pixels: Pixels, share: float) -> Pixels:
        """Something soft and dark lies over that share of the picture: dirt, a leaf, a bag."""
        edge = np.quantile(self._dirt, 1 - share)
        cover = np.clip((self._dirt - edge) * 14 + 0.5, 0, 1)[..., None] * 0.97
        return np.asarray(pixels * (1 - cover) + np.array([38.0, 46.0, 52.0]) * cover, np.uint8)

    def _noisy(self, pixels: Pixels, t_s: float) -> Pixels:
        if not self._camera.noise:
            return pixels
        width, height = self._camera.size_px
        rng = np.random.default_rng([self._seed, 22, round(t_s * self._fps)])
        tile = self._noise[int(rng.integers(NOISE_TILES))]
        left, top = (int(one) for one in rng.integers(SPARE_PX, size=2))
        return _bgr(cv2.add(pixels, tile[top : top + height, left : left + width], dtype=cv2.CV_8U))

    def _compressed(self, pixels: Pixels) -> Pixels:
        done, data = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, self._camera.jpeg_quality])
        if not done:
            raise RuntimeError(f"a picture of {pixels.shape} cannot be compressed; check camera.size_px")
        return _bgr(cv2.imdecode(data, cv2.IMREAD_COLOR))


def _noise_tiles(plan: Simulation) -> list[NDArray[np.int16]]:
    """Grey and coloured noise, SD camera.noise together; more of it in the dark."""
    rng = np.random.default_rng([plan.seed, 23])
    width, height = (side + SPARE_PX for side in plan.camera.size_px)
    sd = plan.camera.noise * {"day": 1.0, "dusk": 1.4, "night": 1.9}[plan.light]
    tiles = []
    for _ in range(NOISE_TILES if sd else 0):
        grey, coloured = rng.normal(0, 0.85 * sd, (height, width, 1)), rng.normal(0, 0.53 * sd, (height, width, 3))
        tiles.append(np.round(grey + coloured).astype(np.int16))
    return tiles


def _dirt(plan: Simulation) -> NDArray[np.float32]:
    """A soft hill (h, w) whose upper part is the cover, in the middle of the picture's upper half."""
    rng = np.random.default_rng([plan.seed, 24])
    width, height = plan.camera.size_px
    rough = cv2.resize(rng.normal(0, 1, (9, 14)).astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
    y, x = np.mgrid[0:height, 0:width]
    centre = rng.uniform(0.35, 0.65, 2)
    far = np.hypot(x / width - centre[0], (y / height - centre[1]) * 0.8)
    return np.asarray(0.12 * rough - far, np.float32)


def _bgr(pixels: object) -> Pixels:
    return np.asarray(pixels, np.uint8)
