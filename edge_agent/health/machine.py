"""Everything that the machine tells of itself, in one reading: board, disk, memory, processor, network."""

import os
import time
from pathlib import Path

from edge_agent.core.health.reading import MachineReading
from edge_agent.health.board import Board
from edge_agent.health.certificate import valid_until_s
from edge_agent.health.disk import read_disk
from edge_agent.health.files import read_text
from edge_agent.health.network import read_network

KIB = 1024


class Machine:
    """`read` blocks for as long as disk and firmware take: it is for a thread of its own. Raises nothing."""

    def __init__(
        self,
        board: Board,
        data_dir: Path,
        certificate: Path | None = None,
        sys_dir: Path = Path("/sys"),
        proc_dir: Path = Path("/proc"),
    ) -> None:
        self._board, self._data_dir, self._certificate = board, data_dir, certificate
        self._sys_dir, self._proc_dir = sys_dir, proc_dir
        self._until: tuple[int, float | None] | None = None  # when the certificate was written, and until when it is good
        self._jiffies: tuple[int, int] | None = None

    def read(self) -> MachineReading:
        memory = _memory(read_text(self._proc_dir / "meminfo") or "")
        return MachineReading(
            at_s=time.monotonic(),
            board=self._board.read(),
            disk=read_disk(self._data_dir, self._sys_dir),
            memory_bytes=memory.get("MemTotal"),
            memory_available_bytes=memory.get("MemAvailable"),
            own_bytes=_own_bytes(self._proc_dir),
            cpu_busy=self._busy(),
            certificate_s=self._certificate_left_s(),
            network=read_network(self._sys_dir, self._proc_dir),
        )

    def _certificate_left_s(self) -> float | None:
        """By the wall clock. The file is read anew when it has been renewed."""
        try:
            written = None if self._certificate is None else self._certificate.stat().st_mtime_ns
        except OSError:
            return None
        if self._certificate is None or written is None:
            return None
        if self._until is None or self._until[0] != written:
            self._until = written, valid_until_s(self._certificate)
        until_s = self._until[1]
        return None if until_s is None else until_s - time.time()

    def _busy(self) -> float | None:
        """Since the reading before; None at the first."""
        before, self._jiffies = self._jiffies, _jiffies(read_text(self._proc_dir / "stat") or "")
        if before is None or self._jiffies is None or self._jiffies[1] <= before[1]:
            return None
        return 1 - (self._jiffies[0] - before[0]) / (self._jiffies[1] - before[1])


def _memory(text: str) -> dict[str, int]:
    """/proc/meminfo in bytes."""
    parts = [line.split() for line in text.splitlines()]
    return {words[0].rstrip(":"): int(words[1]) * KIB for words in parts if len(words) == 3 and words[1].isdigit()}


def _own_bytes(proc_dir: Path) -> int | None:
    """What this process holds in memory; its capture children come on top."""
    text = read_text(proc_dir / "self/statm")
    return int(text.split()[1]) * os.sysconf("SC_PAGE_SIZE") if text else None


def _jiffies(text: str) -> tuple[int, int] | None:
    """(idle, all) of all cores together; proc(5): idle and iowait are the fourth and fifth; guests are in user and nice."""
    words = text.partition("\n")[0].split()
    if len(words) < 6 or words[0] != "cpu":
        return None
    numbers = [int(word) for word in words[1:9]]
    return numbers[3] + numbers[4], sum(numbers)
