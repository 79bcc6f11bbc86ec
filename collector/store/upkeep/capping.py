"""The database is kept below a size: the oldest telemetry goes first, then traffic minutes and the like, incidents last."""

from collector.store.engines.db import Db
from collector.store.upkeep import retention
from event_contract.kinds import EVENT_CLASSES

SLICES = 50  # what goes at once is a fiftieth of what a class spans


def shed(db: Db, max_bytes: int) -> int:
    """Delete until the rest fits, so many rows at most; their number. The marks say from where on each stream is kept.

    For SQLite: pages that become free are used again, so that the file itself grows no further. The space of an event is free
    when its neighbours in the page have gone as well, so more may go than is too much.
    """
    deleted = 0
    for event_class in reversed(EVENT_CLASSES):
        while deleted < retention.PRUNED_PER_PASS and used_bytes(db) > max_bytes:
            freed = _shed_slice(db, event_class, retention.PRUNED_PER_PASS - deleted)
            if not freed:
                break  # nothing of this class is left that may go
            deleted += freed
    return deleted


def used_bytes(db: Db) -> int:
    """Of the file, without the pages that are free."""
    pages, free, size = (db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size"))
    return int((pages - free) * size)


def _shed_slice(db: Db, event_class: str, limit: int) -> int:
    """From the low ends of all streams of the class, what came first."""
    ends = db.execute(
        "SELECT streams.device, streams.stream,"
        " (SELECT own.received_at FROM events AS own WHERE own.device = streams.device AND own.stream = streams.stream"
        "  ORDER BY own.seq LIMIT 1),"
        " (SELECT own.received_at FROM events AS own WHERE own.device = streams.device AND own.stream = streams.stream"
        "  ORDER BY own.seq DESC LIMIT 1)"
        " FROM streams WHERE streams.class = ?",
        (event_class,),
    ).fetchall()
    spans = [(oldest, newest, (device, stream)) for device, stream, oldest, newest in ends if oldest is not None]
    if not spans:
        return 0
    first, last = min(span[0] for span in spans), max(span[1] for span in spans)
    for part in range(1, SLICES + 2):  # a slice may hold nothing but the newest event of all, which stays
        before = first + part * ((last - first) / SLICES + 1)
        rows = 0
        for oldest, _, key in sorted(spans):
            if oldest < before and rows < limit:
                rows += retention.prune_stream(db, key, before, limit - rows)
        if rows:
            return rows
    return 0
