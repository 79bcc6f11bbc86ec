"""PostgreSQL behind the store: one database, several collectors.

A writing transaction holds an advisory lock, so writers take turns exactly as they do with a SQLite file: one at a time judges,
numbers events and decides alerts, and sees all that the others have committed. The turn goes with the connection: a collector
that dies frees it at once, one that hangs within seconds.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict
from psycopg_pool import ConnectionPool, PoolTimeout

from collector.store.engines.db import Db
from collector.store.engines.opening import StoreUnavailable
from collector.store.engines.postgres_db import Connection, PostgresDb
from collector.store.engines.postgres_schema import bring_up_to_date

HUNG_AFTER_S = 5  # a writer that says nothing for so long in its transaction has lost its turn
TURN_WITHIN_S = 20
READERS = 4
_CONNECTING = {
    "application_name": "kerbwatch collector",
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
_SETTINGS = {
    "idle_in_transaction_session_timeout": f"{HUNG_AFTER_S}s",
    "idle_session_timeout": "120s",  # and has lost its lead; upkeep speaks more often
    "lock_timeout": f"{TURN_WITHIN_S}s",
    "tcp_keepalives_idle": "5s",
    "tcp_keepalives_interval": "2s",
    "tcp_keepalives_count": "3",
    "jit": "off",
    # Every statement of the writer asks for rows by their key, and tables begin empty: no plan made then may stay for ever.
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
}
_LEAD = 1 << 32  # locks are numbered by the oid of alert_changes: for the turn as it is, for the lead beyond 32 bits


@dataclass(frozen=True, slots=True)
class Address:
    """Where the database is: a URL, or `service=name`, without a password; that may stand in the environment or ~/.pgpass."""

    url: str
    password: str | None = None

    def connect(self, **options: Any) -> Connection:
        return psycopg.connect(self.url, autocommit=True, **self.parameters(), **options)

    def parameters(self) -> dict[str, Any]:
        """What the URL does not say itself."""
        given = conninfo_to_dict(self.url)
        chosen = {**_CONNECTING, "password": self.password}
        return {name: value for name, value in chosen.items() if name not in given and value is not None}


class Postgres:
    """The schema is made when there is none, and brought up to date. Raises StoreUnavailable."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._db: PostgresDb | None = None
        self._lock = 0
        self._leads = False
        with self._told():
            bring_up_to_date(self._connected())

    @contextmanager
    def transaction(self) -> Iterator[PostgresDb]:
        with self._told():
            db = self._connected()
            if not self._lock:
                [(self._lock,)] = db.execute("SELECT 'alert_changes'::regclass::oid::bigint").fetchall()
            try:
                db.connection.execute(f"BEGIN; SELECT pg_advisory_xact_lock({self._lock})".encode())
                yield db
                db.connection.execute("COMMIT")
            finally:
                if not db.connection.closed and db.connection.info.transaction_status != psycopg.pq.TransactionStatus.IDLE:
                    db.connection.execute("ROLLBACK")

    def leads(self) -> bool:
        """The lead is held as long as the connection is."""
        with self._told():
            db = self._connected()
            if not self._leads:
                lead = "SELECT pg_try_advisory_lock('alert_changes'::regclass::oid::bigint + ?)"
                [(self._leads,)] = db.execute(lead, (_LEAD,)).fetchall()
            else:
                db.execute("SELECT 1")
            return self._leads

    def close(self) -> None:
        self._drop()

    def _connected(self) -> PostgresDb:
        if self._db is None:
            connection = self._address.connect(prepare_threshold=2)
            try:
                for name, value in _SETTINGS.items():
                    connection.execute(sql.SQL("SET {} = {}").format(sql.Identifier(name), sql.Literal(value)))
                demand_durability(connection)
            except BaseException:
                connection.close()
                raise
            self._db = PostgresDb(connection)
        return self._db

    def _drop(self) -> None:
        db, self._db, self._leads = self._db, None, False
        if db is not None:
            with suppress(psycopg.Error):
                db.connection.close()

    @contextmanager
    def _told(self) -> Iterator[None]:
        """What the database refuses, or does not answer, is raised as StoreUnavailable; the next time finds a new connection.

        Values that it cannot hold are the message's fault and go through as they are.
        """
        try:
            yield
        except (psycopg.DataError, psycopg.IntegrityError):
            raise
        except psycopg.Error as error:
            self._drop()
            raise StoreUnavailable(f"PostgreSQL: {_first_line(error)}") from error


class PostgresReaders:
    """A pool; a connection that has died is replaced before it is given out."""

    def __init__(self, address: Address) -> None:
        self._pool = ConnectionPool(
            address.url,
            kwargs={"autocommit": True, **address.parameters()},
            min_size=1,
            max_size=READERS,
            timeout=10,
            configure=_only_read,
            check=ConnectionPool.check_connection,
            open=True,
        )

    @contextmanager
    def reading(self) -> Iterator[Db]:
        try:
            with self._pool.connection() as connection:
                yield PostgresDb(connection)
        except (psycopg.Error, PoolTimeout) as error:
            raise StoreUnavailable(f"PostgreSQL: {_first_line(error)}") from error

    def close(self) -> None:
        self._pool.close()


def _only_read(connection: Connection) -> None:
    connection.execute("SET default_transaction_read_only = on")
    connection.execute("SET jit = off")  # it takes longer than any of our questions


def demand_durability(connection: Connection) -> None:
    """A commit that can be lost is none: devices would delete what nobody holds."""
    if _setting(connection, "synchronous_commit") != "remote_apply":
        connection.execute("SET synchronous_commit = on")
    for name in ("fsync", "full_page_writes"):
        if (value := _setting(connection, name)) != "on":
            raise StoreUnavailable(f"PostgreSQL: {name} is {value}: a commit would not survive a power cut; set {name} = on")


def _setting(connection: Connection, name: str) -> str:
    [(value,)] = connection.execute("SELECT current_setting(%s)", (name,)).fetchall()
    return str(value)


def _first_line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
