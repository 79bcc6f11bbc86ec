"""The device's figures over the last 24 hours, kept over restarts."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

from edge_agent.core.health.reading import AgentReading, MachineReading
from edge_agent.core.health.snapshot import Trend
from edge_agent.core.health.trend import Ring
from edge_agent.health.trend_file import load_trends, save_trends

TRENDS_FILE = "trends"
UNITS = {
    "temperature": "°C", "throttling": "%", "processor": "%", "memory": "B", "own_memory": "B", "disk": "B", "outbox": "",
    "signal": "dBm",
}  # fmt: skip


class Trends:
    """For any thread. `unkept` counts what could not be written: a full disk must not stop the watch."""

    def __init__(self, data_dir: Path, read_wall_s: Callable[[], float]) -> None:
        self._file, self._read_wall_s = data_dir / TRENDS_FILE, read_wall_s
        self._rings = {name: Ring() for name in UNITS}
        self._lock = threading.Lock()
        self.unkept = 0

    def restore(self) -> None:
        """What was kept, before anything is added."""
        kept, since_s = load_trends(self._file, self._read_wall_s())
        now_s = time.monotonic()
        with self._lock:
            for trend in kept:
                if trend.id in self._rings and trend.slot_s == self._rings[trend.id].slot_s:
                    self._rings[trend.id].restore(trend.points, now_s - since_s)

    def add(self, machine: MachineReading, agent: AgentReading) -> None:
        """What this machine tells, at the agent's time."""
        with self._lock:
            for name, value in _figures(machine, agent).items():
                if value is not None:
                    self._rings[name].add(agent.at_s, float(value))

    def told(self) -> tuple[Trend, ...]:
        now_s = time.monotonic()
        with self._lock:
            told = [(name, ring.slot_s, ring.points(now_s)) for name, ring in self._rings.items()]
        return tuple(Trend(id=name, unit=UNITS[name], slot_s=slot_s, points=points) for name, slot_s, points in told if points)

    def keep(self) -> None:
        try:
            save_trends(self._file, self._read_wall_s(), self.told())
        except OSError:
            self.unkept += 1


def _figures(machine: MachineReading, agent: AgentReading) -> dict[str, float | None]:
    """`throttling` is the share of the time."""
    board, disk = machine.board, machine.disk
    return {
        "temperature": board.temperature_c,
        "throttling": None if board.throttled is None else 100.0 * board.throttled,
        "processor": None if machine.cpu_busy is None else 100 * machine.cpu_busy,
        "memory": machine.memory_available_bytes,
        "own_memory": machine.own_bytes,
        "disk": None if disk is None else disk.free_bytes,
        "outbox": agent.outbox_messages,
        "signal": None if machine.network is None else machine.network.signal_dbm,
    }
