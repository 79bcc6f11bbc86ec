"""People's deeds on alerts, in the writing transaction, and what became of an alert, change by change."""

from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from collector.core import life
from collector.core.alerts import Alert
from collector.core.life import Outcome, Refusal, Word
from collector.store.alerts.alert_book import PEOPLE_S, AlertBook
from collector.store.engines.db import Db
from event_contract.times import format_time, parse_time

MOST_TOLD = 500


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a deed on one alert, and how the alert stands now."""

    id: str
    outcome: Literal["changed", "unchanged", "refused", "unknown"]
    why: str | None = None
    alert: Alert | None = None


def act(book: AlertBook, ids: Sequence[str], word: Word) -> list[Done]:
    """Each alert for itself: one that is refused holds up no other."""
    book.read_ahead(ids)
    return [_done(book, one, word.at, lambda alert: life.act(alert, word)) for one in dict.fromkeys(ids)]


def undo(book: AlertBook, alert_id: str, by: str, at: str) -> Done:
    return _done(book, alert_id, at, lambda alert: life.undo(alert, _before(book, alert), by, at))


def _done(book: AlertBook, alert_id: str, at: str, deed: Any) -> Done:
    alert = book.of(alert_id)
    if alert is None:
        return Done(id=alert_id, outcome="unknown", why="no such alert")
    outcome: Outcome = deed(alert)
    if isinstance(outcome, Refusal):
        return Done(id=alert_id, outcome="refused", why=outcome.why, alert=alert)
    book.write(parse_time(at), *outcome)
    return Done(id=alert_id, outcome="changed" if outcome[1] else "unchanged", alert=book.of(alert_id))


def _before(book: AlertBook, alert: Alert) -> Alert | None:
    """The alert as it was before people's newest deed, as long as that change is kept."""
    book.flush()
    query = "SELECT body FROM alert_changes WHERE alert = ? AND seq < ? ORDER BY seq DESC LIMIT 1"
    row = book.db.execute(query, (alert.id, alert.said.seq)).fetchone()
    return msgspec.json.decode(row[0], type=Alert) if row else None


def whole(db: Db, alert_id: str) -> dict[str, Any] | None:
    """The alert and its newest changes, oldest first."""
    row = db.execute("SELECT body FROM alerts WHERE id = ?", (alert_id,)).fetchone()
    if row is None:
        return None
    changes = db.execute(
        "SELECT seq, action, audible, changed_at, body FROM alert_changes WHERE alert = ? ORDER BY seq DESC LIMIT ?",
        (alert_id, MOST_TOLD),
    ).fetchall()
    return {"alert": msgspec.Raw(row[0]), "changes": [_told(*one) for one in reversed(changes)]}


def _told(seq: int, action: str, audible: int, changed_at: float, body: bytes) -> dict[str, Any]:
    alert = msgspec.json.decode(body, type=Alert)
    people_s = action in PEOPLE_S
    device_s = alert.run is not None and not (action == "close" and alert.ended_by) and action != "escalate"
    return {
        "seq": seq,
        "at": format_time(changed_at),
        "action": action,
        "by": alert.said.by if people_s else "device" if device_s else "collector",
        "reason": alert.said.reason if people_s else "",
        "state": alert.state,
        "severity": alert.severity,
        "audible": bool(audible),
        "quiet": alert.quiet,
    }
