"""One thing that really happened, as it will stand in truth.json."""

from dataclasses import dataclass


@dataclass(slots=True)
class Happening:
    kind: str
    start_s: float
    end_s: float
    lane: str | None = None
    box: tuple[float, ...] | None = None
    reason: str | None = None
    findable: float | None = None  # at its best; None where it is not a detector that finds it
