"""What the agent has said, in memory, for whoever reads it on the page: no secret stands in it."""

import logging
from collections import deque
from collections.abc import Iterable
from pathlib import Path

from edge_agent.config import AgentConfig, RtspSource, resolve
from edge_agent.sources.redact import forms_of, secrets_of, without
from edge_agent.web.figures import LogLine
from event_contract.times import format_time

LINES = 2000
LONGEST_CHARS = 4000


class Journal(logging.Handler):
    """Hears every logger of the process from `open` to `close`; the oldest lines are forgotten."""

    def __init__(self, secrets: Iterable[str]) -> None:
        super().__init__(logging.INFO)
        self._secrets = frozenset(secrets)
        self._lines: deque[LogLine] = deque(maxlen=LINES)
        self._level_before = logging.WARNING
        self._beside: logging.Handler | None = None

    def open(self) -> None:
        root = logging.getLogger()
        self._level_before, self._beside = root.level, None if root.handlers else logging.lastResort
        root.setLevel(min(root.level, logging.INFO))
        root.addHandler(self)
        if self._beside is not None:  # what went to standard error goes there still
            root.addHandler(self._beside)

    def close(self) -> None:
        """Hears nothing any longer; what it has heard stays."""
        root = logging.getLogger()
        root.removeHandler(self)
        if self._beside is not None:
            root.removeHandler(self._beside)
        root.setLevel(self._level_before)

    def emit(self, record: logging.LogRecord) -> None:
        try:
            said = self.format(record)
        except Exception:  # noqa: BLE001 - whoever wrote its line wrong, maybe a library: no thread may die of it
            self.handleError(record)
            return
        text = without(said, self._secrets)[:LONGEST_CHARS]
        level = "error" if record.levelno >= logging.ERROR else "warning" if record.levelno >= logging.WARNING else "info"
        line = LogLine(at=format_time(record.created), level=level, name=record.name, text=text)  # type: ignore[arg-type]
        self._lines.append(line)  # the handler's lock is held

    def lines(self) -> list[LogLine]:
        """The oldest first."""
        self.acquire()
        try:
            return list(self._lines)
        finally:
            self.release()


def secrets_in(config: AgentConfig, config_file: Path) -> frozenset[str]:
    """What the configuration and the files that it names keep secret, in all forms. What cannot be read is not known either."""
    found = set[str]()
    for camera in config.cameras:
        if isinstance(camera.source, RtspSource):
            url = camera.source.url or _read(config_file, camera.source.url_file)
            found |= secrets_of(url) - _plain_path(url)
    found |= forms_of(_read(config_file, config.broker.password_file))
    return frozenset(found)


def _plain_path(url: str) -> frozenset[str]:
    """A path such as `live` is no secret, unless it holds more than names."""
    path = url.partition("://")[2].partition("/")[2].partition("?")[0].strip("/")
    return frozenset() if "@" in url.partition("://")[2].partition("/")[2] or "=" in path else forms_of(path)


def _read(config_file: Path, name: str | None) -> str:
    if name is None:
        return ""
    try:
        return resolve(config_file, name).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""
