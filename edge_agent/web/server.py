"""The page's thread, with an event loop of its own: it serves, and never stands in the way of the watch.

Where it cannot listen (the Wi-Fi is not up yet, the port is taken) it says why and tries again.
"""

import asyncio
import socket
import ssl
import threading
import time
from collections.abc import Callable, Coroutine
from contextlib import ExitStack, suppress
from typing import Any

from aiohttp import web

from edge_agent.core.health.progress import Beat
from edge_agent.web.door import Door, Visit

RETRY_S = 5.0
BEAT_EVERY_S, BEAT_WITHIN_S = 2.0, 25.0  # its loop goes on; what it answers may take that long on a card that is busy
BREATH_S = 0.5  # when no descriptor is left
SHUTDOWN_S = 1.0
HANDSHAKE_S = 5.0
QUIET_S = 20.0  # so long a connection waits for the whole head of a request
UNDER_WAY_S = 30.0  # so long, after that, the rest of an answer is sent to somebody who is slow
LINGER_S = 2.0  # so long a body is taken that nobody wants
BACKLOG = 32


class PageServer:
    """`start` and `close` as a pair. `problem`: why it cannot be reached, None while it can; then `beside` runs, too."""

    def __init__(
        self, build: Callable[[], web.Application], host: str, port: int, tls: ssl.SSLContext, door: Door,
        beside: Callable[[], Coroutine[Any, Any, None]] | None = None,
    ) -> None:  # fmt: skip
        self._build, self._host, self._port, self._tls, self._door, self._beside = build, host, port, tls, door, beside
        self.problem: str | None = f"web: {host}:{port}: not open yet"
        self._loop: asyncio.AbstractEventLoop | None = None
        self._serving: asyncio.Task[None] | None = None
        self._lock = threading.Lock()
        self._beat_s = time.monotonic()
        self._closed = False
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="page", daemon=True)

    @property
    def beat(self) -> Beat:
        """Of its thread."""
        return Beat(self._beat_s, BEAT_WITHIN_S)

    def start(self) -> None:
        """What goes wrong in the thread itself goes to threading.excepthook: the agent ends, and is started again."""
        self._thread.start()

    def close(self) -> None:
        with self._lock:
            self._closed = True
            if self._loop is not None and self._serving is not None and not self._loop.is_closed():
                self._loop.call_soon_threadsafe(self._serving.cancel)
        if self._thread.ident is not None:
            self._thread.join(2 * SHUTDOWN_S + 1)

    async def _serve(self) -> None:
        with self._lock:
            if self._closed:
                return
            self._loop, self._serving = asyncio.get_running_loop(), asyncio.create_task(self._receive())
        self._go_on()
        with suppress(asyncio.CancelledError):
            await self._serving

    def _go_on(self) -> None:
        self._beat_s = time.monotonic()
        asyncio.get_running_loop().call_later(BEAT_EVERY_S, self._go_on)

    async def _receive(self) -> None:
        """Until it is cancelled."""
        runner = web.AppRunner(
            self._build(), access_log=None, handle_signals=False, shutdown_timeout=SHUTDOWN_S, keepalive_timeout=QUIET_S,
            lingering_time=LINGER_S,
        )  # fmt: skip
        await runner.setup()
        server = runner.server
        assert server is not None  # noqa: S101 - it has been set up
        try:
            with ExitStack() as ports:
                while not (listeners := await self._listening(ports)):
                    await asyncio.sleep(RETRY_S)
                async with asyncio.TaskGroup() as group:
                    for listener in listeners:
                        group.create_task(self._accept(listener, server, group))
                    if self._beside is not None:
                        group.create_task(self._beside())
        finally:
            await runner.cleanup()

    async def _listening(self, ports: ExitStack) -> list[socket.socket]:
        """One for each address of the host; none, and the problem, where one of them cannot be listened at."""
        look_up = asyncio.get_running_loop().getaddrinfo  # in a thread: a name may be waited for longer than the watchdog does
        with ExitStack() as opened:
            try:
                found = await look_up(self._host, self._port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
                several = dict.fromkeys((family, address) for family, _, _, _, address in found)
                servers = (socket.create_server(address, family=family, backlog=BACKLOG) for family, address in several)
                listeners = [opened.enter_context(one) for one in servers]
            except (OSError, UnicodeError) as error:  # UnicodeError: of a host that can be no name
                reason = (getattr(error, "strerror", None) or str(error)).partition(" (while")[0]
                self.problem = f"web: {self._host}:{self._port}: {reason}; see web.host and web.port, it is tried again"
                return []
            for listener in listeners:
                listener.setblocking(False)
            ports.push(opened.pop_all())
        self.problem = None
        return listeners

    async def _accept(self, listener: socket.socket, server: web.Server, group: asyncio.TaskGroup) -> None:
        while True:
            try:
                caller, address = await asyncio.get_running_loop().sock_accept(listener)
            except OSError:  # he has gone again, or no descriptor is left
                await asyncio.sleep(BREATH_S)
                continue
            if self._door.enter(address[0]):
                group.create_task(self._greet(caller, address[0], server))
            else:
                caller.close()

    async def _greet(self, caller: socket.socket, address: str, server: web.Server) -> None:
        """The handshake; from then on the connection goes by itself."""
        visit = Visit(server(), lambda: self._door.turned_away.update(["stalled"]), lambda: self._door.leave(address))
        try:
            await asyncio.get_running_loop().connect_accepted_socket(
                lambda: visit, caller, ssl=self._tls, ssl_handshake_timeout=HANDSHAKE_S, ssl_shutdown_timeout=UNDER_WAY_S
            )
        except OSError:  # of TLS, too, and of time
            pass
        finally:
            if not visit.begun:
                self._door.turned_away["no_handshake"] += 1
                self._door.leave(address)
                caller.close()
