"""Numbers of a detector: how often it misses whom, how its boxes err, which classes it mistakes, what it invents.

Fitted on painted pictures by `scripts/fit_seeing.py`, one set for each detector and light; docs/simulation.md holds its error
rates against the real ones. `eye.py` sees by them.
"""

from functools import cache
from importlib.resources import files
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

Share = Annotated[float, Meta(ge=0, le=1)]


class Stray(Struct, frozen=True, forbid_unknown_fields=True):
    """A second box on a road user, or one that takes only a part of him: `at` in widths and heights of his own box."""

    at: tuple[float, float, float, float]
    score: float
    label: int


class ClassSeeing(Struct, frozen=True, forbid_unknown_fields=True):
    """How one class is seen. The probability of a detection is `best` x logistic(slope (ln h - ln half_px)) x
    logistic(9 (visible - hidden_half)), h the box height in pixels of a picture 640 wide.

    `lasting`, `wandering`: shares of the disposition's variance; edges (left, top, right, bottom) err by `bias` and `spread` in
    box heights, of which `steady` is correlated from frame to frame; `score` = base + gain x probability, SD `score_sd`;
    `labels`: COCO class -> share. A stray begins in a picture with `stray_begins` x probability, goes on with `stray_stays`.
    """

    best: Share
    half_px: float
    slope: float
    hidden_half: float
    lasting: Share
    wandering: Share
    bias: tuple[float, float, float, float]
    spread: tuple[float, float, float, float]
    steady: Share
    score: tuple[float, float]
    score_sd: float
    labels: dict[int, float]
    stray_begins: float = 0.0
    stray_stays: Share = 0.0
    strays: tuple[Stray, ...] = ()


class FalseBox(Struct, frozen=True, forbid_unknown_fields=True):
    """One false detection as it was seen: normalised box, score, COCO class."""

    box: tuple[float, float, float, float]
    score: float
    label: int


class Seeing(Struct, frozen=True, forbid_unknown_fields=True):
    """One detector in one light. `false_per_frame` new false boxes begin in a frame; each goes on with `false_stays`."""

    classes: dict[str, ClassSeeing]
    false_per_frame: float
    false_stays: Share
    false_boxes: tuple[FalseBox, ...]


class Fitted(Struct, frozen=True, forbid_unknown_fields=True):
    """`seeing.json`: detector -> light (day, dusk, night, rain, fog) -> numbers."""

    detectors: dict[str, dict[str, Seeing]]


@cache
def fitted() -> Fitted:
    text = files("edge_agent.simulation").joinpath("seeing.json").read_bytes()
    return msgspec.json.decode(text, type=Fitted)


def condition(light: str, weather: str) -> str:
    """Which set of numbers holds."""
    return weather if weather != "clear" and light == "day" else light
