"""What the handlers need, and how they reach it: one typed key in the aiohttp application."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from aiohttp import web

from collector.config.map import Map
from collector.config.webhooks import Webhooks
from collector.core.still_requests import StillRequests
from collector.outputs.delivering import Sender
from collector.outputs.telling import Desk
from collector.store.access.accounts import Accounts
from collector.store.alerts.alert_book import AlertBook
from collector.store.engines.db import Db, Readers
from collector.store.replaying import Replayed
from collector.store.stills import KeptStills
from collector.web.feed import AlertFeed

P = ParamSpec("P")
T = TypeVar("T")

READERS = 2


class Reader:
    """Runs questions to the event database in threads of its own."""

    def __init__(self, readers: Readers) -> None:
        self._readers = readers
        self._pool = ThreadPoolExecutor(READERS, thread_name_prefix="reader")

    async def ask(self, question: Callable[Concatenate[Db, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Raises StoreUnavailable."""

        def run() -> T:
            with self._readers.reading() as db:
                return question(db, *args, **kwargs)

        return await asyncio.get_running_loop().run_in_executor(self._pool, run)

    def close(self) -> None:
        self._pool.shutdown()
        self._readers.close()


class Writer(Protocol):
    """The writer of the store, as far as requests need it."""

    def perform(self, work: Callable[[AlertBook], T]) -> Future[T]: ...
    def replay(self, n: int) -> Future[Replayed | None]: ...
    def drop_letter(self, n: int) -> Future[bool]: ...


@dataclass(frozen=True, slots=True)
class Stills:
    """`tell` sends a request to a device; False: there is no connection."""

    requests: StillRequests
    kept: KeptStills
    tell: Callable[[str, bytes], bool]


@dataclass(frozen=True, slots=True)
class Services:
    """`status` tells of the running parts: broker, ingest; `allowed_hosts` are the names in a Host header that are ours.

    `behind_proxy`: a proxy with TLS stands between us and the browsers. `desk` tells in the feeds. `stills` None: no
    device is asked for any. `roads`: GeoJSON for the map.
    """

    reader: Reader
    feed: AlertFeed
    accounts: Accounts
    api_token: str
    allowed_hosts: frozenset[str]
    status: Callable[[], dict[str, Any]]
    writer: Writer
    behind_proxy: bool = False
    desk: Desk = field(default_factory=Desk)
    webhooks: Webhooks = field(default_factory=Webhooks)
    sender: Sender | None = None
    stills: Stills | None = None
    map: Map = field(default_factory=Map)
    roads: dict[str, Any] | None = None


SERVICES = web.AppKey("services", Services)
