"""Accounts in PostgreSQL, beside the events: the same users, tokens and audit log for every collector."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg_pool import ConnectionPool, PoolTimeout

from collector.store.engines.db import Db
from collector.store.engines.opening import StoreUnavailable
from collector.store.engines.postgres import Address, demand_durability
from collector.store.engines.postgres_db import PostgresDb
from collector.store.engines.postgres_schema import bring_up_to_date

CONNECTIONS = 2
_TURN = "SELECT pg_advisory_xact_lock('audit'::regclass::oid::bigint)"  # its own: nobody waits for a batch of events


class PostgresLedger:
    """The schema is made when there is none, and brought up to date. Raises StoreUnavailable."""

    def __init__(self, address: Address) -> None:
        with _told():
            with address.connect() as connection:
                bring_up_to_date(PostgresDb(connection))
            self._pool = ConnectionPool(
                address.url,
                kwargs={"autocommit": True, **address.parameters()},
                min_size=1,
                max_size=CONNECTIONS,
                timeout=10,
                configure=demand_durability,
                check=ConnectionPool.check_connection,
                open=True,
            )

    @contextmanager
    def reading(self) -> Iterator[Db]:
        with _told(), self._pool.connection() as connection:
            yield PostgresDb(connection)

    @contextmanager
    def transaction(self) -> Iterator[Db]:
        with _told(), self._pool.connection() as connection, connection.transaction():
            db = PostgresDb(connection)
            db.execute(_TURN)
            yield db

    def close(self) -> None:
        self._pool.close()


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except (psycopg.Error, PoolTimeout) as error:
        raise StoreUnavailable(f"PostgreSQL: {next(iter(str(error).strip().splitlines()), type(error).__name__)}") from error
