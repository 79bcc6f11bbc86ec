"""Does every worker of the agent go on? The service manager's watchdog is fed only while each does."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Beat:
    """When a worker last made progress, by the monotonic clock, and how long it may take until the next time."""

    at_s: float
    within_s: float


def stuck(now_s: float, beats: Mapping[str, Beat]) -> dict[str, float]:
    """The workers that are overdue, and for how long they have made no progress."""
    return {name: now_s - beat.at_s for name, beat in beats.items() if now_s - beat.at_s > beat.within_s}


def feeding_every_s(timeout_s: float) -> float:
    """How often to feed a watchdog that barks after `timeout_s`: a third of it, so that one late turn is no death."""
    return timeout_s / 3
