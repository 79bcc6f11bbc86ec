"""An outbox in figures: what was given out, what waits, what went."""

import sqlite3
from dataclasses import dataclass

from edge_agent.sinks import lanes
from edge_agent.sinks.outbox_file import used_bytes
from edge_agent.sinks.shelf import Shelf


@dataclass(frozen=True, slots=True)
class OutboxStats:
    """`committed`: stream -> highest number given, streams left by a fork included. Ages count while the agent runs.

    `disk_full`: the disk has no room to spare; what is less urgent makes way for what is more.
    """

    committed: dict[str, int]
    pending: int
    bytes: int
    lost: int
    oldest_age_s: float | None
    disk_full: bool = False


def read_stats(connection: sqlite3.Connection, shelf: Shelf, disk_full: bool) -> OutboxStats:
    committed = connection.execute("SELECT stream, next_seq - 1 FROM streams").fetchall()
    (lost,) = connection.execute(
        "SELECT coalesce(sum(last - first + 1), 0) FROM tombstones WHERE reason != 'forked'"
    ).fetchone()
    ages_s = [at_s for lane in shelf.lanes.values() for at_s in lanes.age_bounds_s(connection, lane)]
    return OutboxStats(
        committed=dict(committed), pending=shelf.pending, bytes=used_bytes(connection), lost=int(lost),
        oldest_age_s=shelf.now_s() - min(ages_s) if ages_s else None, disk_full=disk_full,
    )  # fmt: skip
