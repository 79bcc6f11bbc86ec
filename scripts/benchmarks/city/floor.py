"""The same rows in the same batches into the same tables, with nothing but the database: sqlite3, and PostgreSQL's COPY."""

import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from collector.core import delivery
from collector.core.delivery import Event, Received
from collector.store.engines.db import Engine
from collector.store.taking import COLUMNS_OF_EVENTS, row_of
from event_contract import topics
from scripts.benchmarks.city.devices import Waiting


def rows_of(events: Sequence[Waiting]) -> list[tuple[Any, ...]]:
    """Read beforehand: the floor knows nothing of messages."""
    now = time.time()
    received = [Received(topics.event(one.device, one.event_class), one.payload, now) for one in events]
    return [row_of(event) for event in map(delivery.read, received) if isinstance(event, Event)]


def rate(engine: Engine, rows: list[tuple[Any, ...]], batch: int) -> float:
    """Committed rows per second; the engine is as durable as the collector's."""
    insert = f"INSERT INTO events ({COLUMNS_OF_EVENTS}) VALUES ({', '.join('?' * len(rows[0]))})"
    began = time.monotonic()
    for start in range(0, len(rows), batch):
        with engine.transaction() as db:
            db.executemany(insert, rows[start : start + batch])
    return len(rows) / (time.monotonic() - began)


def of_sqlite(folder: Path, events: Sequence[Waiting], batch: int) -> float:
    from collector.store.engines.sqlite import Sqlite

    with closing(Sqlite(folder / f"floor-{batch}-{len(events)}.sqlite")) as engine:
        return rate(engine, rows_of(events), batch)


def of_postgres(url: str, events: Sequence[Waiting], batch: int) -> float:
    from collector.store.engines.postgres import Address, Postgres

    with closing(Postgres(Address(url))) as engine:
        return rate(engine, rows_of(events), batch)
