"""Scenes as the page draws them, as types. Image points are normalised, 0 to 1 from the top left."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta, Raw, Struct

Points = tuple[tuple[float, float], ...]
Share = Annotated[float, Meta(ge=0, le=1)]
Clicked = Annotated[tuple[tuple[Share, Share], ...], Meta(min_length=2, max_length=64)]


class SceneVersion(Struct, frozen=True, kw_only=True):
    """`number` counts from 1; `by` is empty for the one that was there before anybody drew here."""

    number: int
    at: str
    by: str
    sha256: str


class SceneNow(Struct, frozen=True, kw_only=True):
    """The scene's file as it is. `running`: the agent goes by it; else by the one before, until it is restarted. `has_view`:
    what the camera saw when it was drawn is there."""

    camera: str
    scene: Raw
    sha256: str
    running: bool
    versions: tuple[SceneVersion, ...]
    has_view: bool = False


class FitPoint(Struct, frozen=True):
    """How far a pair lies beside the others' plane; `slipped`: so far that it is a mistake."""

    off_px: float
    off_m: float
    slipped: bool


class SpeedThere(Struct, frozen=True):
    """The standard error of 50 km/h so far away; None where no speed is told."""

    distance_m: float
    se_kmh: float | None


class Fitted(Struct, frozen=True, kw_only=True):
    """What the calibration is worth. `stretch_m`: from where to where speeds are told."""

    points: tuple[FitPoint, ...]
    rms_m: float
    rms_px: float
    stretch_m: tuple[float, float]
    speeds: tuple[SpeedThere, ...]


class GuideLine(Struct, frozen=True, kw_only=True):
    """A line of the metre grid (`metres` away), or beyond which a class of road users is too small to be seen (`small`)."""

    points: Points
    metres: float | None = None
    small: str | None = None


class SceneChecked(Struct, frozen=True, kw_only=True):
    """`problem` names the place in the scene and what is wrong there; then there is nothing else."""

    problem: str | None = None
    fitted: Fitted | None = None
    guides: tuple[GuideLine, ...] = ()


class LaneClicks(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Points along a lane's left and right line, and where three or more successive dashes begin; metres between the lines, and
    from one dash to the next."""

    size_px: tuple[Annotated[int, Meta(ge=16, le=16384)], Annotated[int, Meta(ge=16, le=16384)]]
    left: Clicked
    right: Clicked
    dashes: Clicked
    width_m: Annotated[float, Meta(ge=1, le=50)]
    cycle_m: Annotated[float, Meta(ge=1, le=50)]


class LaneSolved(Struct, frozen=True, kw_only=True):
    """A `calibration` for the scene, or why there is none."""

    problem: str | None = None
    calibration: Raw | None = None


class SceneRefused(Exception):
    """What was drawn cannot be used. The message names the place."""


class SceneChanged(Exception):
    """Somebody else has changed it meanwhile."""


@dataclass(frozen=True, slots=True)
class SceneDeeds:
    """`read(camera)`, `version(camera, number)`, `check(camera, scene)`, `save(camera, scene, base_sha256, by)`: KeyError for
    what is not there. `save` raises SceneRefused, SceneChanged, OSError. `still`: JPEG, None while there is no frame; `then`:
    the one of when the scene was drawn."""

    read: Callable[[str], SceneNow]
    version: Callable[[str, int], bytes]
    check: Callable[[str, bytes], SceneChecked]
    save: Callable[[str, bytes, str, str], SceneNow]
    lane: Callable[[LaneClicks], LaneSolved]
    still: Callable[[str], bytes | None]
    then: Callable[[str], bytes]
