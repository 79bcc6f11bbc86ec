"""Somebody works at the device: until when, who and why. It has an end, the collector hears of it, a restart keeps it."""

import threading
import time
from pathlib import Path

import msgspec

from edge_agent.core.outgoing import Outgoing
from edge_agent.files import whole_file
from edge_agent.sinks.origin import Origin
from edge_agent.web.figures import Maintenance
from event_contract.messages import DeviceTestData, MaintenanceData
from event_contract.times import format_time, parse_time

LONGEST_S = 8 * 3600.0
SUBJECT = "device"


class MaintenanceBook:
    """`begin`, `end` and `now` from any thread; what there is to tell comes from `turn`, which the watch asks."""

    def __init__(self, file: Path, origin: Origin) -> None:
        self._file, self._origin = file, origin
        self._lock = threading.Lock()
        self._waiting: list[Outgoing] = []
        self._now: Maintenance | None = None
        self._ends_s = 0.0  # monotonic
        self._read()

    def now(self) -> Maintenance | None:
        with self._lock:
            self._expire()
            return self._now

    def begin(self, minutes: float, by: str, reason: str) -> Maintenance:
        """Another one ends the one that is. Raises OSError."""
        lasts_s = min(minutes * 60, LONGEST_S)
        with self._lock:
            begun = Maintenance(until=format_time(self._origin.read_wall_s() + lasts_s), by=by, reason=reason)
            self._write(begun)
            self._now, self._ends_s = begun, time.monotonic() + lasts_s
            self._say(begun.until, by, reason)
            return begun

    def end(self, by: str) -> None:
        """Raises OSError."""
        with self._lock:
            self._expire()
            if self._now is not None:
                self._write(None)
                self._now = None
                self._say(None, by, "")

    def test(self, by: str) -> None:
        """A message that says nothing but that it was sent."""
        origin = self._origin
        body = DeviceTestData(run=origin.run, by=by, clock=origin.read_clock())
        with self._lock:
            self._waiting.append(Outgoing("state", SUBJECT, format_time(origin.read_wall_s()), body))

    def turn(self) -> list[Outgoing]:
        with self._lock:
            self._expire()
            told, self._waiting = self._waiting, []
            return told

    def _expire(self) -> None:
        """When its time is over; that the file stays then does no harm."""
        if self._now is not None and time.monotonic() >= self._ends_s:
            self._say(None, self._now.by, "")
            self._now = None

    def _say(self, until: str | None, by: str, reason: str) -> None:
        origin = self._origin
        body = MaintenanceData(run=origin.run, until=until, by=by, reason=reason, clock=origin.read_clock())
        self._waiting.append(Outgoing("state", SUBJECT, format_time(origin.read_wall_s()), body))

    def _write(self, what: Maintenance | None) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with whole_file(self._file) as file:
            file.write(msgspec.json.encode(what))

    def _read(self) -> None:
        """What was there before the restart; by a clock that has lost its time it lasts no longer than one may."""
        try:
            kept = msgspec.json.decode(self._file.read_bytes(), type=Maintenance | None)
            left_s = 0.0 if kept is None else min(parse_time(kept.until) - self._origin.read_wall_s(), LONGEST_S)
        except (OSError, ValueError):
            return
        if kept is not None and left_s > 0:
            self._now, self._ends_s = kept, time.monotonic() + left_s
