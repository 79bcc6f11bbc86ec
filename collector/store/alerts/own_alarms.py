"""The alarms that the collector itself raises of a device: forks, missing numbers, losses."""

from collector.core import alerts
from collector.store.alerts.alert_book import AlertBook
from collector.store.engines.db import Db
from event_contract.times import format_time


def raise_fault(book: AlertBook, device: str, incident: str, detail: dict[str, object], now: float) -> None:
    known = book.of(alerts.own_id(device, incident))
    site = site_of(book.db, device)
    after = alerts.fault(known, device, site, incident, detail, format_time(now), now, ended=False)
    book.write(now, after, alerts.action(known, after))


def settle_fault(book: AlertBook, device: str, incident: str, now: float) -> None:
    """Close the alarm, if it stands open."""
    known = book.of(alerts.own_id(device, incident))
    if known is None or known.told == "closed":
        return
    after = alerts.fault(known, device, known.site, incident, known.detail, format_time(now), now, ended=True)
    book.write(now, after, alerts.action(known, after))


def site_of(db: Db, device: str) -> str:
    row = db.execute("SELECT site FROM devices WHERE device = ?", (device,)).fetchone()
    return row[0] if row else ""
