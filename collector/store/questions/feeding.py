"""Questions of the feeds: which alerts stand now, what one change said, and the traffic that was seen last."""

from dataclasses import dataclass
from typing import NamedTuple

import msgspec

from collector.core.alerts import Alert
from collector.store.engines.db import Db

LIVE = ("open", "acknowledged", "confirmed")
EARLIER_TOLD = 100


class StoredAlert(NamedTuple):
    """An alert as it stood after a change, and when that was written, in Unix seconds."""

    alert: Alert
    at_s: float


@dataclass(frozen=True, slots=True)
class KnownDevice:
    """One that has said who it is, and since when it is online or not, in Unix seconds."""

    device: str
    site: str
    online: bool
    since_s: float


def current(db: Db, since_s: float, limit: int, before: int | None = None) -> list[StoredAlert]:
    """Alerts that have not ended, and those whose last change is younger than `since_s`; the one that changed last first.

    Both are read from the newest on: whatever the archive holds, no more than twice `limit` rows are looked at.
    """
    below = 2**62 if before is None else before
    marks = ", ".join("?" * len(LIVE))
    columns = "SELECT alerts.seq, alerts.body, changed_at FROM alerts JOIN alert_changes ON alert_changes.seq = alerts.seq"
    newest = "alerts.seq < ? ORDER BY alerts.seq DESC LIMIT ?"
    live = db.execute(f"{columns} WHERE state IN ({marks}) AND {newest}", (*LIVE, below, limit))
    rows = {row[0]: row for row in live}
    for row in db.execute(f"{columns} WHERE {newest}", (below, limit)):
        if row[2] >= since_s:
            rows[row[0]] = row
    return [_stored(rows[seq][1], rows[seq][2]) for seq in sorted(rows, reverse=True)[:limit]]


def change(db: Db, seq: int) -> tuple[StoredAlert, list[StoredAlert]] | None:
    """What change `seq` said, and the changes of the same alert before it that are kept, oldest first, the newest so many."""
    row = db.execute("SELECT alert, body, changed_at FROM alert_changes WHERE seq = ?", (seq,)).fetchone()
    if row is None:
        return None
    older = db.execute(
        "SELECT body, changed_at FROM alert_changes WHERE alert = ? AND seq < ? ORDER BY seq DESC LIMIT ?",
        (row[0], seq, EARLIER_TOLD),
    ).fetchall()
    return _stored(row[1], row[2]), [_stored(*one) for one in reversed(older)]


def devices(db: Db) -> list[KnownDevice]:
    rows = db.execute("SELECT device, site, online, since FROM devices ORDER BY device")
    return [KnownDevice(row[0], row[1], bool(row[2]), row[3]) for row in rows]


def _stored(body: bytes, at_s: float) -> StoredAlert:
    return StoredAlert(_decoder.decode(body), at_s)


_decoder = msgspec.json.Decoder(Alert)
