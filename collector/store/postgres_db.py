"""A psycopg connection as the store's statements want it: `?` for parameters, rows by number and by name."""

import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any

import psycopg
from psycopg.rows import no_result

_INSERT = re.compile(r"INSERT INTO (\w+) \(([\w, ]+)\) VALUES \(\?(?:, \?)*\)( ON CONFLICT[\w (),]* DO NOTHING)?")
_COLUMN_TYPES = (
    "SELECT attname, format_type(atttypid, NULL) FROM pg_attribute"
    " WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped"
)

Connection = psycopg.Connection[Any]
Cursor = psycopg.Cursor[Any]


class PostgresDb:
    """See Db. An `executemany` that only inserts goes as one statement, a column an array."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        connection.row_factory = _named_rows
        self._bulk: dict[str, str] = {}

    def execute(self, sql: str, parameters: Sequence[Any] = (), /) -> Cursor:
        return self.connection.execute(_with_percent(sql).encode(), parameters)

    def executemany(self, sql: str, parameters: Iterable[Sequence[Any]], /) -> Cursor:
        rows = list(parameters)
        insert = _INSERT.fullmatch(sql)
        if insert and rows:
            if sql not in self._bulk:
                self._bulk[sql] = self._by_columns(*insert.groups(default=""))
            return self.connection.execute(self._bulk[sql].encode(), [list(column) for column in zip(*rows, strict=True)])
        cursor = self.connection.cursor()
        cursor.executemany(_with_percent(sql).encode(), rows)
        return cursor

    def _by_columns(self, table: str, names: str, tail: str) -> str:
        types = dict(self.connection.execute(_COLUMN_TYPES, (table,)).fetchall())
        arrays = ", ".join(f"%s::{types[name]}[]" for name in names.split(", "))
        return f"INSERT INTO {table} ({names}) SELECT * FROM unnest({arrays}){tail}"  # noqa: S608 - names of our own


@lru_cache(maxsize=512)
def _with_percent(sql: str) -> str:
    return sql.replace("%", "%%").replace("?", "%s")


def _named_rows(cursor: psycopg.Cursor[Any]) -> Callable[[Sequence[Any]], Any]:
    result = cursor.pgresult
    if result is None or not result.nfields:
        return no_result
    return _row_of(tuple((result.fname(index) or b"").decode() for index in range(result.nfields)))


@lru_cache(maxsize=512)
def _row_of(names: tuple[str, ...]) -> type[tuple[Any, ...]]:
    places = {name: place for place, name in enumerate(names)}

    class Row(tuple[Any, ...]):
        __slots__ = ()

        def keys(self) -> tuple[str, ...]:
            return names

        def __getitem__(self, key: Any) -> Any:
            return tuple.__getitem__(self, places[key] if isinstance(key, str) else key)

    return Row
