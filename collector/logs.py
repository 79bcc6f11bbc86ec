"""What is logged, as one JSON document a line: `at`, `level`, `logger`, `message`, and `error` with its place."""

import logging
import time
from collections.abc import Callable

import msgspec

from event_contract.times import format_time


class _Lines(logging.Handler):
    def __init__(self, say: Callable[[str], None]) -> None:
        super().__init__()
        self._say = say

    def emit(self, record: logging.LogRecord) -> None:
        error = logging.Formatter().formatException(record.exc_info) if record.exc_info else None
        self._say(document(record.levelname.lower(), record.name, record.getMessage(), record.created, error))


def document(level: str, logger: str, message: str, at_s: float | None = None, error: str | None = None) -> str:
    told = {"at": format_time(time.time() if at_s is None else at_s), "level": level, "logger": logger, "message": message}
    return msgspec.json.encode({**told, "error": error} if error else told).decode()


def log_as_json(say: Callable[[str], None]) -> None:
    """From here on every logger's warnings go through `say`."""
    logging.basicConfig(level=logging.WARNING, handlers=[_Lines(say)], force=True)
