"""Messages as devices send them, for tests of either side; every field may be set."""

import time
from typing import Any

import msgspec

from event_contract import messages
from event_contract.kinds import EventClass
from event_contract.messages import Clock, CloudEvent, IncidentData, LostData, TrafficMinuteData
from event_contract.presence import Birth, StreamBirth
from event_contract.times import format_time

DEVICE = "qn-test-01"
STREAM = "0f1d2c3b-4a59-4e68-8776-95a4b3c2d1e0"
CLOCK = Clock(mono_s=100.0, boot="b0074b1d", synced=True, error_ms=5.0)


def incident(**changes: Any) -> IncidentData:
    now = format_time(time.time())
    fields: dict[str, Any] = {
        "kind": "stopped_vehicle",
        "phase": "new",
        "revision": 1,
        "incident": "9f2c61d0/north/17",
        "run": "9f2c61d0",
        "camera": "north",
        "lane": "2",
        "severity": "high",
        "confidence": 0.9,
        "started_at": now,
        "updated_at": now,
        "box": (0.4, 0.5, 0.45, 0.55),
        "clock": CLOCK,
    }
    return IncidentData(**{**fields, **changes})


def lost(**changes: Any) -> LostData:
    fields: dict[str, Any] = {"run": "9f2c61d0", "stream": STREAM, "first": 3, "last": 5, "reason": "outbox_full"}
    return LostData(**{**fields, "clock": CLOCK, **changes})


def traffic_minute(**changes: Any) -> TrafficMinuteData:
    fields: dict[str, Any] = {"run": "9f2c61d0", "camera": "north", "from_": "2026-03-02T00:15:00.000Z", "clock": CLOCK}
    return TrafficMinuteData(**{**fields, **changes})


def event(
    body: messages.Body | dict[str, Any],
    seq: int = 1,
    *,
    device: str = DEVICE,
    stream: str = STREAM,
    event_class: EventClass = "incident",
    at: float | None = None,
) -> bytes:
    """The whole CloudEvent as bytes; `at` in Unix seconds, now by default."""
    kind = body["kind"] if isinstance(body, dict) else body.kind
    return messages.encode(
        CloudEvent(
            id=messages.message_id(stream, seq),
            source=messages.source(device),
            type=messages.event_type(event_class, kind),
            time=format_time(time.time() if at is None else at),
            data=msgspec.Raw(msgspec.json.encode(body)),
        )
    )


def birth(lowest: int = 1, highest: int = 0, **changes: Any) -> Birth:
    streams = (StreamBirth(event_class="incident", stream=STREAM, lowest=lowest, highest=highest),)
    fields: dict[str, Any] = {"run": "9f2c61d0", "connection": 1, "boot": "b0074b1d", "site": "qn-test", "software": "0.1.0"}
    return Birth(**{**fields, "streams": streams, **changes})
