"""The page's thread, with an event loop of its own: it serves, and never stands in the way of the watch.

Where it cannot listen (the Wi-Fi is not up yet, the port is taken) it says why and tries again.
"""

import asyncio
import ssl
import threading
from collections.abc import Callable

from aiohttp import web

RETRY_S = 5.0
SHUTDOWN_S = 1.0
KEEPALIVE_S = 30.0


class PageServer:
    """`start` and `close` as a pair. `problem`: why it cannot be reached, None while it can."""

    def __init__(self, build: Callable[[], web.Application], host: str, port: int, tls: ssl.SSLContext) -> None:
        self._build, self._host, self._port, self._tls = build, host, port, tls
        self.problem: str | None = f"web: {host}:{port}: not open yet"
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closing: asyncio.Event | None = None
        self._lock = threading.Lock()
        self._closed = False
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="page", daemon=True)

    def start(self) -> None:
        """What goes wrong in the thread itself goes to threading.excepthook: the agent ends, and is started again."""
        self._thread.start()

    def close(self) -> None:
        with self._lock:
            self._closed = True
            if self._loop is not None and self._closing is not None and not self._loop.is_closed():
                self._loop.call_soon_threadsafe(self._closing.set)
        if self._thread.ident is not None:
            self._thread.join(2 * SHUTDOWN_S + 1)

    async def _serve(self) -> None:
        closing = asyncio.Event()
        with self._lock:
            if self._closed:
                return
            self._loop, self._closing = asyncio.get_running_loop(), closing
        runner = web.AppRunner(
            self._build(), access_log=None, handle_signals=False, shutdown_timeout=SHUTDOWN_S, keepalive_timeout=KEEPALIVE_S
        )
        await runner.setup()
        try:
            while not closing.is_set() and not await self._open(runner):
                await _either(closing, RETRY_S)
            await closing.wait()
        finally:
            await runner.cleanup()

    async def _open(self, runner: web.AppRunner) -> bool:
        try:
            await web.TCPSite(runner, self._host, self._port, ssl_context=self._tls, backlog=32).start()
        except OSError as error:
            reason = error.strerror or str(error)
            self.problem = f"web: {self._host}:{self._port}: {reason}; see web.host and web.port, it is tried again"
            return False
        self.problem = None
        return True


async def _either(event: asyncio.Event, timeout_s: float) -> None:
    try:
        await asyncio.wait_for(event.wait(), timeout_s)
    except TimeoutError:
        pass
