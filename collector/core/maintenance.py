"""Somebody works at a device, as it says itself: until when that is believed."""

from collector.core.delivery import Event
from event_contract.messages import MaintenanceData
from event_contract.times import parse_time

LONGEST_S = 8 * 3600.0  # no device offers more


def stands_until(event: Event, told: MaintenanceData) -> float | None:
    """In Unix seconds by the collector's clock; None: it has ended. Without a clock a device still says how long it takes."""
    if told.until is None:
        return None
    lasts_s = min(parse_time(told.until) - parse_time(event.time), LONGEST_S)
    begins = event.received_at if event.clock == "unsynced" else min(event.at, event.received_at)
    return begins + lasts_s
