"""What could not be stored as an event is kept as it came: so many of each device, and every number acknowledged."""

import hashlib

from collector.core.delivery import DeadLetter
from collector.store.engines.db import Db
from event_contract.messages import MAX_MESSAGE_BYTES

KEPT_PER_DEVICE = 1_000
KEPT_BYTES = 256_000_000


def bury(db: Db, letter: DeadLetter) -> None:
    received = letter.received
    digest = hashlib.sha256(received.topic.encode() + b"\0" + received.payload).hexdigest()
    stream, seq = letter.key or (None, None)
    db.execute(
        "INSERT INTO dead_letters (digest, topic, device, stream, seq, reason, bytes, payload, first_at, last_at, times)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1)"
        " ON CONFLICT (digest) DO UPDATE SET times = dead_letters.times + 1, last_at = excluded.last_at",
        (
            digest,
            received.topic,
            letter.device,
            stream,
            seq,
            letter.reason,
            len(received.payload),
            received.payload[:MAX_MESSAGE_BYTES],
            received.received_at,
            received.received_at,
        ),
    )
    _make_room(db, letter.device)


def drop(db: Db, n: int) -> bool:
    """Delete letter `n`; its acknowledged number stays known. False when there is none."""
    row = db.execute("SELECT device, stream, seq FROM dead_letters WHERE n = ?", (n,)).fetchone()
    if row is None:
        return False
    db.execute("DELETE FROM dead_letters WHERE n = ?", (n,))
    device, stream, seq = row
    if device is None or seq is None:
        return True
    extended = db.execute(
        "UPDATE dead_ranges SET last = ? WHERE device = ? AND stream = ? AND last = ?", (seq, device, stream, seq - 1)
    )
    if not extended.rowcount:
        db.execute(
            "INSERT INTO dead_ranges (device, stream, first, last) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (device, stream, seq, seq),
        )
    return True


def keep_small(db: Db, most_bytes: int = KEPT_BYTES) -> int:
    """However many devices send garbage: the oldest letters of all go; their number."""
    kept = f"CASE WHEN bytes > {MAX_MESSAGE_BYTES} THEN {MAX_MESSAGE_BYTES} ELSE bytes END"
    total = db.execute(f"SELECT coalesce(sum({kept}), 0) FROM dead_letters").fetchone()[0]  # noqa: S608 - a number
    dropped = 0
    while total > most_bytes:
        for n, size in db.execute(f"SELECT n, {kept} FROM dead_letters ORDER BY n LIMIT 100").fetchall():  # noqa: S608
            drop(db, n)
            dropped, total = dropped + 1, total - size
            if total <= most_bytes:
                break
    return dropped


def _make_room(db: Db, device: str | None) -> None:
    """Each device has its own share, nameless ones have one together."""
    whose, key = ("device IS NULL", ()) if device is None else ("device = ?", (device,))
    evicted = f"SELECT n FROM dead_letters WHERE {whose} ORDER BY n DESC LIMIT 1000000 OFFSET ?"  # noqa: S608
    for (n,) in db.execute(evicted, (*key, KEPT_PER_DEVICE)).fetchall():
        drop(db, n)
