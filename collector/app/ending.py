"""How the collector ends: by a signal, or by the failure of a part."""

import asyncio
import signal

from collector.core.errors import Told


class CannotServe(Told):
    """Why the collector does not start, or went down: one line, with the next step."""


class Ending:
    """`outcome` is the exit code, or what went wrong."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.outcome: asyncio.Future[int] = self._loop.create_future()
        self._loop.add_signal_handler(signal.SIGINT, self._end, 130)
        self._loop.add_signal_handler(signal.SIGTERM, self._end, 0)

    def fail(self, reason: str) -> None:
        """From any thread."""
        self._loop.call_soon_threadsafe(self._end, CannotServe(reason))

    def _end(self, how: int | CannotServe) -> None:
        if self.outcome.done():
            return
        if isinstance(how, int):
            self.outcome.set_result(how)
        else:
            self.outcome.set_exception(how)
