"""The one writer of the events, whatever the engine: a batch of received messages in, one commit, what to answer out.

When `commit` returns, its messages survive a power cut. Alerts are decided in the same transaction as the events that they
come from, so a crash leaves both or neither; and writers take turns, so that one at a time decides.
"""

from collections.abc import Callable, Sequence
from typing import TypeVar

from collector.core import delivery
from collector.core.attention import Policy
from collector.core.delivery import DeadLetter, Event, Received, Status
from collector.store import announcing, dead_letters, device_words, replaying
from collector.store.alerts import deliveries, minding
from collector.store.alerts.alert_book import AlertBook
from collector.store.engines.db import Engine
from collector.store.engines.opening import StoreUnavailable
from collector.store.replaying import Replayed
from collector.store.taking import Committed, Tally, take
from collector.store.upkeep import capping, gaps, retention, rollups, silence

T = TypeVar("T")


class EventStore:
    """Belongs to one thread after its creation. Every method raises StoreUnavailable, and may be called again then."""

    def __init__(self, engine: Engine, policy: Policy = Policy()) -> None:  # noqa: B008 - frozen
        self._engine, self._policy = engine, policy
        self.leading = False  # as of the last look

    def commit(self, batch: Sequence[Received]) -> Committed:
        """Store the batch or nothing of it; the same batch may be given again."""
        tally = Tally()
        messages = [delivery.read(received) for received in batch]
        with self._engine.transaction() as db:
            book = AlertBook(db, self._policy)
            events: list[Event] = []
            for message in messages:
                match message:
                    case Event():
                        events.append(message)
                    case Status(device):
                        if any(event.device == device for event in events):  # in their order: a run may begin or end with it
                            take(book, events, tally)
                            events = []
                        _announce(book, message, tally)
                    case DeadLetter():
                        _bury(book, message, tally)
            take(book, events, tally)
            book.flush()
        return tally.committed(book.changes)

    def bury(self, received: Received, reason: str) -> Committed:
        """Store a message as a dead letter although it reads well: for one that `commit` fails on."""
        tally = Tally()
        message = delivery.read(received)
        key = (message.stream, message.seq) if isinstance(message, Event) else None
        device = None if isinstance(message, DeadLetter) else message.device
        with self._engine.transaction() as db:
            _bury(AlertBook(db), DeadLetter(device, key, reason, received), tally)
        return tally.committed(())

    def look_after(self, now: float, keep_days: dict[str, float], max_bytes: int | None = None) -> Committed:
        """What nobody's message triggers: alarms for numbers missing too long, and rows deleted that are old or too many.

        Of several collectors on one database one does it.
        """
        tally = Tally()
        if not self._look_who_leads():
            return tally.committed(())
        with self._engine.transaction() as db:
            book = AlertBook(db, self._policy)
            gaps.watch(book, now)
            device_words.lapse(book, now)
            minding.look_after(book, now)
            basis = retention.believe(db, now)
            if basis is None:
                tally.count("pruning_held")
            else:
                book.flush()
                tally.count("pruned", retention.prune(db, basis, keep_days) + rollups.prune(db, basis, keep_days))
            if max_bytes is not None:
                tally.count("shed", capping.shed(db, max_bytes))
            dead_letters.keep_small(db)
            if forgotten := deliveries.prune(db, now):
                tally.count("pruned", forgotten)
            book.flush()
        return tally.committed(book.changes)

    def roll_up(self, utc_offset_s: float) -> Committed:
        """Count minutes of traffic that came; it is done when none is left. Of several collectors one does it."""
        tally = Tally()
        if self._look_who_leads():
            with self._engine.transaction() as db:
                tally.count("rolled_up", rollups.roll_up(db, utc_offset_s))
        return tally.committed(())

    def watch_silence(self, now: float, listening_since: float, silent_after_s: float) -> Committed:
        """Alarms for devices that are silent. Of several collectors one does it."""
        tally = Tally()
        if not self._look_who_leads():
            return tally.committed(())
        with self._engine.transaction() as db:
            book = AlertBook(db, self._policy)
            silence.watch(book, now, listening_since, silent_after_s)
            book.flush()
        return tally.committed(book.changes)

    def replay(self, n: int, now: float) -> tuple[Replayed | None, Committed]:
        """Read dead letter `n` again. One that cannot be stored all the same stays."""
        tally = Tally()
        try:
            with self._engine.transaction() as db:
                book = AlertBook(db, self._policy)
                replayed = replaying.replay(book, n, now)
                book.flush()
        except StoreUnavailable:
            raise
        except Exception as error:  # noqa: BLE001 - a letter may be here because storing it fails
            return Replayed(n, "failed", f"{type(error).__name__}: {error}"[:300]), tally.committed(())
        if replayed is not None:
            tally.count(f"replayed_{replayed.outcome}")
        return replayed, tally.committed(book.changes)

    def drop_letter(self, n: int) -> bool:
        """Delete dead letter `n`; False when there is none."""
        with self._engine.transaction() as db:
            return dead_letters.drop(db, n)

    def perform(self, work: Callable[[AlertBook], T]) -> tuple[T, Committed]:
        """What a person asks for, in a transaction of its own."""
        tally = Tally()
        with self._engine.transaction() as db:
            book = AlertBook(db, self._policy)
            answer = work(book)
            book.flush()
        return answer, tally.committed(book.changes)

    def _look_who_leads(self) -> bool:
        self.leading = False
        self.leading = self._engine.leads()
        return self.leading

    def close(self) -> None:
        self._engine.close()


def _announce(book: AlertBook, status: Status, tally: Tally) -> None:
    announcing.announce(book, status)
    tally.count("status")


def _bury(book: AlertBook, letter: DeadLetter, tally: Tally) -> None:
    dead_letters.bury(book.db, letter)
    tally.count("dead_letter")
    if letter.device and letter.key:
        stream, seq = letter.key
        tally.acknowledge((letter.device, stream), seq, letter.received.payload)
