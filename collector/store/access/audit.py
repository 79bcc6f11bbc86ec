"""The audit log: who did what, when, from where. Rows are added, and deleted when they are old; the rest is refused."""

import math
import time
from dataclasses import asdict, dataclass
from typing import Any

from collector.store.access.ledger import Ledger, storable
from collector.store.access.schema import DAY_S, YOUNG_DAYS
from collector.store.engines.db import containing
from event_contract.times import format_time

LONGEST = 300
NO_LIMIT = 2**62
WORDS = ("who", "action", "target", "outcome", "address", "detail")
_ALL_WORDS = " || ' ' || ".join(WORDS)


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


@dataclass(frozen=True, slots=True)
class Wanted:
    """Written between these times, in Unix seconds; with numbers between these two; whose words contain this text."""

    first_s: float = 0.0
    before_s: float = math.inf
    after: int = 0
    before: int = NO_LIMIT
    text: str = ""
    newest_first: bool = False


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

    def read(self, wanted: Wanted = Wanted(), limit: int = NO_LIMIT) -> list[Entry]:
        """In the order of their numbers, or against it."""
        contains = f" AND lower({_ALL_WORDS}) LIKE ? ESCAPE '!'" if wanted.text else ""
        query = (
            f"SELECT n, {', '.join(WORDS)}, at FROM audit WHERE n > ? AND n < ? AND at >= ? AND at < ?"  # noqa: S608 - constants
            f"{contains} ORDER BY n {'DESC' if wanted.newest_first else 'ASC'} LIMIT ?"
        )
        bounds = (wanted.after, wanted.before, wanted.first_s, wanted.before_s)
        text = (containing(storable(wanted.text).encode().lower().decode()),) if wanted.text else ()  # A to Z, as in SQL
        with self._ledger.reading() as db:
            return [Entry(n, at, *words) for n, *words, at in db.execute(query, (*bounds, *text, limit)).fetchall()]


def told(entry: Entry) -> dict[str, Any]:
    """As JSON shows it."""
    return {**asdict(entry), "at": format_time(entry.at)}
