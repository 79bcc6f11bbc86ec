"""Everything of a SQLite store into an empty PostgreSQL, in one transaction: what is interrupted leaves it empty."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from collector.core.errors import Told
from collector.store.access.ledger import LedgerFile
from collector.store.access.place import ACCOUNTS
from collector.store.backups.archive import Progress
from collector.store.engines.db import Db
from collector.store.engines.opening import told_of
from collector.store.engines.postgres import Address, Postgres
from collector.store.engines.postgres_db import PostgresDb
from collector.store.engines.sqlite import Sqlite, connect

ROWS_PER_LOOK = 5_000
RESERVED = {"user": '"user"'}
MADE_WITH_THE_SCHEMA = {"alert_retention", "traffic_counted", "kept_counts"}  # one row each, from the beginning


class CannotMove(Told):
    """Why nothing was moved."""


def move(source: Path, target: Address, progress: Progress) -> dict[str, int]:
    """Rows by table, counted again at the target; the accounts beside the source go along. The files are brought up to date,
    and are otherwise left as they are.

    Text with a NUL, which PostgreSQL cannot hold, gets U+FFFD in its place; an event's payload is not touched.
    Raises CannotMove, StoreUnavailable.
    """
    if not source.exists():
        raise CannotMove(f"{source}: no such file; --from names the data folder of a collector that stored in SQLite")
    Sqlite(source).close()
    accounts, rows = source.parent / ACCOUNTS, dict[str, int]()
    if accounts.exists():
        LedgerFile(accounts).close()
    with closing(Postgres(target)) as engine, engine.transaction() as db:
        for file in (source, accounts) if accounts.exists() else (source,):
            with told_of(file), closing(connect(file)) as old:
                tables = _tables(old)
                _demand_empty(db, tables)
                rows |= {table: _copy(old, db, table, progress) for table in tables}
        for table, count in rows.items():
            [(arrived,)] = db.execute(f"SELECT count(*) FROM {table}").fetchall()  # noqa: S608 - a table of our own
            if arrived != count:
                raise CannotMove(f"{table}: {count} rows were read and {arrived} arrived; nothing was moved")
        for table in ("events", "dead_letters"):
            db.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'n'), max(n)) FROM {table}")  # noqa: S608
        return rows


def bring_accounts(file: Path, db: Db) -> bool:
    """Users, sessions, tokens and the audit log of a data folder, unless there are some already."""
    LedgerFile(file).close()
    with told_of(file), closing(connect(file)) as old:
        tables = _tables(old)
        if any(db.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone() for table in tables):  # noqa: S608 - of our own
            return False
        for table in tables:
            _copy(old, db, table, lambda *_: None)
        return True


def _tables(old: sqlite3.Connection) -> list[str]:
    names = "SELECT name FROM sqlite_master WHERE type = 'table' AND substr(name, 1, 1) <> '_' AND name NOT LIKE 'sqlite%'"
    return [name for (name,) in old.execute(f"{names} ORDER BY name")]


def _demand_empty(db: PostgresDb, tables: list[str]) -> None:
    for table in tables:
        if table in MADE_WITH_THE_SCHEMA:
            db.execute(f"DELETE FROM {table}")  # noqa: S608 - a table of our own
        elif db.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone():  # noqa: S608
            raise CannotMove(f"the target holds {table} already; give an empty database, or a schema of its own in the URL")


def _copy(old: sqlite3.Connection, new: Db, table: str, progress: Progress) -> int:
    [(total,)] = old.execute(f"SELECT count(*) FROM {table}").fetchall()  # noqa: S608
    rows = old.execute(f"SELECT * FROM {table} ORDER BY 1")  # noqa: S608
    columns = [RESERVED.get(column[0], column[0]) for column in rows.description]

    def told() -> Iterator[tuple[Any, ...]]:
        for number, row in enumerate(rows, 1):
            yield tuple(_storable(row))
            if number % ROWS_PER_LOOK == 0:
                progress(table, number, total)

    values = ", ".join("?" * len(columns))
    new.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({values})", told())  # noqa: S608
    progress(table, total, total)
    return int(total)


def _storable(row: sqlite3.Row) -> Iterator[Any]:
    for value in row:
        yield value.replace("\0", "\ufffd") if isinstance(value, str) and "\0" in value else value
