"""Who did what on the page: lines of JSON in one file, and the file before it when that was full."""

import os
import threading
from pathlib import Path

import msgspec

AUDIT_FILE = "audit.jsonl"
FULL_BYTES = 1_000_000
TAIL_BYTES = 64 * 1024


class Entry(msgspec.Struct, frozen=True):
    """`at` is RFC 3339, as far as the device's clock can be trusted."""

    at: str
    who: str
    action: str
    outcome: str
    address: str
    detail: str = ""


class Audit:
    """Written by any thread. Of a disk that takes nothing the entries are counted in `unwritten`."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / AUDIT_FILE
        self._before = self._file.with_suffix(".1.jsonl")
        self._lock = threading.Lock()
        self.unwritten = 0

    def write(self, entry: Entry) -> None:
        line = msgspec.json.encode(entry) + b"\n"
        with self._lock:
            try:
                self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                if self._file.exists() and self._file.stat().st_size + len(line) > FULL_BYTES:
                    self._file.replace(self._before)
                with os.fdopen(os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as file:
                    file.write(line)
            except OSError:
                self.unwritten += 1

    def newest(self, limit: int) -> list[Entry]:
        """The newest first."""
        with self._lock:
            lines = _tail(self._before) + _tail(self._file)
        return [entry for line in reversed(lines) if (entry := _read(line)) is not None][:limit]


def _tail(path: Path) -> list[bytes]:
    """Its last lines; none where there is no such file."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - TAIL_BYTES))
            return file.read().splitlines()
    except OSError:
        return []


def _read(line: bytes) -> Entry | None:
    try:
        return msgspec.json.decode(line, type=Entry)
    except ValueError:  # cut off by the tail's beginning, or by a power cut
        return None
