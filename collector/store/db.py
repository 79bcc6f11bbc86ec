"""What the statements of the store run on: a connection to SQLite or to PostgreSQL, asked in the SQL that both understand.

That is SQLite >= 3.40 and PostgreSQL >= 15: `?` for parameters, `INSERT ... ON CONFLICT`, integers for booleans, `CASE` for the
greater of two values, an alias for every table in a subquery. What differs (schemas, transactions, bulk inserts) is left to
the engines: sqlite.py and postgres.py.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Protocol

Row = Any  # its columns by number and by name, as sqlite3.Row has them


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
