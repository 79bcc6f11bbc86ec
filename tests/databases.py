"""Databases for tests of the store: a SQLite file, and a schema of its own on a real PostgreSQL server."""

import os
import shutil
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, Protocol

import psycopg
import pytest

from collector.store.access.accounts import Accounts
from collector.store.access.postgres_ledger import PostgresLedger
from collector.store.engines.postgres import Address, Postgres
from collector.store.engines.postgres_db import PostgresDb
from collector.store.engines.sqlite import Sqlite, connect
from collector.store.event_store import EventStore
from tests.brokers import free_port

PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
LEAVES_NOTHING = "dynamic_shared_memory_type=mmap"  # in its data folder: what is killed cannot tidy up in /dev/shm
SERVER_USER = "postgres"  # who starts the server when root runs the tests: PostgreSQL refuses to be root
_schemas = count(1)


class StoreDatabase(Protocol):
    def store(self) -> EventStore: ...
    def reader(self) -> Any:
        """A connection to look with, to be closed."""

    def writer(self) -> Any:
        """A connection to spoil things with, in autocommit, to be closed."""

    def accounts(self, keep_audit_days: float = 730.0) -> Accounts:
        """Of a collector with such a store."""


@dataclass
class SqliteFile:
    path: Path

    def store(self) -> EventStore:
        return EventStore(Sqlite(self.path))

    def reader(self) -> sqlite3.Connection:
        return connect(self.path)

    def writer(self) -> sqlite3.Connection:
        return sqlite3.connect(self.path, isolation_level=None)

    def accounts(self, keep_audit_days: float = 730.0) -> Accounts:
        return Accounts(self.path, keep_audit_days)


class Connected(PostgresDb):
    def close(self) -> None:
        self.connection.close()


@dataclass
class PostgresSchema:
    url: str
    name: str = field(default_factory=lambda: f"s{os.getpid()}_{next(_schemas)}")

    def __post_init__(self) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(f"CREATE SCHEMA {self.name}".encode())

    @property
    def address(self) -> Address:
        return Address(f"{self.url}&options=-csearch_path%3D{self.name}")

    def store(self) -> EventStore:
        return EventStore(Postgres(self.address))

    def reader(self) -> Connected:
        return Connected(self.address.connect())

    writer = reader

    def accounts(self, keep_audit_days: float = 730.0) -> Accounts:
        return Accounts(PostgresLedger(self.address), keep_audit_days)


@contextmanager
def postgres_server(home: Path | None = None, *settings: str, port: int = 0) -> Iterator[str]:
    """A server on 127.0.0.1, killed without a farewell afterwards; its data goes with it unless it has a `home` given."""
    if not PROGRAMS:
        pytest.fail("PostgreSQL is missing: apt-get install postgresql")
    keeps, home = home is not None, home or postgres_home()
    port = port or free_port()
    here = [f"port={port}", "listen_addresses=127.0.0.1", f"unix_socket_directories={home}"]
    told = [*here, "max_connections=40", LEAVES_NOTHING, *settings]
    command = [PROGRAMS[-1] / "postgres", "-D", home / "data", *(part for setting in told for part in ("-c", setting))]
    with (home / "log").open("ab") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, cwd="/", **_user())
    try:
        url = f"postgresql://kerbwatch@127.0.0.1:{port}/postgres?connect_timeout=2"
        _wait_for(url, server)
        yield url
    finally:
        server.kill()  # its children notice
        server.wait()
        if not keeps:
            shutil.rmtree(home, ignore_errors=True)


def postgres_home() -> Path:
    """A new cluster, in memory where that is possible."""
    memory = Path("/dev/shm")
    home = Path(tempfile.mkdtemp(prefix="kerbwatch-pg-", dir=memory if os.access(memory, os.W_OK) else None))
    if _user():
        shutil.chown(home, SERVER_USER, SERVER_USER)
    options = ["-U", "kerbwatch", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]
    init = [PROGRAMS[-1] / "initdb", "-D", home / "data", *options]
    subprocess.run(init, check=True, capture_output=True, cwd="/", **_user())
    return home


def _user() -> dict[str, Any]:
    return {"user": SERVER_USER, "group": SERVER_USER, "extra_groups": []} if os.geteuid() == 0 else {}


def _wait_for(url: str, server: subprocess.Popen[bytes]) -> None:
    while server.poll() is None:
        try:
            psycopg.connect(url).close()
            return
        except psycopg.OperationalError:
            time.sleep(0.02)
    raise RuntimeError(f"PostgreSQL ended with {server.returncode}")
