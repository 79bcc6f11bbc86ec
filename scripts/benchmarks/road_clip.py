"""A drawn road for benchmarks where no footage lies beside the repository: boxes with dark windows drive away."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np

SIZE_PX = 640, 360
ROAD_SCENE: dict[str, Any] = {
    "camera": "road",
    "ref_resolution": list(SIZE_PX),
    "lanes": [
        {"id": "1", "polygon": [[0.42, 0.15], [0.5, 0.15], [0.5, 1], [0.05, 1]], "centreline": [[0.28, 1], [0.46, 0.15]]},
        {"id": "2", "polygon": [[0.5, 0.15], [0.58, 0.15], [0.95, 1], [0.5, 1]], "centreline": [[0.72, 1], [0.54, 0.15]]},
    ],
}


def write_road_clip(path: Path, frames: int, fps: float = 10.0) -> Path:
    random = np.random.default_rng(1)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), fps, SIZE_PX)
    for index in range(frames):
        picture = np.full((SIZE_PX[1], SIZE_PX[0], 3), 105, np.uint8)
        for lane, colour in ((-0.5, (60, 60, 190)), (0.5, (200, 190, 180)), (-0.5, (90, 140, 60)), (0.5, (70, 70, 70))):
            away = (index * 0.012 + sum(colour) % 97 / 97) % 1
            scale = 1 / (1 + 6 * away)
            x, y = int(320 + lane * 330 * scale), int(54 + 290 * scale)
            wide, tall = int(110 * scale), int(85 * scale)
            cv2.rectangle(picture, (x - wide // 2, y - tall), (x + wide // 2, y), colour, -1)
            cv2.rectangle(picture, (x - wide // 3, y - tall + tall // 8), (x + wide // 3, y - tall // 2), (25, 25, 25), -1)
        noise = random.integers(-8, 8, picture.shape, dtype=np.int16)
        writer.write(np.clip(picture + noise, 0, 255).astype(np.uint8))
    writer.release()
    return path
