"""Where requests for stills are kept: in the memory of one collector, or in the PostgreSQL that several share."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec

from collector.core.still_requests import Asked, Page
from collector.store.access.ledger import Ledger, storable
from collector.store.engines.db import Db

MOST = 1000  # then the oldest is forgotten


class AskedHere:
    """Those of one collector, until it ends."""

    def __init__(self) -> None:
        self._of_alert: dict[str, Asked] = {}
        self._lock = threading.Lock()

    @contextmanager
    def changing(self) -> Iterator[Page]:
        with self._lock:
            yield self

    reading = changing

    def of(self, alert: str) -> Asked | None:
        return self._of_alert.get(alert)

    def by_id(self, request_id: str) -> Asked | None:
        return next((one for one in self._of_alert.values() if one.id == request_id), None)

    def put(self, asked: Asked) -> None:
        self._of_alert[asked.alert] = asked
        while len(self._of_alert) > MOST:
            del self._of_alert[next(iter(self._of_alert))]

    def drop(self, alert: str) -> None:
        self._of_alert.pop(alert, None)


class AskedAnywhere:
    """Those of all collectors on one database, whichever of them is asked. Raises StoreUnavailable."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    @contextmanager
    def reading(self) -> Iterator[Page]:
        with self._ledger.reading() as db:
            yield _Rows(db)

    @contextmanager
    def changing(self) -> Iterator[Page]:
        with self._ledger.transaction() as db:
            yield _Rows(db)


class _Rows:
    def __init__(self, db: Db) -> None:
        self._db = db

    def of(self, alert: str) -> Asked | None:
        return self._found("alert", alert)

    def by_id(self, request_id: str) -> Asked | None:
        return self._found("id", request_id)

    def put(self, asked: Asked) -> None:
        self._db.execute(
            "INSERT INTO asked_stills (alert, id, at, body) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (alert) DO UPDATE SET id = excluded.id, at = excluded.at, body = excluded.body",
            (asked.alert, asked.id, asked.at, msgspec.json.encode(asked)),
        )
        newest = "SELECT alert FROM asked_stills ORDER BY at DESC LIMIT ?"
        self._db.execute(f"DELETE FROM asked_stills WHERE alert NOT IN ({newest})", (MOST,))  # noqa: S608 - a constant

    def drop(self, alert: str) -> None:
        self._db.execute("DELETE FROM asked_stills WHERE alert = ?", (alert,))

    def _found(self, column: str, value: str) -> Asked | None:
        query = f"SELECT body FROM asked_stills WHERE {column} = ?"  # noqa: S608 - a constant
        row = self._db.execute(query, (storable(value),)).fetchone()
        return msgspec.json.decode(row[0], type=Asked) if row else None
