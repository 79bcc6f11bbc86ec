"""Where accounts lie: in a file of one collector, or in the PostgreSQL that several share."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol

from sqlite_utils import Database

from collector.store.access.schema import migrate, migrate_audit, migrate_tokens
from collector.store.engines.db import Db
from collector.store.engines.opening import StoreUnavailable, told_of

BUSY_S = 10.0  # a command may be writing


class Ledger(Protocol):
    """Safe to use from several threads."""

    def reading(self) -> AbstractContextManager[Db]:
        """For questions. Raises StoreUnavailable, as the others do."""

    def transaction(self) -> AbstractContextManager[Db]:
        """All of it or nothing, one writer at a time; on the disk when it ends."""

    def close(self) -> None: ...


class LedgerFile:
    """Raises StoreUnavailable for a file that is damaged anywhere, or is none."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.RLock()
        with told_of(path):
            self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=BUSY_S)
            path.chmod(0o600)
            _check_all_of(self._db)
            for one in (migrate, migrate_tokens, migrate_audit):
                one.apply(Database(self._db))

    @contextmanager
    def reading(self) -> Iterator[Db]:
        with self._lock, _told():
            yield self._db

    @contextmanager
    def transaction(self) -> Iterator[Db]:
        with self._lock, _told():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            finally:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")

    def close(self) -> None:
        self._db.close()


def storable(text: str) -> str:
    """Without the NUL and the halves of characters that a browser may send and PostgreSQL cannot hold."""
    return text.replace("\0", "\ufffd").encode(errors="replace").decode()


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        raise StoreUnavailable(f"accounts: {error}") from error


def _check_all_of(db: sqlite3.Connection) -> None:
    [(found,), *_] = db.execute("PRAGMA quick_check(1)")
    if found != "ok":
        raise sqlite3.DatabaseError(found.replace("\n", " "))
