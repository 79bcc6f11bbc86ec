"""Who listens to the demo's collector, besides the people at its console."""

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from scripts.demo_api import Api


@dataclass(frozen=True, slots=True)
class Place:
    """A collector that answers: where, and where its files are."""

    url: str
    data_dir: Path
    api: Api


class Audience(Protocol):
    """`configuration` of the collector in TOML. `sit_down` comes once, `look` about every second, `conclude` at the end, when
    the agent has delivered everything and the collector still answers."""

    configuration: str

    def sit_down(self, place: Place, stack: ExitStack) -> None: ...

    def look(self, started_at: float) -> None:
        """`started_at`: the cameras' first picture, Unix seconds."""

    def conclude(self, started_at: float) -> tuple[list[str], dict[str, Any]]:
        """What was to be seen and was not; and all of it for programs."""


class Nobody:
    configuration = ""

    def sit_down(self, place: Place, stack: ExitStack) -> None:
        pass

    def look(self, started_at: float) -> None:
        pass

    def conclude(self, started_at: float) -> tuple[list[str], dict[str, Any]]:
        return [], {}
