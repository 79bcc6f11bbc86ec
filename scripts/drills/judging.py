"""The history check on real files: the outboxes of the devices against the collectors' database."""

import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

import msgspec

from event_contract.messages import LostData
from scripts import history
from scripts.drills.verdict import Figure, Verdict
from scripts.history import Ranges

EVENTS = "SELECT stream, seq, payload FROM events ORDER BY stream, seq"
DATA = b'"data":'
EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class Finding:
    """`broken`: what else is wrong, in lines."""

    lost: int
    duplicated: int
    committed: int
    stored: int
    named: int
    broken: tuple[str, ...]

    def verdict(
        self, broken: Sequence[str] = (), figures: Mapping[str, Figure] | None = None, *, may_shed: bool = False
    ) -> Verdict:
        """With what else a drill has found. `may_shed`: outboxes were to overflow; what notices name is no fault then."""
        shed = [f"{self.named} events were shed"] if self.named and not may_shed else []
        counts = {"committed on devices": self.committed, "stored": self.stored, "named in lost notices": self.named}
        return Verdict(self.lost, self.duplicated, (*self.broken, *shed, *broken), {**counts, **(figures or {})})


def judge(devices: Sequence[Path], store: Path | str) -> Finding:
    """`devices`: folders of outboxes whose agents have ended. `store`: a SQLite file, or the URL of a PostgreSQL database."""
    given: dict[str, Ranges] = {}
    for folder in devices:
        given |= given_out(folder / "outbox.db")
    with Stored(store) as rows:
        found = history.judge(given, rows.numbers(), named := rows.named())
        letters = rows.count("dead_letters")
    broken = [f"stored, but never committed on a device: {stream} {some}" for stream, some in found.uncommitted.items()]
    broken += [f"lost: {stream} {some[:EXAMPLES]}" for stream, some in found.lost.items()]
    broken += [f"{letters} dead letters"] if letters else []
    broken += [line for folder in devices for line in broken_promises(folder / "device.log", given)]
    broken += [f"{folder.name}: {left} messages still wait" for folder in devices if (left := waiting(folder / "outbox.db"))]
    return Finding(
        lost=total(found.lost), duplicated=found.duplicated + rows.said_twice, committed=total(given), stored=rows.read,
        named=total(named), broken=tuple(broken),
    )  # fmt: skip


class Stored:
    """One pass over the database's events, in order; what it learns on the way is there afterwards."""

    def __init__(self, store: Path | str) -> None:
        self._store = store
        self.read = self.said_twice = 0

    def __enter__(self) -> "Stored":
        self._db = open_store(self._store)
        return self

    def __exit__(self, *how: object) -> None:
        self._db.close()

    def numbers(self) -> Iterator[tuple[str, int]]:
        """(stream, number) of every event. Two that say the same of themselves are one event stored twice."""
        said: set[bytes] = set()
        for stream, seq, payload in scan(self._db, EVENTS):
            self.read += 1
            body = blake2b(bytes(payload).partition(DATA)[2], digest_size=8).digest()
            self.said_twice += body in said
            said.add(body)
            yield stream, seq

    def named(self) -> dict[str, Ranges]:
        """What the `lost` notices among the events name."""
        named: dict[str, Ranges] = {}
        for (payload,) in scan(self._db, "SELECT payload FROM events WHERE kind = 'lost'"):
            notice = msgspec.json.decode(msgspec.json.decode(bytes(payload), type=_Enveloped).data, type=LostData)
            named.setdefault(notice.stream, []).append((notice.first, notice.last))
        return named

    def count(self, table: str) -> int:
        ((number,),) = scan(self._db, f"SELECT count(*) FROM {table}")
        return int(number)


def open_store(store: Path | str) -> Any:
    if isinstance(store, Path):
        return sqlite3.connect(f"{store.resolve().as_uri()}?mode=ro", uri=True, timeout=30)
    import psycopg

    return psycopg.connect(store)


def scan(db: Any, sql: str) -> Iterator[tuple[Any, ...]]:
    """Rows of either engine, a few thousand at a time."""
    named = {} if isinstance(db, sqlite3.Connection) else {"name": "drill"}
    with closing(db.cursor(**named)) as cursor:
        cursor.execute(sql)
        while rows := cursor.fetchmany(5000):
            yield from rows


def given_out(outbox: Path) -> dict[str, Ranges]:
    """Per stream all the numbers that it has ever given out."""
    with closing(_read_only(outbox)) as connection:
        rows = connection.execute("SELECT stream, next_seq - 1 FROM streams").fetchall()
    return {stream: [(1, last)] if last else [] for stream, last in rows}


def waiting(outbox: Path) -> int:
    with closing(_read_only(outbox)) as connection:
        return int(connection.execute("SELECT count(*) FROM messages").fetchone()[0])


def broken_promises(log: Path, given: dict[str, Ranges]) -> list[str]:
    """What the device ever said it had committed, its outbox must have given out, over all its deaths."""
    said: dict[str, int] = {}
    with log.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            if told := re.match(r"committed (\S+) (\d+)$", line):
                said[told[1]] = max(said.get(told[1], 0), int(told[2]))
    highest = {stream: ranges[-1][1] if ranges else 0 for stream, ranges in given.items()}
    return [f"{log}: said {number} of {stream}, the outbox knows {highest.get(stream)}" for stream, number in said.items()
            if number > highest.get(stream, 0)]  # fmt: skip


def total(ranges: dict[str, Ranges]) -> int:
    return history.count(one for some in ranges.values() for one in some)


def _read_only(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=30)


class _Enveloped(msgspec.Struct):
    data: msgspec.Raw
