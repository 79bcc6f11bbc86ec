"""Events as rows for a spreadsheet: times with their zone, and no text that it would take for a formula."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

COLUMNS = (
    "n", "time", "received_at", "device", "class", "kind", "camera", "sensor", "lane", "phase", "severity", "incident",
    "revision", "confidence", "started_at", "updated_at", "ended_at", "lon", "lat", "clock", "late", "shadow", "stream", "seq",
    "data",
)  # fmt: skip
ENVELOPE = {"n", "received_at", "device", "class", "kind", "clock", "late", "shadow", "stream", "seq"}
TIMES = {"time", "received_at", "started_at", "updated_at", "ended_at"}
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")

Cell = str | int | float | None
Zone = Callable[[datetime], datetime]  # a moment as it is told in some zone


def row(event: dict[str, Any], zone: Zone | None = None) -> list[Cell]:
    """One event of the API in the order of COLUMNS; `time` is the collector's corrected one, `data` the body as JSON."""
    body = event["event"].get("data")
    body = body if isinstance(body, dict) else {}
    position = body.get("position")
    found = {
        **{name: body.get(name) for name in COLUMNS},
        **(position if isinstance(position, dict) else {}),
        **{name: event[name] for name in ENVELOPE},
        "time": event["at"],
        "data": json.dumps(body, ensure_ascii=False, separators=(",", ":")),
    }
    return [cell(_zoned(found[name], zone) if name in TIMES else found[name]) for name in COLUMNS]


def cell(value: Any) -> Cell:
    """Numbers as they are; a text that begins like a formula gets an apostrophe before it."""
    if isinstance(value, bool):
        return str(value).lower()
    if value is None or isinstance(value, int | float):
        return value
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def _zoned(value: Any, zone: Zone | None) -> Any:
    """What is no time stays as the device told it."""
    if zone is None or not isinstance(value, str):
        return value
    try:
        return zone(datetime.fromisoformat(value)).isoformat(timespec="milliseconds")
    except (ValueError, OverflowError, OSError):
        return value
