"""Stills on request, where the configuration has them: what devices answer reaches its request, and what has expired goes."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from collector.broker.link import BrokerLink, OnMessage
from collector.broker.mqtt_client import Client, Message
from collector.core.still_requests import StillRequests
from collector.store.stills import FOLDER, StillFolder
from collector.web.services import Stills
from event_contract import topics
from event_contract.commands import CommandResponse

SWEEP_EVERY_S = 60.0
log = logging.getLogger(__name__)


class StillDesk:
    """Requests belong to the event loop that it was made in. `topics`: where answers come."""

    topics = (topics.RESPONSES_OF_ALL,)

    def __init__(self, data_dir: Path, keep_s: float) -> None:
        self._loop = asyncio.get_running_loop()
        self.requests = StillRequests()
        self.folder = StillFolder(data_dir / FOLDER, keep_s)

    def beside(self, rest: OnMessage) -> OnMessage:
        """Takes answers of devices out of what the broker sends; everything else is for `rest`."""

        def receive(client: Client, message: Message) -> None:
            device = topics.parse_command_response(message.topic)
            if device is None:
                return rest(client, message)
            if message.qos:
                client.confirm((message.mid,))
                client.flush()
            try:
                response = msgspec.json.decode(message.payload, type=CommandResponse)
            except (ValueError, RecursionError):
                return log.warning("device %s: its answer to a request cannot be read", device)
            self._loop.call_soon_threadsafe(self.requests.heard, device, response)

        return receive

    @asynccontextmanager
    async def open(self, link: BrokerLink, fail: Callable[[str], None]) -> AsyncIterator[Stills]:
        """What has expired is deleted, at the start and every minute. `fail` when that is no longer possible."""

        def tell(device: str, payload: bytes) -> bool:
            return link.tell(topics.command_request(device), payload)

        task = asyncio.create_task(self._sweep())
        task.add_done_callback(lambda ended: None if ended.cancelled() else fail(f"stills: {ended.exception()}"))
        yield Stills(self.requests, self.folder, tell)
        task.cancel()

    async def _sweep(self) -> None:
        while True:
            try:
                if gone := await asyncio.to_thread(self.folder.sweep, time.time()):
                    log.info("%d stills have expired and were deleted", gone)
            except OSError as error:
                log.error("stills that have expired cannot be deleted: %s", error)
            await asyncio.sleep(SWEEP_EVERY_S)

