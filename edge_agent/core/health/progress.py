"""Does every worker of the agent go on? The service manager's watchdog is fed only while each does."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Beat:
    """When a worker last made progress, by the monotonic clock, and how long it may take until the next time."""

    at_s: float
    within_s: float


def at_work(since_s: float | None, now_s: float, within_s: float) -> Beat:
    """Of a worker that waits for work as long as need be: only what it has begun may take too long. None: it waits."""
    return Beat(now_s if since_s is None else since_s, within_s)


def stuck(now_s: float, beats: Mapping[str, Beat]) -> dict[str, float]:
    """The workers that are overdue, and for how long they have made no progress."""
    return {name: now_s - beat.at_s for name, beat in beats.items() if now_s - beat.at_s > beat.within_s}


def feeding_every_s(timeout_s: float) -> float:
    """How often to feed a watchdog that barks after `timeout_s`: a third of it, so that one late turn is no death."""
    return timeout_s / 3
