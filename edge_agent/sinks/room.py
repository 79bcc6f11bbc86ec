"""How many bytes the messages may take: the cap, or, while the disk is full, what the file has already."""

import sqlite3
from contextlib import suppress

from edge_agent.sinks.outbox_file import OutboxFull, file_bytes
from edge_agent.sinks.reserve import Reserve

COMMIT_BYTES = 128 * 1024  # what one transaction may write to the log
FOR_INCIDENTS = 3  # this part of the reserve is theirs once it is given up; the rest is for the log


class Room:
    """`cap_bytes` is for everything on the disk; the file with its log and the reserve stay below it. Without a `reserve`
    nothing is known of the disk but that it is full when it says so."""

    def __init__(self, connection: sqlite3.Connection, cap_bytes: int, reserve: Reserve | None) -> None:
        self._cap_bytes = cap_bytes * 95 // 100 - COMMIT_BYTES
        self._connection = connection
        self._reserve = reserve
        self._full_at_bytes = None if reserve is None or reserve.make() else file_bytes(connection)

    @property
    def is_full(self) -> bool:
        """The disk, not the outbox."""
        return self._full_at_bytes is not None

    @property
    def bytes(self) -> int:
        return self._cap_bytes if self._full_at_bytes is None else min(self._cap_bytes, self._full_at_bytes)

    def lend(self, excess: int) -> bool:
        """For incidents, on a full disk that holds nothing less urgent: part of the reserve; then they wait in memory, since
        none goes for another. Raises OutboxFull."""
        if self._reserve is None or excess > self._reserve.bytes // FOR_INCIDENTS:
            raise OutboxFull("the disk is full; free some room")
        return True

    def relieve(self) -> None:
        """The disk takes nothing more: give up the reserve, and let the log begin anew in the room that it has.

        It is not cut: others would take its room at once.
        """
        if self._reserve is not None:
            self._reserve.give_up()
        with suppress(sqlite3.OperationalError):  # full still; the log stays as long as it is
            self._connection.execute("PRAGMA wal_checkpoint(RESTART)").fetchall()
        if self._full_at_bytes is None:
            self._full_at_bytes = file_bytes(self._connection)

    def regain(self) -> None:
        """See whether there is room again."""
        if self._reserve is None or (self.is_full and self._reserve.make()):
            self._full_at_bytes = None
