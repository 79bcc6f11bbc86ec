"""Tells subscribers what the store queued, and tries again: by whatever carrier, and none of them holds another one up.

A collector that dies between a receiver's answer and writing it down sends that message again, with the same id.
"""

import asyncio
import random
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from collector.core import subscribing
from collector.core.patience import Patience
from collector.core.subscribing import Subscriber, Way
from collector.outputs.carrying import Carrier, Carriers, Message, Reply, messages, trial
from collector.store.alerts import deliveries, subscriptions
from collector.store.alerts.alert_book import AlertBook
from collector.store.alerts.deliveries import Due, Tried
from collector.store.engines.opening import StoreUnavailable

MOST_READ = 256  # of what is due for one receiver
LOOK_EVERY_S = 0.5
PACE_S = 0.05
T = TypeVar("T")


class Ask(Protocol):
    """A question to the store, from the event loop."""

    def __call__(self, question: Callable[..., T], /, *args: Any) -> Awaitable[T]: ...


class Perform(Protocol):
    """Work in a writing transaction, from the event loop."""

    def __call__(self, work: Callable[[AlertBook], T], /) -> Awaitable[T]: ...


@dataclass(slots=True)
class Outlet:
    """One receiver in this process, and what was read for it."""

    subscriber: Subscriber
    carrier: Carrier
    patience: Patience
    ready: deque[Message] = field(default_factory=deque)
    under_way: int = 0
    unwritten: set[int] = field(default_factory=set)  # numbers of changes that were read and are not yet written down
    met: int = 0  # by its carrier, when all that stands was queued anew
    told_since: set[int] = field(default_factory=set)  # changes

    def take(self, found: Sequence[Due]) -> None:
        fresh = [due for due in found if due.seq not in self.unwritten]
        self.ready.extend(messages(self.subscriber, fresh))
        self.unwritten.update(due.seq for due in fresh)

    def next(self, now: float) -> Message | None:
        """What to send now; while the receiver is in doubt one at a time. What is urgent waits for no room."""
        at_once = 1 if self.patience.doubts else self.carrier.at_once
        if not self.ready or self.under_way >= at_once or now < self.patience.held_until:
            return None
        roomy = self.patience.room_at(now) <= now
        message = self.ready[0] if roomy else next((one for one in self.ready if self._urgent(one)), None)
        if message is not None:
            self.patience.spend(now)
            self.ready.remove(message)
            self.under_way += 1
        return message

    def beyond(self) -> list[int]:
        """Numbers of what has to wait for room; it is read again when there is some."""
        waiting = [one for one in self.ready if not self._urgent(one)]
        self.ready = deque(one for one in self.ready if one not in waiting)
        return [seq for one in waiting for seq in one.seqs]

    def put_back(self) -> None:
        """It is read again when the receiver is back: what is due first goes first."""
        self.unwritten.difference_update(seq for one in self.ready for seq in one.seqs)
        self.ready.clear()

    def _urgent(self, message: Message) -> bool:
        return subscribing.urgent(self.subscriber.wish, message.severity)


class Sender:
    """Belongs to the event loop. `now` is Unix time; of several collectors on one database one `leads` and sends."""

    def __init__(
        self, ask: Ask, perform: Perform, leads: Callable[[], bool], carriers: Carriers, now: Callable[[], float] = time.time
    ) -> None:
        self._ask, self._perform, self._leads, self._carriers, self._now = ask, perform, leads, carriers, now
        self._outlets: dict[str, Outlet] = {}
        self._tried: list[Tried] = []
        self._back: list[str] = []
        self._sending: set[asyncio.Task[None]] = set()
        self._news, self._written_soon = asyncio.Event(), asyncio.Event()

    def wake(self) -> None:
        """Something may be due."""
        self._news.set()

    async def run(self) -> None:
        """Until it is cancelled; a store that is away is asked again."""
        writing = asyncio.create_task(self._write())
        try:
            while True:
                with suppress(StoreUnavailable):
                    await self._turn()
                with suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_EVERY_S):  # wait_for may swallow a cancellation
                        await self._news.wait()
                await asyncio.sleep(PACE_S)
                self._news.clear()
        finally:
            for task in (writing, *self._sending):
                task.cancel()
            await asyncio.gather(writing, *self._sending, return_exceptions=True)
            for carrier in self._carriers.values():
                await carrier.close()

    @property
    def ways(self) -> frozenset[Way]:
        """By which subscribers can be told here."""
        return frozenset(self._carriers)

    async def try_out(self, subscriber: Subscriber) -> Reply:
        """Send a test message now, once."""
        carrier = self._carriers.get(subscriber.wish.way)
        if carrier is None:
            return Reply(False, f"this collector tells nobody by {subscriber.wish.way}")
        return await carrier.carry(subscriber, trial(self._now()))

    async def _turn(self) -> None:
        if not self._leads():
            return
        known = self._outlets
        told = [one for one in await self._ask(subscriptions.all_of) if one.disabled is None and one.wish.way in self._carriers]
        self._outlets = {one.id: known.get(one.id) or self._outlet(one) for one in told}
        for subscriber in told:
            outlet = self._outlets[subscriber.id]
            outlet.subscriber = subscriber
            await self._meet(outlet)
            if self._now() >= outlet.patience.held_until and len(outlet.unwritten) < MOST_READ:
                outlet.take(await self._due(subscriber.id))
            self._start(outlet)
            await self._hold(outlet)

    async def _meet(self, outlet: Outlet) -> None:
        """Queue what stands anew for who may have forgotten it."""
        met, now = outlet.carrier.met(), self._now()
        if met != outlet.met:
            known = frozenset(outlet.told_since)
            await self._perform(lambda book: subscriptions.queue_anew(book.db, outlet.subscriber, known, now))
            outlet.met = met
            outlet.told_since.clear()

    def _outlet(self, subscriber: Subscriber) -> Outlet:
        return Outlet(subscriber, self._carriers[subscriber.wish.way], Patience(subscriber.wish.per_minute))

    async def _due(self, subscriber: str) -> list[Due]:
        """What was held back is summed up first."""
        now = self._now()
        found = await self._ask(deliveries.due, subscriber, now, MOST_READ)
        if any(one.held is not None and one.summary is None for one in found):
            await self._perform(lambda book: deliveries.sum_up(book.db, subscriber, now))
            found = await self._ask(deliveries.due, subscriber, now, MOST_READ)
        return found

    async def _hold(self, outlet: Outlet) -> None:
        until = outlet.patience.room_at(self._now())
        if until > self._now() and (seqs := outlet.beyond()):
            await self._perform(lambda book: deliveries.hold(book.db, outlet.subscriber.id, seqs, until))
            outlet.unwritten.difference_update(seqs)

    def _start(self, outlet: Outlet) -> None:
        while self._outlets.get(outlet.subscriber.id) is outlet and (message := outlet.next(self._now())) is not None:
            task = asyncio.create_task(self._deliver(outlet, message))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)

    async def _deliver(self, outlet: Outlet, message: Message) -> None:
        subscriber = outlet.subscriber
        reply = await outlet.carrier.carry(subscriber, message)
        outlet.under_way -= 1
        now, tries, chance = self._now(), message.tries + 1, random.random()  # noqa: S311 - spreads tries
        next_at = None
        if reply.taken:
            if reply.met != outlet.met:
                outlet.told_since.update(message.seqs)
            if outlet.patience.succeed():
                self._back.append(subscriber.id)
        else:
            outlet.patience.fail(now, chance, reply.retry_after_s)
            outlet.put_back()
            next_at = None if reply.gone else subscribing.next_try_at(tries, now, chance, reply.retry_after_s)
        self._tried.extend(
            Tried(subscriber.id, seq, tries, now, reply.outcome, reply.taken, next_at, reply.gone) for seq in message.seqs
        )
        self._start(outlet)
        self._written_soon.set()

    async def _write(self) -> None:
        """Write down what was tried, many at a time."""
        while True:
            await self._written_soon.wait()
            await asyncio.sleep(PACE_S)
            self._written_soon.clear()
            tried, back, now = self._tried, self._back, self._now()
            self._tried, self._back = [], []
            while True:
                try:
                    await self._perform(lambda book: deliveries.note(book, tried, back, now))  # noqa: B023 - awaited here
                    break
                except StoreUnavailable:
                    await asyncio.sleep(LOOK_EVERY_S)
            for one in tried:
                if one.subscriber in self._outlets:
                    self._outlets[one.subscriber].unwritten.discard(one.seq)
            self._news.set()
