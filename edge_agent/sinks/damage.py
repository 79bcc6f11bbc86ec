"""Whether an outbox file is what was written to it: its log, its structure, and every row by its own checksum."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from edge_agent.sinks.lanes import SEQ_BITS, checksum
from edge_agent.sinks.log_check import find_break
from edge_agent.sinks.outbox_file import ADDED, SCHEMA, is_damage
from event_contract.kinds import EVENT_CLASSES

SURROUNDINGS = (
    sqlite3.SQLITE_PERM, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_AUTH,
)  # fmt: skip
Row = tuple[Any, ...]


def find_damage(path: Path) -> str | None:
    """In words; None when all of it is right. Reads the whole file. Raises sqlite3.Error when the fault is not the file's."""
    if path.stat().st_size == 0:
        return "the file is empty"
    if broken := find_break(path.with_name(f"{path.name}-wal")):
        return broken
    try:
        with closing(open_to_read(path)) as connection:
            return next(_faults(connection), None)
    except (sqlite3.Error, ValueError, TypeError) as error:  # a text that is none raises the latter two
        if isinstance(error, sqlite3.Error) and not is_damage(error) and _primary(error) in SURROUNDINGS:
            raise
        return str(error)


def open_to_read(path: Path) -> sqlite3.Connection:
    """The log is read with it and left as it is."""
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)


def is_whole(row: Row, checked: bool = True) -> bool:
    """(key, at_s, notice, payload, crc). `checked`: a row without a checksum is none of ours."""
    key, at_s, notice, payload, crc = row
    if not isinstance(payload, bytes) or not isinstance(at_s, float) or notice not in (0, 1):
        return False
    return not checked if crc is None else bool(crc == checksum(key, at_s, notice, payload))


def is_twin(next_seq: Any, twin: Any, checked: bool) -> bool:
    """Whether the number that a stream gives next is what was written."""
    return isinstance(next_seq, int) and (not checked if twin is None else twin == -next_seq)


def is_checked(connection: sqlite3.Connection) -> bool:
    """Whether every row has had its checksum from the beginning."""
    return bool(connection.execute("PRAGMA user_version").fetchone()[0])


def _faults(connection: sqlite3.Connection) -> Iterator[str]:
    (said,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
    if said != "ok":
        yield str(said).strip().replace("\n", "; ")[:200]
    checked = is_checked(connection)
    with closing(sqlite3.connect(":memory:")) as template:
        template.executescript(SCHEMA)
        missing = _layout(template) - _layout(connection)
    if not missing:
        yield from _faults_in_rows(connection, checked)
    elif checked or not missing <= set(ADDED):
        yield f"its tables are not an outbox's: {', '.join('.'.join(names) for names in sorted(missing))[:200]} missing"


def _faults_in_rows(connection: sqlite3.Connection, checked: bool) -> Iterator[str]:
    next_seqs: dict[int, int] = {}
    current: list[str] = []
    streams = connection.execute("SELECT number, class, stream, next_seq, current, twin FROM streams")
    for number, event_class, stream, next_seq, is_current, twin in streams:
        if event_class not in EVENT_CLASSES or not isinstance(stream, str) or not is_twin(next_seq, twin, checked):
            yield f"stream {number} is damaged"
            return
        next_seqs[number] = next_seq
        current += [event_class] if is_current else []
    if len(set(current)) < len(current):
        yield "a class has two streams"
    for row in connection.execute("SELECT key, at_s, notice, payload, crc FROM messages"):
        number, seq = row[0] >> SEQ_BITS, row[0] & (1 << SEQ_BITS) - 1
        if not is_whole(row, checked) or not 1 <= seq < next_seqs.get(number, 0):
            yield f"message {number}/{seq} is damaged"


def _layout(connection: sqlite3.Connection) -> set[tuple[str, str]]:
    return set(connection.execute(
        "SELECT tables.name, columns.name FROM sqlite_master AS tables, pragma_table_info(tables.name) AS columns"
        " WHERE tables.type = 'table'"
    ))  # fmt: skip


def _primary(error: sqlite3.Error) -> int:
    return (getattr(error, "sqlite_errorcode", 0) or 0) & 0xFF
