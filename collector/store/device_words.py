"""What each device said last of itself: how its things are, whether somebody works at it, that it was tried out.

It is kept beside the events, for it holds until the device says otherwise, however long ago that was.
"""

from collections.abc import Iterable

import msgspec
from msgspec.structs import replace

from collector.core.alerts import Action
from collector.core.delivery import Event
from collector.core.maintenance import stands_until
from collector.store.alerts.alert_book import AlertBook
from event_contract.messages import DeviceStateData, DeviceTestData, MaintenanceData

LONGEST = 200  # of what a person wrote

_NOTE = (  # of one stream what was told last counts, whatever came last
    "INSERT INTO device_words (kind, device, stream, seq, at, received_at, until, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (kind, device) DO UPDATE SET stream = excluded.stream, seq = excluded.seq, at = excluded.at,"
    " received_at = excluded.received_at, until = excluded.until, body = excluded.body"
    " WHERE device_words.stream <> excluded.stream OR device_words.seq < excluded.seq"
)


def note(book: AlertBook, events: Iterable[Event]) -> None:
    """Before the alerts of these events are judged: they may come of the work that is told of here."""
    for event in events:
        match event.body:
            case DeviceStateData() | DeviceTestData() as told:
                _put(book, event, told, None)
            case MaintenanceData(by=by, reason=reason) as told:
                until = stands_until(event, told)
                if _put(book, event, replace(told, by=by[:LONGEST], reason=reason[:LONGEST]), until):
                    _work(book, event.device, until, event.received_at)


def lapse(book: AlertBook, now: float) -> None:
    """End what nobody ended in its time; its device may be off."""
    over = "SELECT device FROM device_words WHERE kind = 'maintenance' AND until <= ? ORDER BY device"
    for (device,) in book.db.execute(over, (now,)).fetchall():
        book.db.execute("UPDATE device_words SET until = NULL WHERE kind = 'maintenance' AND device = ?", (device,))
        _work(book, device, None, now)


def _put(book: AlertBook, event: Event, told: DeviceStateData | DeviceTestData | MaintenanceData, until: float | None) -> bool:
    key = (told.kind, event.device, event.stream, event.seq)
    return bool(book.db.execute(_NOTE, (*key, event.at, event.received_at, until, msgspec.json.encode(told))).rowcount)


def _work(book: AlertBook, device: str, until: float | None, now: float) -> None:
    """It begins, or it is over: then what still stands is heard."""
    book.maintain(device, until)
    for alert in book.open_of(device) if until is None else ():
        if alert.quiet == "maintenance" and alert.state == "open":
            book.write(now, alert, Action("update", audible=True))
