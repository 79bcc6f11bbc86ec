"""Promises of a drill that are about time: each is measured, shown beside its bound, and broken where it comes too late."""

import math
import time
from collections.abc import Callable

from scripts.drills.verdict import Figure

LOOK_S = 0.1


class Promises:
    def __init__(self) -> None:
        self.broken: list[str] = []
        self.figures: dict[str, Figure] = {}

    def within(self, what: str, bound_s: float, holds: Callable[[], bool]) -> bool:
        """Wait until it holds; False when that takes longer."""
        took_s = took(bound_s, holds)
        kept = took_s <= bound_s
        self.figures[what] = f"{took_s:.1f} s (at most {bound_s:g})" if kept else f"not within {bound_s:g} s"
        if not kept:
            self.broken.append(f"{what}: not within {bound_s:g} s")
        return kept

    def at_least(self, what: str, bound: float, value: float) -> None:
        self.figures[what] = f"{value:.3f} (at least {bound:g})"
        if value < bound:
            self.broken.append(f"{what}: {value:.3f}, promised: at least {bound:g}")


def took(bound_s: float, holds: Callable[[], bool]) -> float:
    """How long until it held; infinity where it did not in time."""
    began_s = time.monotonic()
    while not holds():
        if time.monotonic() - began_s > bound_s:
            return math.inf
        time.sleep(LOOK_S)
    return time.monotonic() - began_s
