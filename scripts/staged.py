"""What was staged on the demo's simulated roads, and which alert came of it, how long after it began."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from edge_agent.core.scoring import FINDABLE

LATE_S, EARLY_S = 5.0, 1.0
# before a rule may speak
NEEDS_S: Mapping[str, float] = {"stopped_vehicle": 10.0, "congestion": 30.0, "pedestrian": 2.0, "wrong_way": 1.0}
ARRIVES_S = 6.0  # what began too late to be recognised before the end is not asked for


@dataclass(slots=True)
class Incident:
    """One truth of one camera, in seconds since the roads began; `delay_s` once its alert has arrived."""

    camera: str
    kind: str
    lane: str | None
    start_s: float
    end_s: float
    delay_s: float | None = None

    def __str__(self) -> str:
        where = f"{self.camera} lane {self.lane}" if self.lane else self.camera
        return f"{self.kind:16} {where:24} staged at {self.start_s:5.1f} s"


class Staged:
    """`started_at`: the roads' first picture, Unix seconds; their truth is known for `until_s` from then on.

    Only kinds of `needs_s` are looked at.
    """

    def __init__(
        self, truths: dict[str, Path], started_at: float, until_s: float, needs_s: Mapping[str, float] = NEEDS_S
    ) -> None:
        self._started_at, self._until_s, self._needs_s = started_at, until_s, needs_s
        found = [
            Incident(camera, one["kind"], one.get("lane"), one["start_s"], one["end_s"])
            for camera, path in truths.items()
            for one in json.loads(path.read_text())["incidents"]
            if one["kind"] in needs_s and one.get("findable", 1.0) >= FINDABLE
        ]
        self.incidents = sorted(found, key=lambda one: one.start_s)

    @property
    def missing(self) -> list[Incident]:
        """Without an alert, though there was time for one."""
        return [
            one
            for one in self.incidents
            if one.delay_s is None and one.start_s + self._needs_s[one.kind] + ARRIVES_S < self._until_s
        ]

    def arrived(self, stored: dict[str, Any]) -> str | None:
        """An event as the collector stores it -> a line about it; None when it begins no incident of the known time."""
        data = stored["event"]["data"]
        if data.get("phase") != "new" or data["kind"] not in self._needs_s:
            return None
        at_s, received_s = (_unix_s(text) - self._started_at for text in (data["updated_at"], stored["received_at"]))
        for one in self.incidents:
            same = (one.camera, one.kind) == (data["camera"], data["kind"]) and one.lane in (None, data["lane"])
            if one.delay_s is None and same and one.start_s - EARLY_S <= at_s <= one.end_s + LATE_S:
                one.delay_s = received_s - one.start_s
                return f"staged    {one}, its alert came after {one.delay_s:4.1f} s"
        if not 0 <= at_s <= self._until_s:
            return None
        return f"unstaged  {data['kind']:16} {data['camera']} lane {data['lane']} at {at_s:.1f} s"


def _unix_s(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
