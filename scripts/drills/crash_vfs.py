"""SQLite on a disk whose power can be cut, through APSW, which brings an SQLite of its own and lets Python be its disk.

The standard library's sqlite3 cannot see such a disk; `CrashConnection` gives APSW's connection the few methods that the
outbox calls, and the standard library's errors.
"""

import itertools
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import apsw

from scripts.drills.crash_disk import Disk, File, NoSpace

NAMES = itertools.count(1)


class CrashFile:
    """One open file of SQLite's. Locks are no matter: one connection holds the disk."""

    def __init__(self, disk: Disk, file: File) -> None:
        self._disk, self._file = disk, file

    def xRead(self, amount: int, offset: int) -> bytes:
        return bytes(self._file.bytes[offset : offset + amount])

    def xWrite(self, data: bytes, offset: int) -> None:
        try:
            self._disk.write(self._file, offset, bytes(data))
        except NoSpace:
            raise apsw.exception_for(apsw.SQLITE_FULL) from None

    def xTruncate(self, size: int) -> None:
        self._disk.truncate(self._file, size)

    def xSync(self, flags: int) -> None:
        self._disk.sync(self._file)

    def xFileSize(self) -> int:
        return len(self._file.bytes)

    def xClose(self) -> None:
        pass

    def xLock(self, level: int) -> None:
        pass

    def xUnlock(self, level: int) -> None:
        pass

    def xCheckReservedLock(self) -> bool:
        return False

    def xFileControl(self, op: int, pointer: int) -> bool:
        return False

    def xSectorSize(self) -> int:
        return 4096

    def xDeviceCharacteristics(self) -> int:
        return int(apsw.SQLITE_IOCAP_POWERSAFE_OVERWRITE)  # what SQLite's own VFS promises on Linux


class CrashVfs(apsw.VFS):
    """A disk of its own for every instance; `unregister` when it is no longer needed."""

    def __init__(self, disk: Disk) -> None:
        self.disk = disk
        self.name = f"crash-{next(NAMES)}"
        super().__init__(self.name, base="", maxpathname=256)

    def xFullPathname(self, name: str) -> str:
        return name

    def xAccess(self, name: str, flags: int) -> bool:
        return name in self.disk.files

    def xDelete(self, name: str, sync: bool) -> None:
        self.disk.delete(name)

    def xOpen(self, name: Any, flags: list[int]) -> CrashFile:
        text = name.filename() if isinstance(name, apsw.URIFilename) else name
        flags[1] = flags[0]
        return CrashFile(self.disk, File() if text is None else self.disk.open(text))


class CrashCursor:
    """What the outbox asks of a cursor."""

    def __init__(self, cursor: apsw.Cursor) -> None:
        self._cursor = cursor

    def __iter__(self) -> Iterator[Any]:
        return iter(self._cursor)

    def fetchone(self) -> Any:
        return self._cursor.fetchone()

    def fetchall(self) -> list[Any]:
        return self._cursor.fetchall()

    def close(self) -> None:
        self._cursor.close(True)


class CrashConnection:
    """In WAL mode without shared memory, which such a disk has none of: what is written and synchronised is the same."""

    def __init__(self, vfs: CrashVfs, name: str, synchronous: str = "FULL") -> None:
        self._synchronous = synchronous
        with _in_words_of_sqlite3():
            self._connection = apsw.Connection(name, vfs=vfs.name)
            self._connection.execute("PRAGMA locking_mode=EXCLUSIVE").fetchall()

    @property
    def in_transaction(self) -> bool:
        return self._connection.in_transaction

    def execute(self, statement: str, parameters: Sequence[Any] = ()) -> CrashCursor:
        with _in_words_of_sqlite3():
            return CrashCursor(self._connection.execute(self._mutated(statement), tuple(parameters)))

    def executemany(self, statement: str, rows: Iterable[Sequence[Any]]) -> CrashCursor:
        with _in_words_of_sqlite3():
            return CrashCursor(self._connection.executemany(statement, rows))

    def close(self) -> None:
        """Without a word when the disk is too full to bring the log in, as the standard library's."""
        with suppress(apsw.FullError):
            self._connection.close(True)

    def _mutated(self, statement: str) -> str:
        return statement.replace("synchronous=FULL", f"synchronous={self._synchronous}")


@contextmanager
def _in_words_of_sqlite3() -> Iterator[None]:
    try:
        yield
    except (apsw.FullError, apsw.IOError, apsw.CantOpenError) as error:
        raise _named(sqlite3.OperationalError, error) from error
    except (apsw.CorruptError, apsw.NotADBError) as error:
        raise _named(sqlite3.DatabaseError, error) from error


def _named(kind: type[sqlite3.DatabaseError], error: apsw.Error) -> sqlite3.DatabaseError:
    named = kind(str(error))
    named.sqlite_errorcode = error.extendedresult
    return named
