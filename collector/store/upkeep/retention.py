"""What is old is deleted: events by class, alerts and their changes like incidents, open alerts never."""

from collector.store.engines.db import Db

LEAP_S = 2 * 86400.0
PRUNED_PER_PASS = 20_000


def believe(db: Db, now: float) -> float | None:
    """The time to judge age against: that of the newest event, and never later than `now`; None: not believed yet.

    A clock that leaps ahead would make the whole archive old. What is more than 2 days past all that was known at the
    last look is believed when it has stood there for 2 days; until then nothing is deleted.
    """
    newest_rows = "SELECT received_at FROM events ORDER BY n DESC LIMIT 1000"
    newest = db.execute(f"SELECT max(received_at) FROM ({newest_rows}) AS newest").fetchone()[0]  # noqa: S608
    if newest is None:
        return now
    basis: float = min(now, newest)
    known, doubted_since = db.execute("SELECT known, doubted_since FROM age_basis").fetchone() or (basis, None)
    since = now if doubted_since is None else min(now, doubted_since)
    believed = basis - known <= LEAP_S or now - since >= LEAP_S
    row = (basis, None) if believed else (known, since)
    db.execute(
        "INSERT INTO age_basis (id, known, doubted_since) VALUES (1, ?, ?)"
        " ON CONFLICT (id) DO UPDATE SET known = excluded.known, doubted_since = excluded.doubted_since",
        row,
    )
    return basis if believed else None


def prune(db: Db, now: float, keep_days: dict[str, float]) -> int:
    """Delete what is older than the days of its class: events, then alerts; the number of rows, which is bounded."""
    deleted = 0
    for event_class, days in keep_days.items():
        before = now - days * 86400
        for device, stream in db.execute(_BEGIN_OLD, (event_class, before)).fetchall():
            deleted += prune_stream(db, (device, stream), before, PRUNED_PER_PASS - deleted)
    return deleted + _prune_alerts(db, now - keep_days["incident"] * 86400, PRUNED_PER_PASS - deleted)


_BEGIN_OLD = (  # streams of a class with something to delete: one question for all of them
    "SELECT streams.device, streams.stream FROM streams WHERE streams.class = ? AND"
    " (SELECT oldest.received_at FROM events AS oldest"
    "  WHERE oldest.device = streams.device AND oldest.stream = streams.stream ORDER BY oldest.seq LIMIT 1) < ?"
)


def prune_stream(db: Db, key: tuple[str, str], before: float, limit: int) -> int:
    """From the low end of the stream; the mark says up to where, and what was noted of numbers below it goes as well.

    The newest event of all stays: its number is where the next one counts on.
    """
    seqs = "FROM events WHERE device = ? AND stream = ?"
    oldest_kept = db.execute(f"SELECT min(seq) {seqs} AND received_at >= ?", (*key, before)).fetchone()[0]
    mark = oldest_kept or db.execute(f"SELECT coalesce(max(seq), 0) + 1 {seqs}", key).fetchone()[0]
    row_beyond = f"SELECT seq {seqs} AND seq < ? ORDER BY seq LIMIT 1 OFFSET ?"
    if beyond := db.execute(row_beyond, (*key, mark, limit)).fetchone():
        mark = beyond[0]
    rows = db.execute(f"DELETE {seqs} AND seq < ? AND n < (SELECT max(n) FROM events)", (*key, mark)).rowcount  # noqa: S608
    if rows:
        db.execute("UPDATE streams SET kept_from = ? WHERE device = ? AND stream = ? AND kept_from < ?", (mark, *key, mark))
        for notes in ("lost_notices", "dead_ranges"):
            db.execute(f"DELETE FROM {notes} WHERE device = ? AND stream = ? AND last < ?", (*key, mark))  # noqa: S608
    return rows


def _prune_alerts(db: Db, before: float, limit: int) -> int:
    """From the oldest change on, closed alerts with their last one; the mark says from where on every change is kept.

    Below it the newest change of each open alert stays. The newest of all stays: its number is where the next one counts on.
    """
    kept_from = db.execute("SELECT kept_from FROM alert_retention").fetchone()[0]
    oldest_kept = "SELECT seq FROM alert_changes WHERE seq >= ? AND changed_at >= ? ORDER BY seq LIMIT 1"
    young = db.execute(oldest_kept, (kept_from, before)).fetchone()
    mark = young[0] if young else db.execute("SELECT coalesce(max(seq), 1) FROM alert_changes").fetchone()[0]
    row_beyond = "SELECT seq FROM alert_changes WHERE seq >= ? AND seq < ? ORDER BY seq LIMIT 1 OFFSET ?"
    if beyond := db.execute(row_beyond, (kept_from, mark, limit)).fetchone():
        mark = beyond[0]
    still_shown = "SELECT seq FROM alerts WHERE state = 'open'"
    rows = db.execute(f"DELETE FROM alert_changes WHERE seq < ? AND seq NOT IN ({still_shown})", (mark,)).rowcount  # noqa: S608
    if gone := db.execute("DELETE FROM alerts WHERE state = 'closed' AND seq < ?", (mark,)).rowcount:
        db.execute("UPDATE kept_counts SET n = n - ? WHERE what = 'alerts'", (gone,))
    db.execute("UPDATE alert_retention SET kept_from = ? WHERE kept_from < ?", (mark, mark))
    return rows
