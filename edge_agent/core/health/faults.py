"""Faults of the device, from items that have been judged patiently: each begins once, lasts, and ends."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from edge_agent.core.health.judging import FAULTS
from edge_agent.core.health.snapshot import Item


@dataclass(frozen=True, slots=True)
class FaultChange:
    """`reason` is a key of DEVICE_FAULTS."""

    reason: str
    phase: Literal["new", "end"]
    item: Item | None


class Faults:
    """`update` with all items every time; `end` when nobody looks any longer."""

    def __init__(self) -> None:
        self._open: dict[str, str] = {}  # reason -> item

    def update(self, items: Iterable[Item]) -> list[FaultChange]:
        by_id = {item.id: item for item in items}
        now = {FAULTS[item.said]: item for item in by_id.values() if item.said in FAULTS}
        over = [FaultChange(reason, "end", by_id.get(item)) for reason, item in self._open.items() if reason not in now]
        begun = [FaultChange(reason, "new", item) for reason, item in now.items() if reason not in self._open]
        self._open = {reason: item.id for reason, item in now.items()}
        return over + begun

    def end(self) -> list[FaultChange]:
        return self.update(())
