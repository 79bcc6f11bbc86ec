"""The processes of a swarm, as the one that started them sees them: everything that they report, in one place."""

import multiprocessing
import time
from array import array
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing import connection
from typing import Any

from edge_agent.core.failure import Failure
from scripts.swarms import worker
from scripts.swarms.device import Absence, History
from scripts.swarms.worker import Command, Report, Share

ANSWER_WITHIN_S = 60.0
CLOSE_WITHIN_S = 20.0


class ProcessDied(Failure):
    """Some of the devices are gone."""


@dataclass(slots=True)
class Seen:
    """Totals of all processes, and what each device saw. Times are monotonic seconds."""

    online: int = 0
    committed: int = 0
    acknowledged: int = 0
    busy: float = 0.0
    late: list[tuple[float, float]] = field(default_factory=list)  # moment, seconds
    connected_at_s: list[float] = field(default_factory=list)
    absences: list[Absence] = field(default_factory=list)
    committed_at_s: "array[float]" = field(default_factory=lambda: array("d"))
    latency_s: "array[float]" = field(default_factory=lambda: array("f"))


class Swarm:
    """`seen` grows while somebody listens."""

    def __init__(self, shares: list[Share]) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipes: list[connection.Connection[Any, Any]] = []
        self._processes = []
        for share in shares:
            ours, theirs = context.Pipe()
            process = context.Process(target=worker.run, args=(share, theirs), daemon=True)
            process.start()
            theirs.close()
            self._pipes.append(ours)
            self._processes.append(process)
        self._latest: dict[Any, Report] = {}
        self._histories: list[list[History]] = []
        self.seen = Seen()

    def listen(self, for_s: float) -> None:
        """Take reports for so long. Raises ProcessDied."""
        until_s = time.monotonic() + for_s
        while (left_s := until_s - time.monotonic()) > 0:
            for pipe in connection.wait(self._pipes, left_s):
                if isinstance(pipe, connection.Connection):
                    try:
                        self._take(pipe, pipe.recv())
                    except EOFError:
                        raise ProcessDied("a process of the swarm has died; what it said stands above") from None

    def tell(self, command: Command) -> None:
        for pipe in self._pipes:
            pipe.send(command)

    def histories(self) -> list[History]:
        """Of every device, as of now. Raises TimeoutError."""
        self._histories = []
        self.tell("histories")
        deadline = time.monotonic() + ANSWER_WITHIN_S
        while len(self._histories) < len(self._pipes):
            if time.monotonic() > deadline:
                raise TimeoutError(f"a process of the swarm has not answered for {ANSWER_WITHIN_S:.0f} s")
            self.listen(0.05)
        return [history for some in self._histories for history in some]

    def close(self) -> None:
        """Also after an interruption: who does not end is killed."""
        for pipe in self._pipes:
            with suppress(OSError):
                pipe.send("close")
        for pipe, process in zip(self._pipes, self._processes, strict=True):
            with suppress(EOFError, OSError):
                while pipe.poll(CLOSE_WITHIN_S):
                    pipe.recv()
            process.join(1)
            if process.is_alive():
                process.kill()

    def _take(self, pipe: Any, answer: Report | list[History]) -> None:
        if isinstance(answer, list):
            self._histories.append(answer)
            return
        seen = self.seen
        self._latest[pipe] = answer
        latest = self._latest.values()
        seen.online, seen.busy = sum(one.online for one in latest), sum(one.busy for one in latest)
        seen.committed, seen.acknowledged = sum(one.committed for one in latest), sum(one.acknowledged for one in latest)
        seen.late.append((time.monotonic(), answer.late_s))
        seen.connected_at_s += answer.connected_at_s
        seen.absences += answer.absences
        seen.committed_at_s.frombytes(answer.committed_at_s)
        seen.latency_s.frombytes(answer.latency_s)
