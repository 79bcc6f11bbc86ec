"""A service manager as an agent sees it: hears it, ends it after a silence, starts it again. It stands in for systemd."""

import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from scripts.drills.programs import CannotStart, Program, wait_until

LISTEN_S = 0.2
READY_WITHIN_S = 60.0
STOP_WITHIN_S = 8.0


class Supervisor:
    """Of a service with Type=notify, WatchdogSec=`watchdog_s` and Restart=always, while it is entered.

    `ready`: how often it has said so; `started_s`: when it was started last; `barked` of its ends are the watchdog's, `ended`
    its own. `before_start` is called before it is started again.
    """

    def __init__(self, command: Sequence[str | Path], log: Path, watchdog_s: float) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        address = f"kerbwatch-drill-{os.getpid()}"
        self._socket.bind(f"\0{address}")
        self._socket.settimeout(LISTEN_S)
        told = {"NOTIFY_SOCKET": f"@{address}", "WATCHDOG_USEC": f"{watchdog_s * 1e6:.0f}"}
        self.service = Program("agent", command, log, env={**os.environ, **told})
        self.before_start: Callable[[], object] = lambda: None
        self.ready = self.barked = self.ended = 0
        self.started_s = 0.0
        self._watchdog_s, self._heard_s = watchdog_s, float("inf")
        self._leaving, self._over = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> "Supervisor":
        self._start()
        self._thread.start()
        try:
            wait_until(lambda: self.ready > 0, READY_WITHIN_S, "the agent's READY=1")
        except CannotStart:
            self.__exit__()
            raise
        return self

    def __exit__(self, *ended: object) -> None:
        """Its end comes before that of the thread that has started it: it would be taken along."""
        self._leaving.set()
        self.service.stop(STOP_WITHIN_S)
        self._over.set()
        self._thread.join()
        self._socket.close()

    def _start(self) -> None:
        self._heard_s, self.started_s = float("inf"), time.monotonic()
        self.service.start()

    def _watch(self) -> None:
        while not self._over.is_set():
            self._hear()
            if self._leaving.is_set():
                continue
            barks = time.monotonic() - self._heard_s > self._watchdog_s
            if not barks and self.service.status is None:
                continue
            if barks:
                self.barked += 1
                self.service.signal(signal.SIGABRT)
                wait_until(lambda: self.service.status is not None, READY_WITHIN_S, "the agent's end")
            else:
                self.ended += 1
            self.before_start()
            self._start()

    def _hear(self) -> None:
        try:
            said = self._socket.recv(1000)
        except TimeoutError:
            return
        if said in (b"READY=1", b"WATCHDOG=1"):
            self._heard_s = time.monotonic()
        self.ready += said == b"READY=1"
