"""What systemd is told, and what it asks for: sd_notify(3), one datagram a message. Without it nobody is told.

It barks after WatchdogSec= without a word, ends the process by SIGABRT and starts it again.
"""

import os
import socket
from collections.abc import Mapping
from contextlib import suppress

MICROSECONDS = 1e6


class ServiceManager:
    """`watchdog_s`: how long it waits for a word until it barks; None where it does not watch this process."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        place = environment.get("NOTIFY_SOCKET", "")
        self._address = "\0" + place[1:] if place.startswith("@") else place
        whose = environment.get("WATCHDOG_PID", str(os.getpid()))
        every = environment.get("WATCHDOG_USEC", "")
        watched = bool(self._address) and every.isdigit() and whose == str(os.getpid())
        self.watchdog_s = int(every) / MICROSECONDS if watched else None

    def ready(self) -> None:
        self._tell("READY=1")

    def feed(self) -> None:
        self._tell("WATCHDOG=1")

    def stopping(self) -> None:
        self._tell("STOPPING=1")

    def say(self, text: str) -> None:
        """One line for `systemctl status`."""
        self._tell(f"STATUS={text.splitlines()[0] if text else ''}")

    def _tell(self, message: str) -> None:
        """Never waits: what it cannot take now it is told the next time."""
        if self._address:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out, suppress(OSError):
                out.setblocking(False)
                out.sendto(message.encode(), self._address)
