"""A dead letter is read again, by a collector that may understand it now; what it holds is stored once."""

from typing import Literal

from msgspec import Struct

from collector.core import delivery
from collector.core.delivery import DeadLetter, Event, Received, Status
from collector.store import dead_letters
from collector.store.alerts.alert_book import AlertBook
from collector.store.taking import Tally, take

Outcome = Literal["stored", "duplicate", "unread", "cut_off", "too_old", "taken", "status", "failed"]

STAYS: dict[Outcome, str] = {
    "cut_off": "only its beginning was kept, for it was too long",
    "too_old": "its number is below the stream's retention mark: what was stored around it is deleted",
    "taken": "another message is stored under its number, or its stream is forked",
    "status": "a birth or a will is of its moment only",
}


class Replayed(Struct, frozen=True):
    """What became of letter `n`; after `stored` and `duplicate` the letter is gone, else it stays, and `reason` says why."""

    n: int
    outcome: Outcome
    reason: str | None = None


def replay(book: AlertBook, n: int, now: float) -> Replayed | None:
    """As if it came now: an event of long ago is late, and raises no sound. None: there is no such letter."""
    query = "SELECT topic, payload, bytes FROM dead_letters WHERE n = ?"
    row = book.db.execute(query, (n,)).fetchone()
    if row is None:
        return None
    topic, payload, size = row
    if size > len(payload):
        return Replayed(n, "cut_off", STAYS["cut_off"])
    match delivery.read(Received(topic, bytes(payload), now)):
        case Status():
            return Replayed(n, "status", STAYS["status"])
        case DeadLetter(reason=reason):
            book.db.execute("UPDATE dead_letters SET reason = ? WHERE n = ?", (reason, n))
            return Replayed(n, "unread", reason)
        case Event() as event:
            outcome = _store(book, event)
            if outcome in STAYS:
                return Replayed(n, outcome, STAYS[outcome])
            dead_letters.drop(book.db, n)
            return Replayed(n, outcome)


def _store(book: AlertBook, event: Event) -> Outcome:
    query = "SELECT payload FROM events WHERE device = ? AND stream = ? AND seq = ?"
    known = book.db.execute(query, (event.device, event.stream, event.seq)).fetchone()
    if known is not None:
        return "duplicate" if bytes(known[0]) == event.payload else "taken"
    tally = Tally()
    take(book, [event], tally)
    if "store" in tally.outcomes:
        return "stored"
    return "too_old" if "below_mark" in tally.outcomes else "taken"
