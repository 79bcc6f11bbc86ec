"""A real agent that can be made unwell: `python -m scripts.drills.patient SYS_DIR MUTANT MAIN_WITHIN_S ARGUMENT...`.

Its board is a Raspberry Pi whose /sys is the drill's. SIGUSR1 makes its main loop hang, as a driver that never answers would.
A mutant breaks a rule, for the drill to catch.
"""

import signal
import sys
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

from edge_agent.app import live, machine, vitals
from edge_agent.cli import main as edge_agent
from edge_agent.health.board import RaspberryPi
from edge_agent.health.watchdog import Watchdog
from edge_agent.sources.camera import CaptureSource

NEVER_S = 1e6


def feed_by_a_timer() -> None:
    vitals.Watchdog = lambda manager, beats: Watchdog(manager, dict)  # type: ignore[assignment]


def never_replace_a_child() -> None:
    live.CaptureSource = partial(CaptureSource, stall_s=NEVER_S)  # type: ignore[assignment]


def none() -> None:
    pass


MUTANTS: dict[str, Callable[[], None]] = {
    "none": none, "fed-by-a-timer": feed_by_a_timer, "child-never-replaced": never_replace_a_child,
}  # fmt: skip


def hang(number: int, frame: object) -> None:
    threading.Event().wait()


def main(sys_dir: str, mutant: str, main_within_s: str, *arguments: str) -> None:
    machine.find_board = lambda: RaspberryPi(Path(sys_dir))  # type: ignore[assignment]
    vitals.MAIN_WITHIN_S = float(main_within_s)
    MUTANTS[mutant]()
    signal.signal(signal.SIGUSR1, hang)
    sys.argv[1:] = arguments
    edge_agent()


if __name__ == "__main__":
    main(*sys.argv[1:])
