"""What the statements of the store run on: a connection to SQLite or to PostgreSQL, asked in the SQL that both understand.

That is SQLite >= 3.40 and PostgreSQL >= 15: `?` for parameters, `INSERT ... ON CONFLICT`, integers for booleans, `CASE` for the
greater of two values, an alias for every table in a subquery. What differs (schemas, transactions, several rows in one
statement) is left to the engines: sqlite.py and postgres.py.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from itertools import chain, repeat
from typing import Any, Protocol

Row = Any  # its columns by number and by name, as sqlite3.Row has them
KEYS_PER_STATEMENT = 512


class Cursor(Protocol):
    """What a statement answers; `rowcount` is of rows written."""

    @property
    def rowcount(self) -> int: ...
    def fetchone(self) -> Row: ...
    def fetchall(self) -> list[Row]: ...
    def __iter__(self) -> Iterator[Row]: ...


class Db(Protocol):
    """sqlite3.Connection is one as it stands."""

    def execute(self, sql: str, parameters: Sequence[Any] = (), /) -> Cursor: ...
    def executemany(self, sql: str, parameters: Iterable[Sequence[Any]], /) -> Cursor: ...


class Engine(Protocol):
    """The database behind the store's writer."""

    def transaction(self) -> AbstractContextManager[Db]:
        """All of it or nothing, one writer of the database at a time. Raises StoreUnavailable; then nothing was stored."""

    def leads(self) -> bool:
        """Is it this one, of all the writers of this database, that looks after it? Raises StoreUnavailable."""

    def close(self) -> None: ...


class Readers(Protocol):
    """Read-only connections to the same database, for several threads."""

    def reading(self) -> AbstractContextManager[Db]:
        """A connection for the time of the block; what fails inside raises StoreUnavailable."""

    def close(self) -> None: ...


def containing(text: str) -> str:
    """What `LIKE ? ESCAPE '!'` finds where the text stands somewhere."""
    for special in ("!", "%", "_"):
        text = text.replace(special, f"!{special}")
    return f"%{text}%"


def look_up(db: Db, table: str, columns: str, key: tuple[str, ...], wanted: Iterable[tuple[Any, ...]]) -> Iterator[Row]:
    """The rows of `table` whose `key` columns are one of `wanted`; a row may come twice.

    The last key is repeated up to a power of two, so that there are few statements to prepare.
    """
    keys = list(wanted)
    named, one = ", ".join(key), f"({', '.join('?' * len(key))})"
    for start in range(0, len(keys), KEYS_PER_STATEMENT):
        some = keys[start : start + KEYS_PER_STATEMENT]
        size = 1 << (len(some) - 1).bit_length()
        sql = (
            f"WITH wanted ({named}) AS (VALUES {', '.join(repeat(one, size))})"  # noqa: S608 - constants and question marks
            f" SELECT {columns} FROM wanted JOIN {table} USING ({named})"
        )
        yield from db.execute(sql, tuple(chain(*some, *repeat(some[-1], size - len(some)))))
