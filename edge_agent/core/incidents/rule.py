"""What every rule can be told in the scene file."""

from typing import Annotated

from msgspec import Meta, Struct

from edge_agent.core.types import RoadUser
from event_contract.kinds import Severity

Seconds = Annotated[float, Meta(ge=0, le=86400)]
Metres = Annotated[float, Meta(gt=0, le=10000)]
Kmh = Annotated[float, Meta(ge=0, le=300)]
Share = Annotated[float, Meta(ge=0, le=1)]


class Rule(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`lanes` and `classes` limit the rule (None: all); `severity` replaces the kind's own."""

    enabled: bool = True
    severity: Severity | None = None
    lanes: tuple[str, ...] | None = None
    classes: tuple[str, ...] | None = None

    def concerns(self, user: RoadUser) -> bool:
        """True when the road user stands or drives where, and is what, the rule looks at."""
        if self.lanes is not None and user.lane not in self.lanes:
            return False
        return self.classes is None or user.track.cls in self.classes
