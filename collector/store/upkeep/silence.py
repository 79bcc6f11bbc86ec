"""Which devices are silent: one that said goodbye and did not come back, and one that is said to be there and tells nothing."""

from collector.core import alerts
from collector.core.presence import silent_since
from collector.store.alerts.alert_book import AlertBook
from collector.store.alerts.own_alarms import raise_fault, settle_fault
from event_contract.times import format_time

ALARM = "silent"


def watch(book: AlertBook, now: float, listening_since: float, silent_after_s: float) -> None:
    """An alarm for each, until it is heard again. `listening_since`: what was missed before does not count."""
    book.flush()
    standing = {row[0] for row in book.db.execute("SELECT id FROM alerts WHERE told = 'open' AND kind = 'device_fault'")}
    devices = book.db.execute(
        "SELECT device, online, since,"
        " (SELECT own.received_at FROM events AS own WHERE own.device = devices.device ORDER BY own.n DESC LIMIT 1)"
        " FROM devices ORDER BY device"
    ).fetchall()
    for device, online, since, newest in devices:
        heard_at = max(since, newest or 0.0)
        silent = silent_since(bool(online), since, heard_at, now, listening_since, silent_after_s)
        stands = alerts.own_id(device, ALARM) in standing
        if silent is not None and not stands:
            detail: dict[str, object] = {"reason": ALARM, "last_heard_at": format_time(silent), "online": bool(online)}
            raise_fault(book, device, ALARM, detail, now)
        elif stands and online and heard_at > now - silent_after_s:
            settle_fault(book, device, ALARM, now)
