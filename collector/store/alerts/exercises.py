"""Exercises in the store: changes of alerts that are in the streams' sequence and nowhere else.

They are no rows of `alerts`, so no list, count, scorecard, group or escalation knows of them; of the changes, streams, feeds
and deliveries tell only those who ask for them.
"""

import msgspec

from collector.core import exercises
from collector.core.alerts import EXERCISES, Alert
from collector.core.exercises import Phase, Staged
from collector.store.alerts.alert_book import AlertBook
from collector.store.engines.db import Db
from collector.store.questions.feeding import StoredAlert

BEYOND = EXERCISES[:-1] + "0"  # the first id after all of theirs


def begin(book: AlertBook, staged: Staged, name: str, now: float) -> Alert | None:
    book.write(now, *exercises.begin(staged, name, now))
    return book.of(EXERCISES + name)


def go_on(book: AlertBook, name: str, phase: Phase, now: float) -> Alert | None:
    """The exercise after that; None: there is none of that name, or it is no longer kept."""
    newest = "SELECT body FROM alert_changes WHERE alert = ? ORDER BY seq DESC LIMIT 1"
    row = book.db.execute(newest, (EXERCISES + name,)).fetchone()
    if row is None:
        return None
    after, action = exercises.go_on(_decoder.decode(row[0]), phase, now)
    book.write(now, after, action)
    return after if action is None else book.of(after.id)


def current(db: Db, since_s: float, limit: int, before: int | None = None) -> list[StoredAlert]:
    """Exercises that changed since, as they stand, and when that was in Unix seconds; the one that changed last first."""
    newest = "SELECT max(seq) FROM alert_changes WHERE alert >= ? AND alert < ? GROUP BY alert"
    rows = db.execute(
        f"SELECT body, changed_at FROM alert_changes WHERE seq IN ({newest}) AND changed_at >= ? AND seq < ?"  # noqa: S608
        " ORDER BY seq DESC LIMIT ?",
        (EXERCISES, BEYOND, since_s, 2**62 if before is None else before, limit),
    )
    return [StoredAlert(_decoder.decode(body), at_s) for body, at_s in rows.fetchall()]


_decoder = msgspec.json.Decoder(Alert)
