"""Clips of real cameras, disturbed in many ways: is each trouble told within 30 s, once, and for the right reason?

  .venv/bin/python -m scripts.camera_troubles CLIP...

Each clip is looped. After 9 s its pictures are frozen, covered, shifted and so on, or as dark, hazy or shaken as a healthy
camera's may be. Prints one line per miss, and the counts.
"""

import argparse
import sys
from collections.abc import Callable
from itertools import cycle, islice
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.core.pipeline import Pipeline
from edge_agent.core.scene_format import SceneFile
from edge_agent.core.types import NO_DETECTIONS, IncidentReport
from edge_agent.image_checks.check import EVERY_S, PictureCheck
from edge_agent.sources.clip import read_clip

Pixels = NDArray[np.uint8]
Disturb = Callable[[Pixels], Pixels]
LEAD_S, DISTURBED_S, IN_TIME_S = 9.0, 31.0, 30.0


def pictures(clip: Path) -> list[Pixels]:
    """As many as are looked at."""
    with read_clip(clip, fps=1 / EVERY_S, width=640) as frames:
        return [frame.pixels.copy() for frame in frames]


def begun(shown: list[Pixels], disturb: Disturb) -> list[IncidentReport]:
    """Every incident that begins, while `shown` is looped and disturbed from LEAD_S on."""
    height, width = shown[0].shape[:2]
    pipeline, check = Pipeline(SceneFile("clip", (width, height), ())), PictureCheck()
    said: list[object] = []
    for index, pixels in enumerate(islice(cycle(shown), round((LEAD_S + DISTURBED_S) / EVERY_S))):
        at_s = index * EVERY_S
        seen = disturb(pixels) if at_s >= LEAD_S else pixels
        said += pipeline.update(at_s, NO_DETECTIONS, check.look(at_s, seen))
    return [one for one in said if isinstance(one, IncidentReport) and one.phase == "new"]


def frozen() -> Disturb:
    first: list[Pixels] = []

    def disturb(pixels: Pixels) -> Pixels:
        first.append(pixels)
        return first[0]

    return disturb


def covered(left: float, top: float, right: float, bottom: float, grey: int) -> Disturb:
    def disturb(pixels: Pixels) -> Pixels:
        height, width = pixels.shape[:2]
        seen = pixels.copy()
        seen[round(top * height) : round(bottom * height), round(left * width) : round(right * width)] = grey
        return seen

    return disturb


def turned(right: float = 0.0, down: float = 0.0, degrees: float = 0.0, zoom: float = 1.0) -> Disturb:
    """Shares of the width and the height; what comes into the picture is black."""

    def disturb(pixels: Pixels) -> Pixels:
        height, width = pixels.shape[:2]
        matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, zoom)
        matrix[:, 2] += right * width, down * height
        return np.asarray(cv2.warpAffine(pixels, matrix, (width, height)), np.uint8)

    return disturb


def shaken(share: float) -> Disturb:
    random = np.random.default_rng(1)
    return lambda pixels: turned(*random.normal(0, share, 2))(pixels)


def blurred(share: float) -> Disturb:
    return lambda pixels: np.asarray(cv2.GaussianBlur(pixels, (0, 0), share * pixels.shape[1]), np.uint8)


def levels(gain: float, lift: float = 0.0) -> Disturb:
    return lambda pixels: np.asarray(cv2.convertScaleAbs(pixels, alpha=gain, beta=lift), np.uint8)


TROUBLES: dict[str, tuple[str | None, Disturb]] = {
    "nothing": (None, lambda pixels: pixels),
    "darker": (None, levels(0.4)),
    "brighter": (None, levels(1.3)),
    "hazy": (None, levels(0.5, 100)),
    "shaken": (None, shaken(0.01)),
    "black": ("black", levels(0)),
    "nearly black": ("black", levels(0.05)),
    "white": ("overexposed", levels(0, 255)),
    "glaring": ("overexposed", levels(3, 90)),
    "covered": ("covered", covered(0, 0, 1, 1, 60)),
    "covered at the top": ("covered", covered(0, 0, 1, 0.6, 120)),
    "covered on the left": ("covered", covered(0, 0, 0.5, 1, 20)),
    "covered but for its edges": ("covered", covered(0.1, 0.1, 0.95, 1, 50)),
    "frozen": ("frozen", frozen()),
    "blurred 0.6 %": ("blurred", blurred(0.006)),
    "blurred 1 %": ("blurred", blurred(0.01)),
    "shifted 2.4 %": ("moved", turned(0.024)),
    "shifted 5 %": ("moved", turned(0.05)),
    "shifted 10 %": ("moved", turned(0.1)),
    "shifted 10 % and down": ("moved", turned(-0.08, 0.1)),
    "shifted 30 %": ("moved", turned(0.3)),
    "shifted 50 %": ("moved", turned(-0.5, 0.05)),
    "rolled": ("moved", turned(degrees=6)),
    "zoomed": ("moved", turned(zoom=1.3)),
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clips", nargs="+", type=Path)
    tried = missed = 0
    for clip in parser.parse_args().clips:
        shown = pictures(clip)
        for name, (reason, disturb) in TROUBLES.items():
            told = [(str(one.detail["reason"]), round(one.updated_s - LEAD_S, 1)) for one in begun(shown, disturb)]
            good = not told if reason is None else [why for why, _ in told] == [reason] and told[0][1] <= IN_TIME_S
            tried, missed = tried + 1, missed + (not good)
            if not good:
                print(f"{clip.name}: {name}: expected {reason or 'nothing'}, told {told or 'nothing'}")
    print(f"{tried} tried, {missed} missed")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
