"""A TCP line with faults between the devices and the broker, in a thread of its own."""

import asyncio
import threading
from contextlib import suppress
from dataclasses import dataclass
from random import Random
from typing import Literal

CHUNK_BYTES = 16_384
UNDER_WAY = 200  # chunks
LOOK_S = 0.05


@dataclass(frozen=True, slots=True)
class Line:
    """`down`: connections are cut and refused. `black_hole`: they stand, and nothing arrives.

    `stall_share` of the chunks come `stall_s` late, and so does all behind them: what the loss of a packet is to TCP.
    """

    state: Literal["open", "down", "black_hole"] = "open"
    delay_s: float = 0.0  # each way
    stall_share: float = 0.0
    stall_s: float = 0.0


class Proxy:
    """Listens on `port` of 127.0.0.1 as long as the process lives."""

    def __init__(self, target_port: int, chance: Random, line: Line) -> None:
        self._target_port, self._chance, self._line = target_port, chance, line
        self._writers: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True).start()
        server = asyncio.run_coroutine_threadsafe(asyncio.start_server(self._serve, "127.0.0.1", 0), self._loop).result()
        self.port: int = server.sockets[0].getsockname()[1]

    def become(self, line: Line) -> None:
        """From now on, for the connections that stand as well."""
        asyncio.run_coroutine_threadsafe(self._become(line), self._loop).result()

    async def _become(self, line: Line) -> None:
        self._line = line
        if line.state == "down":
            for writer in self._writers:
                writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ends = [writer]
        self._writers.add(writer)
        try:
            if self._line.state == "down":
                return
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target_port)
            ends.append(far_writer)
            self._writers.add(far_writer)
            ways = [self._carry(reader, far_writer), self._carry(far_reader, writer)]
            await asyncio.wait(map(asyncio.ensure_future, ways), return_when=asyncio.FIRST_COMPLETED)
        except OSError:
            pass  # the broker is away
        finally:
            for end in ends:
                self._writers.discard(end)
                end.transport.abort()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One way, until either end is gone."""
        under_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(UNDER_WAY)
        arrivals = asyncio.ensure_future(self._arrive(under_way, writer))
        with suppress(OSError):
            while chunk := await reader.read(CHUNK_BYTES):
                late_s = self._line.stall_s if self._chance.random() < self._line.stall_share else 0.0
                await under_way.put((self._loop.time() + self._line.delay_s + late_s, chunk))
        arrivals.cancel()

    async def _arrive(self, under_way: asyncio.Queue[tuple[float, bytes]], writer: asyncio.StreamWriter) -> None:
        while True:
            due_s, chunk = await under_way.get()
            await asyncio.sleep(max(0.0, due_s - self._loop.time()))
            while self._line.state == "black_hole":
                await asyncio.sleep(LOOK_S)
            with suppress(OSError):
                writer.write(chunk)
                await writer.drain()
