"""SQLite behind the store: one file, one writer, readers that do not wait for it.

WAL with synchronous=FULL: what is committed survives a power cut.
"""

import sqlite3
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlite_utils import Database

from collector.store.engines.db import Db
from collector.store.engines.migrations import migrate
from collector.store.engines.opening import StoreUnavailable, told_of

DATABASE = "collector.sqlite"  # in the data folder
WRITER_CACHE_KIB = 32 * 1024  # holds the ends of a thousand streams in the indexes; SQLite's own 2 MiB do not
READER_CACHE_KIB = 16 * 1024  # and what a list of all devices looks at
WAL_PAGES = 4_000  # written back together: the ends of the indexes change with every batch


class Sqlite:
    """The file is made when there is none, and brought up to date. Raises StoreUnavailable."""

    def __init__(self, path: Path) -> None:
        with told_of(path):
            self.db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=30)
            self.db.execute("PRAGMA journal_mode=WAL")
            self.db.execute("PRAGMA synchronous=FULL")
            self.db.execute(f"PRAGMA cache_size=-{WRITER_CACHE_KIB}")
            self.db.execute(f"PRAGMA wal_autocheckpoint={WAL_PAGES}")
            migrate.apply(Database(self.db))
        self.db.row_factory = sqlite3.Row

    @contextmanager
    def transaction(self) -> Iterator[Db]:
        try:
            self.db.execute("BEGIN IMMEDIATE")
            yield self.db
            self.db.execute("COMMIT")
        except sqlite3.OperationalError as error:
            raise StoreUnavailable(str(error)) from error
        finally:
            if self.db.in_transaction:
                self.db.execute("ROLLBACK")

    def leads(self) -> bool:
        """The file has one writer, by the lock on its folder."""
        return True

    def close(self) -> None:
        """Put all of the write-ahead log into the database file, unless someone else is still reading; then it stays beside."""
        with suppress(sqlite3.Error):  # a full disk, say; the log keeps what was committed
            self.db.execute("PRAGMA busy_timeout = 1000")
            self.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self.db.close()


def connect(path: Path) -> sqlite3.Connection:
    """Read-only."""
    db = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, check_same_thread=False, timeout=10)
    db.execute(f"PRAGMA cache_size=-{READER_CACHE_KIB}")
    db.row_factory = sqlite3.Row
    return db


class SqliteReaders:
    """As many connections as there were readers at the same time; they are kept."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._idle: deque[sqlite3.Connection] = deque()

    @contextmanager
    def reading(self) -> Iterator[Db]:
        try:
            db = self._take()
            yield db
        except sqlite3.OperationalError as error:
            raise StoreUnavailable(str(error)) from error
        self._idle.append(db)

    def _take(self) -> sqlite3.Connection:
        try:
            return self._idle.pop()
        except IndexError:
            return connect(self._path)

    def close(self) -> None:
        while self._idle:
            self._idle.pop().close()
