"""Small clips whose frames carry their number as eight black or white stripes: any codec leaves it readable."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

WIDTH, HEIGHT = 320, 192


def write_numbered(path: Path, frames: int, fps: float = 20.0, codec: str = "MJPG") -> Path:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*codec), fps, (WIDTH, HEIGHT))
    assert writer.isOpened()
    for number in range(frames):
        bits = np.unpackbits(np.array([number], np.uint8)) * np.uint8(255)
        writer.write(np.ascontiguousarray(np.broadcast_to(bits.repeat(WIDTH // 8)[None, :, None], (HEIGHT, WIDTH, 3))))
    writer.release()
    return path


def number_in(pixels: NDArray[np.uint8]) -> int:
    stripe = pixels.shape[1] // 8
    middles = pixels[pixels.shape[0] // 2, stripe // 2 :: stripe, 0]
    return int(np.packbits(middles[:8] > 127)[0])
