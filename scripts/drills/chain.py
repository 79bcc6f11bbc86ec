"""Agents, broker, collectors and database as real processes, supervised as systemd would: what ends is started again."""

import signal
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal

from scripts.drills import programs
from scripts.drills.judging import Finding, given_out, judge, total
from scripts.drills.mutants import OF_COLLECTOR, OF_DEVICE
from scripts.drills.programs import Program, wait_until

Engine = Literal["sqlite", "postgres"]
TURN_S = 0.1
RESTART_AFTER_S = 0.5


class Chain:
    """Everything lies below `folder`. `programs`: broker, database, collector-<n>, devices, in the order of their start."""

    def __init__(
        self, folder: Path, *, devices: Mapping[str, Sequence[str]], engine: Engine = "sqlite", collectors: int = 1,
        embedded: bool = False, mutant: str | None = None,
    ) -> None:  # fmt: skip
        """`devices`: their names and options."""
        self.folder = folder
        self.embedded = embedded
        self.restarts = 0  # of programs that ended by themselves
        self._ended_at_s: dict[str, float] = {}
        self._leaving: set[str] = set()
        self.programs: dict[str, Program] = {}
        self.mqtt_port = programs.free_port()
        if not embedded:
            self._add(programs.mosquitto(folder, self.mqtt_port))
        self.store: Path | str = folder / "collector-1" / "collector.sqlite"
        settings = ""
        if engine == "postgres":
            database, self.store = programs.postgres(folder / "postgres")
            self._add(database)
            settings = f'[store]\nurl = "{self.store}"\n[broker]\nshare_group = "drill"\n'
        of_it = mutant if mutant in OF_COLLECTOR else None
        for number in range(1, collectors + 1):
            name = f"collector-{number}"
            self._add(programs.collector(folder / name, name, self.mqtt_port, settings, embedded, of_it))
        self.devices: list[str] = []
        self.add_devices(devices, self.mqtt_port, mutant if mutant in OF_DEVICE else None)

    def add_devices(self, devices: Mapping[str, Sequence[str]], port: int, mutant: str | None = None) -> None:
        """`port`: where they find the broker, or what lies between."""
        for name, options in devices.items():
            self.devices.append(name)
            self._add(programs.device(self.folder / name, name, port, options, mutant))

    def _add(self, program: Program) -> None:
        self.programs[program.name] = program

    def start(self) -> None:
        for program in self.programs.values():
            program.start()
            program.wait_until_up()

    def kill(self, name: str) -> None:
        """-9, and at once started again. The embedded broker is the collector's child, and the collector's to start again."""
        if name == "broker" and self.embedded:
            self.programs["collector-1"].kill_children()
            return
        program = self.programs[name]
        program.kill()
        program.start()

    def look_after(self, seconds: float) -> None:
        """Let time pass; whatever ended by itself is started again."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            time.sleep(min(TURN_S, left))
            for name, program in self.programs.items():
                if program.status is None or name in self._leaving:
                    self._ended_at_s.pop(name, None)
                elif time.monotonic() - self._ended_at_s.setdefault(name, time.monotonic()) >= RESTART_AFTER_S:
                    self.restarts += 1
                    program.start()

    def committed(self) -> int:
        """By all devices so far; an outbox that is just being made has nothing."""
        so_far = 0
        for name in self.devices:
            with suppress(sqlite3.OperationalError):
                so_far += total(given_out(self.folder / name / "outbox.db"))
        return so_far

    def finish(self, within_s: float) -> None:
        """The devices make no more events, deliver what waits, and end; then the collectors do."""
        devices = [self.programs[name] for name in self.devices]
        for device in devices:  # one that has only just been started does not listen to SIGTERM yet
            wait_until(device.is_up, programs.READY_WITHIN_S, f"{device.name}: up")
            self._leaving.add(device.name)
            device.signal(signal.SIGTERM)
        until = time.monotonic() + within_s
        while any(device.status is None for device in devices) and time.monotonic() < until:
            self.look_after(TURN_S)
        for device in devices:
            device.kill()
        for name, program in self.programs.items():
            if name.startswith("collector"):
                program.stop()

    def judge(self) -> Finding:
        return judge([self.folder / name for name in self.devices], self.store)


@contextmanager
def running(chain: Chain) -> Iterator[Chain]:
    try:
        chain.start()
        yield chain
    finally:
        for program in reversed(chain.programs.values()):
            program.kill()


def say(line: str) -> None:
    print(f"{time.strftime('%H:%M:%S')}  {line}", flush=True)
