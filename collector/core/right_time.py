"""Times that a device told before its clock was set, once the offset of that clock is known."""

from msgspec.structs import replace

from collector.core.alerts import Alert, AlertClock
from collector.core.times import moved
from event_contract.messages import IncidentData


def shifted(data: IncidentData, by_s: float) -> IncidentData:
    """The incident with its times moved, as its event's was once the offset of the device's clock was known."""
    return replace(
        data,
        started_at=moved(data.started_at, by_s),
        updated_at=moved(data.updated_at, by_s),
        ended_at=data.ended_at and moved(data.ended_at, by_s),
    )


def set_right(alert: Alert, data: IncidentData, by_s: float) -> Alert:
    """The alert with the times of the report that it shows moved; of another report it shows nothing."""
    if alert.clock != AlertClock(synced=False) or alert.revision != data.revision:
        return alert
    told = shifted(data, by_s)
    return replace(
        alert,
        started_at=told.started_at,
        updated_at=told.updated_at,
        ended_at=alert.ended_at if alert.ended_by else told.ended_at,
        clock=AlertClock(synced=False, corrected=True),
    )
