"""Small clips that tests make themselves."""

from pathlib import Path

import cv2
import numpy as np

SIZE_PX = 320, 240
ROAD_SCENE = {
    "camera": "test",
    "ref_resolution": list(SIZE_PX),
    "lanes": [
        {"id": "1", "polygon": [[0.1, 0.1], [0.9, 0.1], [0.9, 0.9], [0.1, 0.9]], "centreline": [[0.5, 0.9], [0.5, 0.1]]}
    ],
}


def write_clip(path: Path, frames: int = 30, fps: float = 10.0) -> Path:
    """A grey picture with a bright square that moves down; Motion JPEG, so that any OpenCV can read it."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), fps, SIZE_PX)
    assert writer.isOpened()
    for index in range(frames):
        picture = np.full((SIZE_PX[1], SIZE_PX[0], 3), 90, np.uint8)
        top = 5 * index % (SIZE_PX[1] - 40)
        picture[top : top + 40, 140:180] = 220
        writer.write(picture)
    writer.release()
    return path
