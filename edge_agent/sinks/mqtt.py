"""Events to the collector: the thread that owns the outbox, and the inbox through which everyone else reaches it."""

import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from random import Random

from edge_agent.config import BrokerConfig
from edge_agent.core.outgoing import Outgoing
from edge_agent.sinks.courier import Courier, LinkStats
from edge_agent.sinks.link import LinkInput
from edge_agent.sinks.origin import Origin
from edge_agent.sinks.outbox import Outbox
from edge_agent.sinks.outbox_file import OutboxDamaged, is_damage
from edge_agent.sinks.outbox_stats import OutboxStats
from event_contract.kinds import EVENT_CLASSES

INBOX_SIZE = 4096  # full: submit() waits, a link gives up
BATCH_S = 1.0  # what is no incident waits at most so long for company before it is committed
BATCH_EVENTS = 500
TURN_S = 0.5  # the longest pause between two turns: time-outs and caps are looked after
STATS_EVERY_S = 0.2
GOODBYE_S = 2.0
RETRY_S = 1.0  # the disk takes nothing: how long until it is asked again
HELD_EVENTS = 2000  # in memory while the disk takes nothing at all; then the less urgent go first


class SinkStopped(Exception):
    """The sink's thread has ended; it takes no more events."""


@dataclass(frozen=True, slots=True)
class SinkStats:
    """`unstored`: events that were dropped because the disk took nothing at all for too long. `rebuilt`: how often the
    outbox's file was found damaged at work."""

    outbox: OutboxStats
    link: LinkStats
    unstored: int = 0
    rebuilt: int = 0


@dataclass(frozen=True, slots=True)
class _Submitted:
    events: Sequence[Outgoing]


@dataclass(frozen=True, slots=True)
class _Response:
    payload: bytes


@dataclass(frozen=True, slots=True)
class _Close:
    until_s: float


_Input = LinkInput | _Submitted | _Response | _Close


class EventSink:
    """Takes events from any thread. The outbox belongs to the sink's own thread from `start` on, which closes it.

    An incident is committed at once by that thread, everything else within 1 s. No fault of network or broker is ever
    raised: `stats().link.text` tells it. While the disk is full events are held in memory, 2,000 of them; an outbox that turns
    out to be damaged is made anew. Another fault of the outbox ends the thread: it calls `on_crash` (the application ends
    the process there), and `submit` and `close` raise SinkStopped.
    """

    def __init__(
        self,
        outbox: Outbox,
        broker: BrokerConfig,
        origin: Origin,
        on_crash: Callable[[BaseException], None],
        random: Random | None = None,
        on_command: Callable[[bytes], None] | None = None,
    ) -> None:
        self._outbox = outbox
        self._on_crash = on_crash
        self._inbox: queue.Queue[_Input] = queue.Queue(INBOX_SIZE)
        chance = random or Random()  # noqa: S311
        self._courier = Courier(outbox, broker, origin, self._put_from_link, chance, on_command=on_command)
        self._batch: list[Outgoing] = []
        self._batch_due_s = 0.0
        self._unstored = self._rebuilt = 0
        self._close_at_s: float | None = None
        self._crash: BaseException | None = None
        self._stats = SinkStats(outbox.stats(), self._courier.stats())
        self._stats_due_s = 0.0
        self._beat_s = time.monotonic()
        self._thread = threading.Thread(target=self._run, name="event-sink", daemon=True)

    @property
    def beat_s(self) -> float:
        """When its thread last began a turn, by the monotonic clock."""
        return self._beat_s

    def start(self) -> None:
        self._thread.start()

    def submit(self, events: Sequence[Outgoing]) -> None:
        """Waits while the inbox is full: the caller slows down rather than that an event is dropped."""
        if events:
            self._put(_Submitted(tuple(events)))

    def respond(self, payload: bytes) -> None:
        """The answer to a command; lost when there is no connection."""
        self._put(_Response(payload))

    def stats(self) -> SinkStats:
        """At most a moment old."""
        return self._stats

    def close(self, flush_timeout_s: float) -> None:
        """Commit what was submitted, wait at most so long until the collector has it all, say goodbye.

        Raises SinkStopped when the disk took not all of it.
        """
        self._put(_Close(time.monotonic() + flush_timeout_s))
        self._thread.join()
        if self._crash is not None:
            raise SinkStopped(f"the event sink has crashed: {self._crash!r}") from self._crash
        if self._batch:
            raise SinkStopped(f"the disk is full: {len(self._batch)} events are stored nowhere; free some room")

    def _put(self, item: _Input) -> None:
        while self._crash is None and self._thread.is_alive():
            try:
                return self._inbox.put(item, timeout=1.0)
            except queue.Full:
                continue
        raise SinkStopped(f"the event sink is not running: {self._crash!r}") from self._crash

    def _put_from_link(self, happened: LinkInput) -> bool:
        try:
            self._inbox.put_nowait(happened)
        except queue.Full:
            return False
        return True

    def _run(self) -> None:
        """The thread's boundary: no silent death."""
        try:
            while self._close_at_s is None or (self._stats.outbox.pending and time.monotonic() < self._close_at_s):
                self._turn_or_rebuild()
            self._unstored += len(self._batch)
            self._stats = replace(self._stats, unstored=self._unstored)
            self._courier.say_goodbye(GOODBYE_S)
            self._outbox.close()
        except BaseException as error:  # noqa: BLE001
            self._crash = error
            self._on_crash(error)

    def _turn_or_rebuild(self) -> None:
        """A damaged file is no reason to stop: it would be the same one after a restart."""
        try:
            self._turn()
        except (sqlite3.DatabaseError, OutboxDamaged) as error:
            if isinstance(error, sqlite3.Error) and not is_damage(error):
                raise
            self._outbox = self._courier.rebuild(f"found at work: {error}")
            self._rebuilt += 1

    def _turn(self) -> None:
        """Take what happened, commit what is due, deliver."""
        self._beat_s = time.monotonic()
        self._take_inputs()
        now_s = time.monotonic()
        if self._batch and (now_s >= self._batch_due_s or self._close_at_s):
            self._commit(now_s)
        self._courier.work(now_s)
        if now_s >= self._stats_due_s or self._close_at_s:
            self._stats_due_s = now_s + STATS_EVERY_S
            self._stats = SinkStats(self._outbox.stats(), self._courier.stats(), self._unstored, self._rebuilt)

    def _commit(self, now_s: float) -> None:
        """What the disk does not take is held and offered again; beyond a bound the less urgent goes, the oldest first."""
        self._batch = self._batch[self._courier.commit(self._batch) :]
        self._batch_due_s = now_s + RETRY_S
        for event_class in reversed(EVENT_CLASSES):
            excess = len(self._batch) - HELD_EVENTS
            going = [event for event in self._batch if event.event_class == event_class][: max(0, excess)]
            self._batch = [event for event in self._batch if not any(event is one for one in going)]
            self._unstored += len(going)

    def _take_inputs(self) -> None:
        """Wait for the next input, at most until something else is due; then take all that is there."""
        due_s = min(time.monotonic() + TURN_S, self._batch_due_s if self._batch else float("inf"))
        try:
            self._take(self._inbox.get(timeout=max(0.0, due_s - time.monotonic())))
            for _ in range(INBOX_SIZE):
                self._take(self._inbox.get_nowait())
        except queue.Empty:
            pass

    def _take(self, item: _Input) -> None:
        now_s = time.monotonic()
        match item:
            case _Submitted(events):
                if not self._batch:
                    self._batch_due_s = now_s + BATCH_S
                self._batch.extend(events)
                if len(self._batch) >= BATCH_EVENTS or any(event.event_class == "incident" for event in events):
                    self._batch_due_s = now_s
            case _Response(payload):
                self._courier.respond(payload)
            case _Close(until_s):
                self._close_at_s = until_s
            case _:
                self._courier.take(item, now_s)
