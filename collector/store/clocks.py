"""What a device told while its clock was not set gets its right time as soon as that boot's offset is known."""

from collections.abc import Sequence

import msgspec

from collector.core.alerts import Action
from collector.core.delivery import LATE_AFTER_S, Event, correct
from collector.core.right_time import set_right
from collector.store.alerts.alert_book import AlertBook
from collector.store.engines.db import look_up
from event_contract.messages import CloudEvent, IncidentData, decode_body


def set_clocks(book: AlertBook, events: Sequence[Event]) -> list[Event]:
    """The events, of which unsynchronised ones use their boot's offset where it is known.

    The first synchronised event of a boot makes it known, and sets right what is stored of that boot.
    """
    boots = {_boot(event) for event in events if event.body is not None}
    known = look_up(book.db, "boots", "device, boot, offset_s", ("device", "boot"), boots)
    offsets_s = {(device, boot): offset_s for device, boot, offset_s in known}
    for event in events:
        if event.clock == "synced" and event.body is not None and _boot(event) not in offsets_s:
            offsets_s[_boot(event)] = offset_s = event.at - event.body.clock.mono_s
            _set_boot(book, event, offset_s)
    return [
        correct(event, offsets_s[_boot(event)]) if event.clock == "unsynced" and _boot(event) in offsets_s else event
        for event in events
    ]


def _boot(event: Event) -> tuple[str, str]:
    return (event.device, event.body.clock.boot if event.body else "")


def _set_boot(book: AlertBook, setting: Event, offset_s: float) -> None:
    device, boot = _boot(setting)
    _set_alerts_right(book, setting, boot, offset_s)
    book.db.execute("INSERT INTO boots (device, boot, offset_s) VALUES (?, ?, ?)", (device, boot, offset_s))
    book.db.execute(
        "UPDATE events SET at = mono_s + ?, clock = 'corrected',"
        " late = CASE WHEN received_at - (mono_s + ?) > ? THEN 1 ELSE 0 END"
        " WHERE device = ? AND boot = ? AND clock = 'unsynced'",
        (offset_s, offset_s, LATE_AFTER_S, device, boot),
    )


def _set_alerts_right(book: AlertBook, setting: Event, boot: str, offset_s: float) -> None:
    rows = book.db.execute(
        "SELECT payload, mono_s + ? - at FROM events"
        " WHERE device = ? AND boot = ? AND class = 'incident' AND clock = 'unsynced' ORDER BY n",
        (offset_s, setting.device, boot),
    ).fetchall()
    for payload, by_s in rows:
        body = decode_body(msgspec.json.decode(payload, type=CloudEvent).data)
        alert = book.of(f"{setting.device}/{body.incident}") if isinstance(body, IncidentData) else None
        if alert is not None and isinstance(body, IncidentData):
            after = set_right(alert, body, by_s)
            book.write(setting.received_at, after, Action("update", audible=False) if after != alert else None)
