"""Who speaks: what the birth message states once, and the clocks that date what the outbox itself has to say."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from event_contract.messages import Clock
from event_contract.presence import CameraBirth


@dataclass(frozen=True, slots=True)
class Origin:
    """`run` is a random id per process start. `read_clock` tells monotonic time since boot and how far wall time is trusted."""

    device: str
    run: str
    boot: str
    site: str
    software: str
    read_clock: Callable[[], Clock]
    cameras: tuple[CameraBirth, ...] = ()
    read_wall_s: Callable[[], float] = time.time
