"""Wall time on the wire: RFC 3339 in UTC with milliseconds, as in `2026-03-02T00:15:31.240Z`."""

from datetime import UTC, datetime


def format_time(unix_s: float) -> str:
    """Unix seconds -> RFC 3339 text, rounded to the millisecond."""
    moment = datetime.fromtimestamp(round(unix_s, 3), tz=UTC)
    return moment.isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def parse_time(text: str) -> float:
    """RFC 3339 text -> Unix seconds. Raises ValueError for a text without an offset or out of range."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"time {text!r}: expected an offset such as Z")
    return moment.timestamp()
