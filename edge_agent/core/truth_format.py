"""truth.json: what really happened in a recorded scene, validated once."""

from itertools import pairwise
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from event_contract.explain import validate


class TruthError(Exception):
    """A truth file that cannot be used."""


class TrueIncident(Struct, frozen=True, forbid_unknown_fields=True):
    kind: str
    start_s: float
    end_s: float
    lane: str | None = None
    box: tuple[float, float, float, float] | None = None
    findable: Annotated[float, Meta(ge=0, le=1)] = 1.0  # share of the pictures in which a detector finds its road users


class TrueCount(Struct, frozen=True, forbid_unknown_fields=True):
    line: str
    n: Annotated[int, Meta(ge=0)]
    cls: str | None = msgspec.field(name="class", default=None)
    direction: Literal["forward", "backward"] | None = None


class TrueSpeed(Struct, frozen=True, forbid_unknown_fields=True):
    t_s: float
    point: tuple[float, float]
    kmh: float


class Truth(Struct, frozen=True, forbid_unknown_fields=True):
    """`times_s`: when each frame of recorded detections was, where a live camera's were not evenly spaced."""

    fps: Annotated[float, Meta(gt=0, le=240)]
    duration_s: Annotated[float, Meta(ge=0)]
    incidents: tuple[TrueIncident, ...] = ()
    counts: tuple[TrueCount, ...] = ()
    speeds: tuple[TrueSpeed, ...] = ()
    early_s: float = 1.0
    times_s: tuple[Annotated[float, Meta(ge=0)], ...] = ()


def parse_truth(text: bytes) -> Truth:
    """JSON -> Truth. Raises TruthError naming the place."""
    try:
        truth: Truth = validate(msgspec.json.decode(text), Truth)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise TruthError(f"is not valid JSON: {error}") from None
    except ValueError as error:
        raise TruthError(str(error)) from None
    for index, (before_s, at_s) in enumerate(pairwise(truth.times_s), start=1):
        if not before_s < at_s:
            raise TruthError(f"times_s[{index}]: expected more than {before_s:g}, the frame before, got {at_s:g}")
    return truth
