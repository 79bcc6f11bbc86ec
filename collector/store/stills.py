"""Stills for as long as they may be kept: in files of one collector, or in the PostgreSQL that several share."""

import hashlib
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import msgspec
from msgspec import Struct

from collector.files import whole_file
from collector.store.access.ledger import Ledger, storable
from collector.store.engines.db import Row

FOLDER = "stills"
MOST_KEPT = 5000  # then the oldest goes
DAY_S = 86_400.0


class Still(Struct, frozen=True, kw_only=True):
    """`taken_at`: as the device tells it, when the camera saw it; `stored_at` and `expires_at` in Unix seconds."""

    alert: str
    device: str
    camera: str
    asked_by: str
    taken_at: str
    stored_at: float
    expires_at: float


class KeptStills(Protocol):
    """Several threads may use it."""

    keep_s: float

    def put(self, still: Still, jpeg: bytes) -> None:
        """The whole of it or nothing, also after a power cut; in place of an older one of the alert. Raises OSError."""

    def of(self, alert: str, now: float) -> Still | None:
        """None: there is none that can be read, or none any more."""

    def picture(self, alert: str, now: float) -> bytes | None: ...

    def sweep(self, now: float) -> int:
        """Delete what has expired, was never whole, cannot be read, or is too much; how many went."""


class StillFolder:
    """One file each: a line of JSON that says what it is, then the JPEG. Made with the first still, for its owner only."""

    def __init__(self, folder: Path, keep_s: float) -> None:
        self._folder, self.keep_s = folder, keep_s
        self._writing = threading.Lock()

    def put(self, still: Still, jpeg: bytes) -> None:
        path = self._path(still.alert)
        with self._writing:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with whole_file(path) as file:
                file.write(msgspec.json.encode(still) + b"\n" + jpeg)

    def of(self, alert: str, now: float) -> Still | None:
        return _fresh(_read_note(self._path(alert)), now)

    def picture(self, alert: str, now: float) -> bytes | None:
        try:
            note, _, jpeg = self._path(alert).read_bytes().partition(b"\n")
        except OSError:
            return None
        return jpeg if _fresh(_understood(note), now) else None

    def sweep(self, now: float) -> int:
        with self._writing:
            notes = ((_fresh(_read_note(path), now), path) for path in self._files(".still"))
            standing = sorted((note.stored_at, path) for note, path in notes if note is not None)
            kept = {path for _, path in standing[-MOST_KEPT:]}
            gone = [path for path in (*self._files(".still"), *self._files(".new")) if path not in kept]
            for path in gone:
                path.unlink(missing_ok=True)
        return len(gone)

    def _files(self, suffix: str) -> Iterator[Path]:
        return self._folder.glob(f"*{suffix}")

    def _path(self, alert: str) -> Path:
        return self._folder / f"{hashlib.sha256(alert.encode()).hexdigest()[:40]}.still"


class StillTable:
    """In the ledger of several collectors, which all show them. Raises StoreUnavailable."""

    def __init__(self, ledger: Ledger, keep_s: float) -> None:
        self._ledger, self.keep_s = ledger, keep_s

    def put(self, still: Still, jpeg: bytes) -> None:
        row = (still.alert, still.stored_at, still.expires_at, msgspec.json.encode(still), jpeg)
        with self._ledger.transaction() as db:
            db.execute("DELETE FROM stills WHERE alert = ?", (still.alert,))
            db.execute("INSERT INTO stills (alert, stored_at, expires_at, note, jpeg) VALUES (?, ?, ?, ?, ?)", row)

    def of(self, alert: str, now: float) -> Still | None:
        row = self._found("note", alert)
        return _fresh(_understood(row[0]), now) if row else None

    def picture(self, alert: str, now: float) -> bytes | None:
        row = self._found("note, jpeg", alert)
        return bytes(row[1]) if row and _fresh(_understood(row[0]), now) else None

    def sweep(self, now: float) -> int:
        newest = "SELECT alert FROM stills ORDER BY stored_at DESC LIMIT ?"
        with self._ledger.transaction() as db:
            gone = db.execute("DELETE FROM stills WHERE expires_at <= ? OR stored_at > ?", (now, now + DAY_S)).rowcount
            return gone + db.execute(f"DELETE FROM stills WHERE alert NOT IN ({newest})", (MOST_KEPT,)).rowcount  # noqa: S608

    def _found(self, columns: str, alert: str) -> Row:
        query = f"SELECT {columns} FROM stills WHERE alert = ?"  # noqa: S608 - constants
        with self._ledger.reading() as db:
            return db.execute(query, (storable(alert),)).fetchone()


def _read_note(path: Path) -> Still | None:
    try:
        with path.open("rb") as file:
            return _understood(file.readline(10_000))
    except OSError:
        return None


def _understood(note: bytes) -> Still | None:
    try:
        return msgspec.json.decode(note, type=Still)
    except msgspec.DecodeError:
        return None


def _fresh(still: Still | None, now: float) -> Still | None:
    """A clock that was set back lets nothing live on for longer."""
    return still if still is not None and still.stored_at - DAY_S <= now < still.expires_at else None
