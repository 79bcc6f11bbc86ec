"""A lane as the rules use it: polygon, legal direction, who counts in it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import hypot

from edge_agent.core.geometry import Array


@dataclass(frozen=True, slots=True)
class Lane:
    """`polygon` (k, 2) and `centreline` (m, 2) in normalised image coordinates; the centreline runs in the legal direction.

    `highest_kmh`, `lowest_kmh`: by class, and `default` for those that are not named; empty where there is no limit.
    """

    id: str
    polygon: Array
    centreline: tuple[tuple[float, float], ...]
    two_way: bool = False
    signalised: bool = False
    classes: frozenset[str] | None = None
    highest_kmh: Mapping[str, float] = field(default_factory=dict)
    lowest_kmh: Mapping[str, float] = field(default_factory=dict)

    def admits(self, cls: str) -> bool:
        return self.classes is None or cls in self.classes

    def direction_at(self, point: tuple[float, float]) -> tuple[float, float]:
        """Image vector (not normalised) of the centreline's segment nearest to the point."""
        nearest, best = (0.0, 0.0), float("inf")
        for (x1, y1), (x2, y2) in zip(self.centreline, self.centreline[1:], strict=False):
            dx, dy = x2 - x1, y2 - y1
            length2 = dx * dx + dy * dy
            if length2 == 0:
                continue
            share = min(1.0, max(0.0, ((point[0] - x1) * dx + (point[1] - y1) * dy) / length2))
            away = hypot(point[0] - x1 - share * dx, point[1] - y1 - share * dy)
            if away < best:
                nearest, best = (dx, dy), away
        return nearest


def limit_of(limits_kmh: Mapping[str, float], cls: str) -> float | None:
    """What holds for the class, None where nothing does."""
    return limits_kmh.get(cls, limits_kmh.get("default"))


@dataclass(frozen=True, slots=True)
class Area:
    """A named polygon: a carriageway, a no-stop zone."""

    id: str
    polygon: Array
