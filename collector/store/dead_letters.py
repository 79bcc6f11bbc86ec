"""What could not be stored as an event is kept as it came: so many of each device, and every number acknowledged."""

import hashlib
import sqlite3

from collector.core.delivery import DeadLetter
from event_contract.messages import MAX_MESSAGE_BYTES

KEPT_PER_DEVICE = 1_000


def bury(db: sqlite3.Connection, letter: DeadLetter) -> None:
    received = letter.received
    digest = hashlib.sha256(received.topic.encode() + b"\0" + received.payload).hexdigest()
    stream, seq = letter.key or (None, None)
    db.execute(
        "INSERT INTO dead_letters (digest, topic, device, stream, seq, reason, bytes, payload, first_at, last_at, times)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1)"
        " ON CONFLICT (digest) DO UPDATE SET times = times + 1, last_at = excluded.last_at",
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


def _make_room(db: sqlite3.Connection, device: str | None) -> None:
    """Each device has its own share, nameless ones have one together; of what goes the acknowledged number stays."""
    evicted = "SELECT n, stream, seq FROM dead_letters WHERE device IS ? ORDER BY n DESC LIMIT -1 OFFSET ?"
    for n, stream, seq in db.execute(evicted, (device, KEPT_PER_DEVICE)).fetchall():
        db.execute("DELETE FROM dead_letters WHERE n = ?", (n,))
        if seq is None or device is None:
            continue
        extended = db.execute(
            "UPDATE dead_ranges SET last = ?3 WHERE device = ?1 AND stream = ?2 AND last = ?3 - 1", (device, stream, seq)
        )
        if not extended.rowcount:
            statement = "INSERT OR IGNORE INTO dead_ranges (device, stream, first, last) VALUES (?1, ?2, ?3, ?3)"
            db.execute(statement, (device, stream, seq))
