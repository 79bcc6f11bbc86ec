"""The audit log: who did what, when, from where. Rows are added, and deleted when they are old; the rest is refused."""

import threading
import time
from dataclasses import asdict, dataclass
from typing import Any

from sqlite_utils import Database, Migrations

from event_contract.times import format_time

DAY_S = 86400.0
YOUNG_DAYS = 30  # below that the database itself lets nobody delete
LONGEST = 300

_NEXT = "coalesce(max(n), 0) + 1"

migrate = Migrations("audit")


@migrate()
def m001_audit(db: Database) -> None:
    db.table("audit").create(
        {"n": int, "at": float, "who": str, "action": str, "target": str, "outcome": str, "address": str, "detail": str},
        pk="n",
        not_null={"at", "who", "action", "target", "outcome", "address", "detail"},
    )
    db.table("audit").create_index(["at"])
    refuse = "BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END"
    db.execute(f"CREATE TRIGGER audit_stays BEFORE UPDATE ON audit {refuse}")
    young = f"OLD.at > (SELECT max(at) FROM audit) - {YOUNG_DAYS * DAY_S}"  # noqa: S608
    db.execute(f"CREATE TRIGGER audit_kept BEFORE DELETE ON audit WHEN {young} {refuse}")


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
    """Safe to use from several threads, under the lock of the database."""

    def __init__(self, db: Database, lock: threading.RLock, keep_days: float) -> None:
        self._db, self._lock, self._keep_s = db, lock, max(keep_days, YOUNG_DAYS) * DAY_S

    def write(
        self, who: str, action: str, target: str = "", *, outcome: str = "ok", address: str = "", detail: str = ""
    ) -> None:
        """On the disk when it returns."""
        now = time.time()
        texts = [text[:LONGEST] for text in (who, action, target, outcome, address, detail)]
        with self._lock:
            [known] = self._db.execute("SELECT at FROM audit ORDER BY n DESC LIMIT 1").fetchone() or (now,)
            self._db.execute(f"INSERT INTO audit SELECT {_NEXT}, ?, ?, ?, ?, ?, ?, ? FROM audit", [now, *texts])  # noqa: S608
            basis = min(now, known + DAY_S)  # a clock that leaps ahead makes nothing old
            self._db.execute("DELETE FROM audit WHERE at < ?", [basis - self._keep_s])
            self._db.conn.commit()

    def read(
        self, first_s: float | None = None, before_s: float | None = None, after: int = 0, limit: int | None = None
    ) -> list[Entry]:
        """In the order of their numbers, from `after` + 1 on."""
        query = "SELECT * FROM audit WHERE n > ? AND at >= ? AND at < ? ORDER BY n LIMIT ?"
        with self._lock:
            bounds = [after, first_s or 0.0, 2.0**62 if before_s is None else before_s, -1 if limit is None else limit]
            return [Entry(*row) for row in self._db.execute(query, bounds)]


def told(entry: Entry) -> dict[str, Any]:
    """As JSON shows it."""
    return {**asdict(entry), "at": format_time(entry.at)}
