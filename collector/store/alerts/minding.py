"""What the writer does about alerts by the clock: storms that are over, alerts that nobody minds, the watchdog."""

from collector.core import alerts
from collector.core.alerts import Action
from collector.store.alerts import listening
from collector.store.alerts.alert_book import AlertBook
from event_contract.topics import COLLECTOR


def look_after(book: AlertBook, now: float) -> None:
    book.flush()
    for neglected in list(listening.neglected(book.db, book.policy, now)):
        book.write(now, neglected, Action("escalate", audible=True))
    known = book.of(alerts.own_id(COLLECTOR, listening.STORM))
    if (calm := listening.calmed(book.db, known, book.policy, now)) is not None:
        book.write(now, calm, alerts.action(known, calm))
    known = book.of(alerts.own_id(COLLECTOR, listening.WATCHDOG))
    if (told := listening.beat(known, book.policy, now)) is not None:
        ended = told.told == "closed"
        book.write(now, told, Action("close" if ended else "update", audible=False))
