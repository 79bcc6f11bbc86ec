"""Silences: what is not to sound for a while, who wished it and why; and notes from one shift to the next."""

from typing import Any

from msgspec.structs import asdict

from collector.core.attention import Silence
from collector.store.engines.db import Db
from event_contract.times import format_time

COLUMNS = "n, device, camera, lane, kind, begins, ends, reason, author"
NOTES_SHOWN = 20


def standing(db: Db, now: float) -> list[Silence]:
    """Those that are not over, the one that ends first, first."""
    rows = db.execute(f"SELECT {COLUMNS} FROM silences WHERE ends > ? ORDER BY ends, n LIMIT 1000", (now,))  # noqa: S608
    names = COLUMNS.split(", ")
    return [Silence(**dict(zip(names, tuple(row), strict=True))) for row in rows]


def add(db: Db, silence: Silence, now: float) -> Silence:
    """Its number is given here."""
    n = db.execute("SELECT coalesce(max(n), 0) + 1 FROM silences").fetchone()[0]
    row = (n, *(getattr(silence, name) for name in COLUMNS.split(", ")[1:]), now)
    db.execute(f"INSERT INTO silences ({COLUMNS}, made_at) VALUES ({', '.join('?' * 10)})", row)  # noqa: S608
    return Silence(**{**asdict(silence), "n": n})


def end(db: Db, n: int, now: float) -> bool:
    """It ends now; False when there is none, or it is over. What it was stays known."""
    return bool(db.execute("UPDATE silences SET ends = ? WHERE n = ? AND ends > ?", (now, n, now)).rowcount)


def shown(silence: Silence) -> dict[str, Any]:
    return {**asdict(silence), "begins": format_time(silence.begins), "ends": format_time(silence.ends)}


def add_note(db: Db, author: str, text: str, now: float) -> dict[str, Any]:
    n = db.execute("SELECT coalesce(max(n), 0) + 1 FROM shift_notes").fetchone()[0]
    db.execute("INSERT INTO shift_notes (n, at, author, text) VALUES (?, ?, ?, ?)", (n, now, author, text))
    return {"n": n, "at": format_time(now), "author": author, "text": text}


def notes(db: Db) -> list[dict[str, Any]]:
    """The newest first."""
    rows = db.execute("SELECT n, at, author, text FROM shift_notes ORDER BY n DESC LIMIT ?", (NOTES_SHOWN,))
    return [{"n": n, "at": format_time(at), "author": author, "text": text} for n, at, author, text in rows]
