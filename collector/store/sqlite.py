"""The one writer of the event database: a batch of received messages in, one commit, what to answer out.

WAL with synchronous=FULL: when `commit` returns, its messages survive a power cut. Alerts are decided in the same
transaction as the events that they come from, so a crash leaves both or neither.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from sqlite_utils import Database

from collector.core import delivery
from collector.core.delivery import DeadLetter, Event, Received, Status
from collector.store import clocks, dead_letters, gaps, retention, writing
from collector.store.migrations import migrate
from collector.store.opening import StoreUnavailable, told_of
from collector.store.writing import Change
from event_contract.messages import Ack, IncidentData, LostData


@dataclass(frozen=True, slots=True)
class Committed:
    """What a commit holds: acknowledgements to send, as (device, ack), alerts that changed, and counts per outcome."""

    acks: tuple[tuple[str, Ack], ...]
    changes: tuple[Change, ...]
    outcomes: dict[str, int]


class EventStore:
    """Belongs to one thread after its creation."""

    def __init__(self, path: Path) -> None:
        with told_of(path):
            self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=30)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            migrate.apply(Database(self._db))

    def commit(self, batch: Sequence[Received]) -> Committed:
        """Store the batch or nothing of it. Raises StoreUnavailable; the same batch may be given again."""
        tally = _Tally()
        with self._transaction():
            for received in batch:
                match delivery.read(received):
                    case Event() as event:
                        self._take_event(event, tally)
                    case Status() as status:
                        tally.changes += writing.announce(self._db, status)
                        tally.count("status")
                    case DeadLetter() as letter:
                        self._take_dead_letter(letter, tally)
        return tally.committed()

    def bury(self, received: Received, reason: str) -> Committed:
        """Store a message as a dead letter although it reads well: for one that `commit` fails on."""
        tally = _Tally()
        message = delivery.read(received)
        key = (message.stream, message.seq) if isinstance(message, Event) else None
        device = None if isinstance(message, DeadLetter) else message.device
        with self._transaction():
            self._take_dead_letter(DeadLetter(device, key, reason, received), tally)
        return tally.committed()

    def look_after(self, now: float, keep_days: dict[str, float]) -> Committed:
        """What nobody's message triggers: alarms for sequence numbers missing too long, and old rows deleted."""
        tally = _Tally()
        with self._transaction():
            tally.changes += gaps.watch(self._db, now)
            basis = retention.believe(self._db, now)
            if basis is None:
                tally.count("pruning_held")
            else:
                tally.count("pruned", retention.prune(self._db, basis, keep_days))
        return tally.committed()

    def close(self) -> None:
        """Put all of the write-ahead log into the database file, unless someone else is still reading; then it stays beside."""
        with suppress(sqlite3.Error):  # a full disk, say; the log keeps what was committed
            self._db.execute("PRAGMA busy_timeout = 1000")
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._db.close()

    def _take_event(self, event: Event, tally: "_Tally") -> None:
        db = self._db
        known = writing.payload_of(db, event.device, event.stream, event.seq)
        stream = writing.stream_of(db, event)
        verdict = delivery.judge(event.payload, known, event.seq, stream.kept_from)
        if stream.forked and verdict != "duplicate":
            verdict = "fork"  # its device renumbers all that is in flight: stored here it would be stored twice
        tally.count(verdict)
        if verdict == "fork":
            tally.forks.add((event.device, event.stream))
            tally.acks.setdefault((event.device, event.stream), [])
            tally.changes += writing.mark_forked(db, event)
            return
        tally.acks.setdefault((event.device, event.stream), []).append(event.seq)
        if verdict != "store":
            return
        event, changes = clocks.set_clock(db, event)
        tally.changes += changes
        writing.insert(db, event)
        match event.body:
            case IncidentData() as incident if event.event_class == "incident":
                tally.changes += writing.note_incident(db, event, incident)
            case LostData() as lost:
                tally.changes += writing.note_loss(db, event, lost)

    def _take_dead_letter(self, letter: DeadLetter, tally: "_Tally") -> None:
        dead_letters.bury(self._db, letter)
        tally.count("dead_letter")
        if letter.device and letter.key:
            stream, seq = letter.key
            tally.acks.setdefault((letter.device, stream), []).append(seq)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        try:
            self._db.execute("BEGIN IMMEDIATE")
            yield
            self._db.execute("COMMIT")
        except sqlite3.OperationalError as error:
            raise StoreUnavailable(str(error)) from error
        finally:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")


@dataclass
class _Tally:
    acks: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    forks: set[tuple[str, str]] = field(default_factory=set)
    changes: list[Change] = field(default_factory=list)
    outcomes: dict[str, int] = field(default_factory=dict)

    def count(self, outcome: str, n: int = 1) -> None:
        self.outcomes[outcome] = self.outcomes.get(outcome, 0) + n

    def committed(self) -> Committed:
        """A stream's fork goes with its ranges in one message: what is stored must not be renumbered."""
        acks = (
            (device, Ack(stream=stream, ranges=delivery.coalesce(seqs), forked=(device, stream) in self.forks))
            for (device, stream), seqs in self.acks.items()
        )
        return Committed(tuple(acks), tuple(self.changes), self.outcomes)
