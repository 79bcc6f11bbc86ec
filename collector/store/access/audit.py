"""The audit log: who did what, when, from where. Rows are added, and deleted when they are old; the rest is refused."""

import time
from dataclasses import asdict, dataclass
from typing import Any

from collector.store.access.ledger import Ledger, storable
from collector.store.access.schema import DAY_S, YOUNG_DAYS
from event_contract.times import format_time

LONGEST = 300
NO_LIMIT = 2**62


@dataclass(frozen=True, slots=True)
class Entry:
    """`who`: a user, `token:<name>`, `cli:<user there>`; `outcome`: ok, refused or failed. `n` counts without holes."""

    n: int
    at: float
    who: str
    action: str
    target: str
    outcome: str
    address: str
    detail: str


class Audit:
    """Safe to use from several threads."""

    def __init__(self, ledger: Ledger, keep_days: float) -> None:
        self._ledger, self._keep_s = ledger, max(keep_days, YOUNG_DAYS) * DAY_S

    def write(
        self, who: str, action: str, target: str = "", *, outcome: str = "ok", address: str = "", detail: str = ""
    ) -> None:
        """On the disk when it returns."""
        now = time.time()
        texts = [storable(text[:LONGEST]) for text in (who, action, target, outcome, address, detail)]
        with self._ledger.transaction() as db:
            newest, known = db.execute("SELECT n, at FROM audit ORDER BY n DESC LIMIT 1").fetchone() or (0, now)
            db.execute(
                "INSERT INTO audit (n, at, who, action, target, outcome, address, detail) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (newest + 1, now, *texts),
            )
            basis = min(now, known + DAY_S)  # a clock that leaps ahead makes nothing old
            db.execute("DELETE FROM audit WHERE at < ?", (basis - self._keep_s,))

    def read(
        self, first_s: float | None = None, before_s: float | None = None, after: int = 0, limit: int | None = None
    ) -> list[Entry]:
        """In the order of their numbers, from `after` + 1 on."""
        query = (
            "SELECT n, at, who, action, target, outcome, address, detail FROM audit"
            " WHERE n > ? AND at >= ? AND at < ? ORDER BY n LIMIT ?"
        )
        bounds = (after, first_s or 0.0, 2.0**62 if before_s is None else before_s, NO_LIMIT if limit is None else limit)
        with self._ledger.reading() as db:
            return [Entry(*row) for row in db.execute(query, bounds).fetchall()]


def told(entry: Entry) -> dict[str, Any]:
    """As JSON shows it."""
    return {**asdict(entry), "at": format_time(entry.at)}
