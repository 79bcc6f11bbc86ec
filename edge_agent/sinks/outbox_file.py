"""The outbox's SQLite file: held by one process at a time, durable at every commit; and what SQLite's faults mean."""

import fcntl
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from edge_agent.core.failure import Failure

SCHEMA = """
CREATE TABLE IF NOT EXISTS streams (
    number INTEGER PRIMARY KEY,
    class TEXT NOT NULL,
    stream TEXT NOT NULL UNIQUE,
    next_seq INTEGER NOT NULL,
    current INTEGER NOT NULL,
    twin INTEGER
);
CREATE TABLE IF NOT EXISTS messages (
    key INTEGER PRIMARY KEY,
    at_s REAL NOT NULL,
    notice INTEGER NOT NULL,
    payload BLOB NOT NULL,
    crc INTEGER
);
CREATE TABLE IF NOT EXISTS tombstones (
    stream INTEGER NOT NULL,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    reason TEXT NOT NULL,
    notice INTEGER
);
"""

ADDED = (("messages", "crc"), ("streams", "twin"))  # -next_seq; what was written before 0.2 has neither
LOG_BYTES = 512 * 1024  # the write-ahead log is brought into the file when it is so long, or 1/40 of the cap
FULL = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_SHMSIZE, sqlite3.SQLITE_IOERR_WRITE)
DAMAGED = (
    sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_IOERR_READ, sqlite3.SQLITE_IOERR_SHORT_READ,
    sqlite3.SQLITE_IOERR_CORRUPTFS,
)  # fmt: skip


class OutboxError(Failure):
    """The outbox cannot be used. The message names the file and the next step."""


class OutboxFull(Failure):
    """The disk takes nothing more, the reserve given up and less urgent messages shed. What was asked was not done."""


class OutboxDamaged(Exception):
    """The file does not hold what was written to it."""


def lock_file(path: Path) -> IO[bytes]:
    """The lock ends with the process, however it dies. Raises OutboxError when another process holds it."""
    name = path.with_name(f"{path.name}.lock")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = name.open("ab")
    except OSError as error:
        raise OutboxError(f"outbox {path}: {error.strerror}; choose a writable data_dir") from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise OutboxError(f"outbox {path}: another agent is using it; stop that one or choose another data_dir") from None
    return lock


def connect(path: Path) -> sqlite3.Connection:
    """A connection in autocommit mode, that goes from the thread that opens it to the one that works with it."""
    return sqlite3.connect(path, isolation_level=None, check_same_thread=False)


def prepare(connection: sqlite3.Connection, max_bytes: int) -> None:
    """Every commit is on the disk when it returns, and the write-ahead log stays small against `max_bytes`."""
    (page_size,) = connection.execute("PRAGMA page_size").fetchone()
    log_bytes = min(LOG_BYTES, max_bytes // 40)
    connection.execute("PRAGMA journal_mode=WAL").fetchall()
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA secure_delete=OFF").fetchall()  # Debian's default writes every freed page once more
    connection.execute(f"PRAGMA wal_autocheckpoint={max(1, log_bytes // page_size)}").fetchall()
    connection.execute(f"PRAGMA journal_size_limit={log_bytes}").fetchall()
    with transaction(connection):
        if not connection.execute("SELECT 1 FROM sqlite_master").fetchone():
            connection.execute("PRAGMA user_version=1")  # every row has its checksum from the beginning
        for statement in SCHEMA.split(";\n"):
            if statement:
                connection.execute(statement)
        for table, column in ADDED:
            if column not in [row[1] for row in connection.execute(f"PRAGMA table_info({table})").fetchall()]:
                connection.execute(f"ALTER TABLE {table} ADD COLUMN {column} INTEGER")


def file_bytes(connection: sqlite3.Connection) -> int:
    """How large the file is, or will be when the write-ahead log has been brought into it."""
    (page_size,) = connection.execute("PRAGMA page_size").fetchone()
    return int(connection.execute("PRAGMA page_count").fetchone()[0]) * int(page_size)


def used_bytes(connection: sqlite3.Connection) -> int:
    """What the file holds, free pages not counted; right inside a transaction too."""
    (page_size,) = connection.execute("PRAGMA page_size").fetchone()
    (free,) = connection.execute("PRAGMA freelist_count").fetchone()
    return file_bytes(connection) - int(free * page_size)


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All of it or nothing."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def is_full(error: sqlite3.Error) -> bool:
    """The disk takes nothing more."""
    return _code(error) in FULL or _code(error) & 0xFF in FULL


def is_damage(error: sqlite3.Error) -> bool:
    """The file is not what was written to it, or cannot be read."""
    return _code(error) in DAMAGED or _code(error) & 0xFF in DAMAGED


def _code(error: sqlite3.Error) -> int:
    return getattr(error, "sqlite_errorcode", 0) or 0
