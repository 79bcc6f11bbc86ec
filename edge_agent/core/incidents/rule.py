"""What every rule can be told in the scene file."""

from typing import Annotated

from msgspec import Meta, Struct

from edge_agent.core.types import RoadUser
from event_contract.kinds import RoadUserClass, Severity

Seconds = Annotated[float, Meta(ge=0, le=86400)]
Metres = Annotated[float, Meta(gt=0, le=10000)]
Kmh = Annotated[float, Meta(ge=0, le=300)]
Acceleration = Annotated[float, Meta(gt=0, le=100)]  # m/s2
Count = Annotated[int, Meta(ge=1, le=1000)]
Share = Annotated[float, Meta(ge=0, le=1)]


class KindRule(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A rule. `severity` replaces the kind's own."""

    enabled: bool = True
    severity: Severity | None = None


class LaneRule(KindRule, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A rule about lanes. `lanes` limits it (None: all)."""

    lanes: tuple[str, ...] | None = None


class Rule(LaneRule, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A rule about road users; `classes` limits it too."""

    classes: tuple[RoadUserClass, ...] | None = None

    def concerns(self, user: RoadUser) -> bool:
        """True when the road user stands or drives where, and is what, the rule looks at."""
        if self.lanes is not None and user.lane not in self.lanes:
            return False
        return self.classes is None or user.track.cls in self.classes
