"""OpenCV at work, inside the capture child only: open a source, take a picture, make it small and private."""

import os
from collections.abc import Callable

import cv2
import numpy as np

from edge_agent.config import ClipSource, RtspSource, UsbSource
from edge_agent.sources.pipe import Pixels, Polygon

OPEN_TIMEOUT_MS = 5_000
READ_TIMEOUT_MS = 8_000
USUAL_FPS = 25.0  # where a container tells none that can be


def open_capture(source: RtspSource | UsbSource | ClipSource) -> cv2.VideoCapture:
    """One decoding thread: more of them hold more frames back. OpenCV knows time-outs under CAP_FFMPEG only."""
    match source:
        case RtspSource():
            os.environ["OPENCV_FFMPEG_CAPTURE_OPTIONS"] = f"rtsp_transport;{source.transport}"
            limits = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, OPEN_TIMEOUT_MS, cv2.CAP_PROP_READ_TIMEOUT_MSEC, READ_TIMEOUT_MS]
            return cv2.VideoCapture(source.url, cv2.CAP_FFMPEG, [*limits, cv2.CAP_PROP_N_THREADS, 1])
        case UsbSource():
            return cv2.VideoCapture(source.device, cv2.CAP_V4L2, [cv2.CAP_PROP_BUFFERSIZE, 1])
        case ClipSource():
            return cv2.VideoCapture(source.path, cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1])


def rate_of(capture: cv2.VideoCapture) -> float:
    fps = float(capture.get(cv2.CAP_PROP_FPS))
    return fps if 0 < fps <= 1000 else USUAL_FPS


def announced_frames(capture: cv2.VideoCapture) -> int | None:
    frames = float(capture.get(cv2.CAP_PROP_FRAME_COUNT))
    return int(frames) if 0 < frames < 1e9 else None


def position_s(capture: cv2.VideoCapture) -> float:
    """The timestamp that the container gives to the frame grabbed last."""
    return float(capture.get(cv2.CAP_PROP_POS_MSEC)) / 1000


def retrieve(capture: cv2.VideoCapture) -> Pixels | None:
    found, pixels = capture.retrieve()
    return pixels.astype(np.uint8, copy=False) if found else None


def preparation(width: int | None, masks: tuple[Polygon, ...]) -> Callable[[Pixels], Pixels]:
    """Scale down to `width`, never up, then paint the private masks black, their outline included."""

    def prepare(pixels: Pixels) -> Pixels:
        height_px, width_px = pixels.shape[:2]
        if width is not None and width < width_px:
            # Areas of odd sizes take 3 to 4 ms a frame, five times as long; below one half, linear would skip pixels.
            how = cv2.INTER_AREA if 2 * width <= width_px else cv2.INTER_LINEAR
            height_px, width_px = max(1, round(height_px * width / width_px)), width
            small = cv2.resize(pixels, (width_px, height_px), interpolation=how)
            pixels = small.astype(np.uint8, copy=False)
        for polygon in masks:
            corners = np.rint(np.array(polygon) * (width_px, height_px)).astype(np.int32)
            cv2.fillPoly(pixels, [corners], (0, 0, 0))
        return np.ascontiguousarray(pixels)

    return prepare
