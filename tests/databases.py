"""Databases for tests of the store: a SQLite file, and a schema of its own on a real PostgreSQL server."""

import os
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, Protocol

import psycopg
import pytest

from collector.store.event_store import EventStore
from collector.store.postgres import Address, Postgres
from collector.store.postgres_db import PostgresDb
from collector.store.sqlite import Sqlite, connect
from tests.brokers import free_port

PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
SERVER_USER = "postgres"  # who starts the server when root runs the tests: PostgreSQL refuses to be root
_schemas = count(1)


class StoreDatabase(Protocol):
    def store(self) -> EventStore: ...
    def reader(self) -> Any:
        """A connection to look with, to be closed."""

    def writer(self) -> Any:
        """A connection to spoil things with, in autocommit, to be closed."""


@dataclass
class SqliteFile:
    path: Path

    def store(self) -> EventStore:
        return EventStore(Sqlite(self.path))

    def reader(self) -> sqlite3.Connection:
        return connect(self.path)

    def writer(self) -> sqlite3.Connection:
        return sqlite3.connect(self.path, isolation_level=None)


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


@contextmanager
def postgres_server(folder: Path | None = None) -> Iterator[str]:
    """A new server on 127.0.0.1; `folder` keeps its data, otherwise it is gone afterwards."""
    if not PROGRAMS:
        pytest.fail("PostgreSQL is missing: apt-get install postgresql")
    memory = Path("/dev/shm")
    home = folder or Path(tempfile.mkdtemp(prefix="kerbwatch-pg-", dir=memory if os.access(memory, os.W_OK) else None))
    user: dict[str, Any] = {}
    if os.geteuid() == 0:
        user = {"user": SERVER_USER, "group": SERVER_USER, "extra_groups": []}
        shutil.chown(home, SERVER_USER, SERVER_USER)
    data, port = home / "data", free_port()
    if not data.exists():
        init = [PROGRAMS[-1] / "initdb", "-D", data, "-U", "kerbwatch", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]
        subprocess.run(init, check=True, capture_output=True, cwd="/", **user)
    with (home / "log").open("ab") as log:
        settings = [f"port={port}", "listen_addresses=127.0.0.1", f"unix_socket_directories={home}", "max_connections=40"]
        command = [PROGRAMS[-1] / "postgres", "-D", data, *(part for setting in settings for part in ("-c", setting))]
        server = subprocess.Popen(command, stdout=log, stderr=log, cwd="/", **user)
    try:
        url = f"postgresql://kerbwatch@127.0.0.1:{port}/postgres?connect_timeout=2"
        _wait_for(url, server)
        yield url
    finally:
        server.kill()  # its children notice
        server.wait()
        if folder is None:
            shutil.rmtree(home, ignore_errors=True)


def _wait_for(url: str, server: subprocess.Popen[bytes]) -> None:
    while server.poll() is None:
        try:
            psycopg.connect(url).close()
            return
        except psycopg.OperationalError:
            continue
    raise RuntimeError(f"PostgreSQL ended with {server.returncode}")
