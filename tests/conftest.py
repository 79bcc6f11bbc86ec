"""Fixtures for everyone: the recordings in ../shared, which a fresh clone does not have."""

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from collector.store.engines.db import Db
from collector.store.event_store import EventStore
from tests.databases import PostgresSchema, SqliteFile, StoreDatabase, postgres_server

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with footage, recordings and wire examples; without it the test is skipped, or fails in CI."""
    if not SHARED.is_dir():
        message = f"{SHARED} is missing: footage and recordings are not part of the repository"
        if os.environ.get("REQUIRE_SHARED") == "1":
            pytest.fail(message)
        pytest.skip(message)
    return SHARED


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A server for all tests of this process."""
    with postgres_server() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> StoreDatabase:
    """An empty database of either engine, so that both are held to the same contract."""
    if request.param == "sqlite":
        return SqliteFile(tmp_path / "events.sqlite")
    return PostgresSchema(request.getfixturevalue("postgres_url"))


@pytest.fixture
def store(database: StoreDatabase) -> Iterator[EventStore]:
    """One in that database."""
    with closing(database.store()) as store:
        yield store


@pytest.fixture
def db(store: EventStore, database: StoreDatabase) -> Iterator[Db]:
    """A connection to look into it."""
    with closing(database.reader()) as db:
        yield db
