"""What the handlers need, and how they reach it: one typed key in the aiohttp application."""

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from aiohttp import web

from collector.store import queries
from collector.store.accounts import Accounts
from collector.web.feed import AlertFeed

P = ParamSpec("P")
T = TypeVar("T")

READERS = 2


class Reader:
    """Runs questions to the event database in threads of its own, each with a read-only connection."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._pool = ThreadPoolExecutor(READERS, thread_name_prefix="reader")
        self._local = threading.local()
        self._connections: list[sqlite3.Connection] = []

    async def ask(self, question: Callable[Concatenate[sqlite3.Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        def run() -> T:
            if not hasattr(self._local, "db"):
                self._local.db = queries.connect(self._path)
                self._connections.append(self._local.db)
            return question(self._local.db, *args, **kwargs)

        return await asyncio.get_running_loop().run_in_executor(self._pool, run)

    def close(self) -> None:
        self._pool.shutdown()
        for db in self._connections:
            db.close()


@dataclass(frozen=True, slots=True)
class Services:
    """`status` tells of the running parts: broker, ingest; `allowed_hosts` are the names in a Host header that are ours.

    `behind_proxy`: a proxy with TLS stands between us and the browsers.
    """

    reader: Reader
    feed: AlertFeed
    accounts: Accounts
    api_token: str
    allowed_hosts: frozenset[str]
    status: Callable[[], dict[str, Any]]
    behind_proxy: bool = False


SERVICES = web.AppKey("services", Services)
