"""Failed log-ins by account and by address: after 5 within 15 minutes both are locked until they are past, at every collector
that shares the accounts, and over a restart.
"""

from collector.store.access.ledger import Ledger, storable
from collector.store.engines.db import Db

FAILURES_ALLOWED = 5
FAILURES_WITHIN_S = 15 * 60.0
MOST_KEPT = 20_000  # then the oldest are forgotten

_LATELY = "at > ? AND at < ?"  # clocks of collectors differ; one that leaps locks nobody for longer


class Attempts:
    """`names` are what is watched, as in `account lan`. Safe to use from several threads. Raises StoreUnavailable."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def begin(self, names: tuple[str, ...], now: float) -> bool:
        """Counts it as a failure before anybody looks whether it is one, or many at once would slip through. False: locked."""
        names = tuple(map(storable, names))
        with self._ledger.reading() as db:
            if _locked(db, names, now):  # whoever hammers on is not worth a write to the disk
                return False
        with self._ledger.transaction() as db:
            if _locked(db, names, now):
                return False
            newest = db.execute("SELECT coalesce(max(n), 0) FROM failed_log_ins").fetchone()[0]
            rows = [(n, name, now) for n, name in enumerate(names, newest + 1)]
            db.executemany("INSERT INTO failed_log_ins (n, name, at) VALUES (?, ?, ?)", rows)
            past = f"DELETE FROM failed_log_ins WHERE n <= ? OR NOT ({_LATELY})"  # noqa: S608 - a constant
            db.execute(past, (newest - MOST_KEPT, *_span(now)))
        return True

    def succeed(self, names: tuple[str, ...]) -> None:
        """Forget their failures."""
        with self._ledger.transaction() as db:
            db.executemany("DELETE FROM failed_log_ins WHERE name = ?", [(storable(name),) for name in names])


def _locked(db: Db, names: tuple[str, ...], now: float) -> bool:
    count = f"SELECT count(*) FROM failed_log_ins WHERE name = ? AND {_LATELY}"  # noqa: S608 - a constant
    return any(db.execute(count, (name, *_span(now))).fetchone()[0] >= FAILURES_ALLOWED for name in names)


def _span(now: float) -> tuple[float, float]:
    return now - FAILURES_WITHIN_S, now + FAILURES_WITHIN_S
