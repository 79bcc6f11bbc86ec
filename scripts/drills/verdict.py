"""What a drill finds: events lost, events stored twice, promises broken; and the figures that it measured."""

from collections.abc import Mapping
from dataclasses import dataclass, field

Figure = int | float | str | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """`broken`: promises that were not kept, each in one line that names the promise and what was measured."""

    lost: int
    duplicated: int
    broken: tuple[str, ...] = ()
    figures: Mapping[str, Figure] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        return not (self.lost or self.duplicated or self.broken)

    @property
    def line(self) -> str:
        """The last line that a drill prints; programs read it."""
        return f"lost={self.lost} duplicated={self.duplicated} verdict={'PASS' if self.passed else 'FAIL'}"
