"""Times as devices told them, set right."""

from event_contract.times import format_time, parse_time


def moved(text: str, by_s: float) -> str:
    """A time moved by so many seconds; what is no time, or would be none afterwards, stays as it is."""
    try:
        return format_time(parse_time(text) + by_s) if by_s else text
    except (ValueError, OverflowError, OSError):
        return text
