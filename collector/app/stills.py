"""Stills on request, where the configuration has them: what devices answer reaches its request, and what has expired goes."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import msgspec

from collector.broker.link import BrokerLink, OnMessage
from collector.broker.mqtt_client import Client, Message
from collector.core.still_requests import Shelf, StillRequests
from collector.store.engines.opening import StoreUnavailable
from collector.store.stills import KeptStills
from collector.web.services import Stills
from event_contract import topics
from event_contract.commands import CommandResponse

SWEEP_EVERY_S = 60.0
log = logging.getLogger(__name__)


class StillDesk:
    """`topics`: where answers come; every collector hears them."""

    topics = (topics.RESPONSES_OF_ALL,)

    def __init__(self, shelf: Shelf, kept: KeptStills) -> None:
        self._loop = asyncio.get_running_loop()
        self.requests, self.kept = StillRequests(shelf), kept

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
            self._loop.call_soon_threadsafe(self._loop.run_in_executor, None, self._hear, device, response)

        return receive

    def _hear(self, device: str, response: CommandResponse) -> None:
        try:
            self.requests.heard(device, response)
        except StoreUnavailable as error:
            log.warning("device %s: its answer to a request is lost: %s", device, error)

    @asynccontextmanager
    async def open(self, link: BrokerLink, fail: Callable[[str], None]) -> AsyncIterator[Stills]:
        """What has expired is deleted, at the start and every minute. `fail` when that is no longer possible."""

        def tell(device: str, payload: bytes) -> bool:
            return link.tell(topics.command_request(device), payload)

        task = asyncio.create_task(self._sweep())
        task.add_done_callback(lambda ended: None if ended.cancelled() else fail(f"stills: {ended.exception()}"))
        yield Stills(self.requests, self.kept, tell)
        task.cancel()

    async def _sweep(self) -> None:
        while True:
            try:
                if gone := await asyncio.to_thread(self.kept.sweep, time.time()):
                    log.info("%d stills have expired and were deleted", gone)
            except (OSError, StoreUnavailable) as error:
                log.error("stills that have expired cannot be deleted: %s", error)
            await asyncio.sleep(SWEEP_EVERY_S)

