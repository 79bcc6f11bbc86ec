"""Questions about dead letters: which there are, and what one of them holds."""

import base64
from dataclasses import dataclass
from typing import Any

from collector.store.engines.db import Db, Row, containing
from event_contract.times import format_time

Json = dict[str, Any]
HEAD_BYTES = 400
COLUMNS = "n, topic, device, stream, seq, reason, bytes, times, first_at, last_at"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Of this device; whose reason contains these words; that came last between these times, in Unix seconds."""

    device: str | None = None
    reason: str | None = None
    first_s: float | None = None
    before_s: float | None = None


def find(db: Db, limit: int, before: int | None = None, wanted: Wanted | None = None) -> list[Json]:
    """The newest first, from below number `before`; `text` shows the first bytes, whatever they are."""
    wanted = wanted or Wanted()
    conditions: dict[str, object] = {
        "n < ?": before,
        "device = ?": wanted.device,
        "lower(reason) LIKE ? ESCAPE '!'": None if wanted.reason is None else containing(wanted.reason.lower()),
        "last_at >= ?": wanted.first_s,
        "last_at < ?": wanted.before_s,
    }
    given = {condition: value for condition, value in conditions.items() if value is not None}
    where = f" WHERE {' AND '.join(given)}" if given else ""
    rows = db.execute(
        f"SELECT {COLUMNS}, substr(payload, 1, {HEAD_BYTES}) AS payload FROM dead_letters{where}"  # noqa: S608 - constants
        " ORDER BY n DESC LIMIT ?",
        (*given.values(), limit),
    )
    return [_told(row) for row in rows]


def whole(db: Db, n: int) -> Json | None:
    """Number `n` with all that is kept of its payload: as text, whatever it is, and as base64."""
    row = db.execute(f"SELECT {COLUMNS}, payload FROM dead_letters WHERE n = ?", (n,)).fetchone()  # noqa: S608 - constants
    return None if row is None else {**_told(row), "payload": base64.b64encode(row["payload"]).decode()}


def _told(row: Row) -> Json:
    return {
        **{name: row[name] for name in ("n", "topic", "device", "stream", "seq", "reason", "bytes", "times")},
        "first_at": format_time(row["first_at"]),
        "last_at": format_time(row["last_at"]),
        "text": row["payload"].decode(errors="replace"),
    }
