"""Feeds the service manager's watchdog for as long as every worker goes on: a stuck thread ends in a restart."""

import faulthandler
import sys
import threading
import time
from collections.abc import Callable, Mapping

from edge_agent.core.health.progress import Beat, feeding_every_s, stuck
from edge_agent.health.service_manager import ServiceManager

STDERR = 2  # whatever Python calls so now


class Watchdog:
    """From `start` to `close`, in a thread of its own. Where nobody watches there is none."""

    def __init__(self, manager: ServiceManager, beats: Callable[[], Mapping[str, Beat]]) -> None:
        self._manager, self._beats = manager, beats
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watchdog", daemon=True)

    def start(self) -> None:
        if self._manager.watchdog_s is not None:
            self._thread.start()

    def close(self) -> None:
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        every_s, told = feeding_every_s(self._manager.watchdog_s or 0.0), False
        while True:
            overdue = stuck(time.monotonic(), self._beats())
            if not overdue:
                self._manager.feed()
            elif not told:
                names = ", ".join(f"{name} for {for_s:.0f} s" for name, for_s in overdue.items())
                self._manager.say(f"stuck: {names}")
                print(f"edge-agent: stuck: {names}; the service manager starts it again", file=sys.stderr, flush=True)
                faulthandler.dump_traceback(STDERR)  # where each thread hangs: whoever repairs it has nothing else
            told = bool(overdue)
            if self._stop.wait(every_s):
                return
