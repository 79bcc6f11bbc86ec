"""Signed webhooks (Standard Webhooks): what the store queued, sent and tried again; no receiver holds another one up.

A collector that dies between a receiver's answer and writing it down sends that message again, with the same webhook-id.
"""

import asyncio
import logging
import random
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any, Protocol, TypeVar

import aiohttp
import msgspec

from collector import __version__
from collector.config import Webhooks
from collector.core import signing, subscribing
from collector.core.subscribing import Patience, Subscriber
from collector.outputs.addresses import Guarded
from collector.store.alerts import deliveries, subscriptions
from collector.store.alerts.alert_book import AlertBook
from collector.store.alerts.deliveries import Due, Tried
from collector.store.engines.opening import StoreUnavailable
from event_contract.times import format_time

AT_ONCE = 32  # posts to one receiver
MOST_READ = 256  # of what is due for one receiver
LOOK_EVERY_S = 0.5
PACE_S = 0.05
log = logging.getLogger(__name__)
T = TypeVar("T")


class Ask(Protocol):
    """A question to the store, from the event loop."""

    def __call__(self, question: Callable[..., T], /, *args: Any) -> Awaitable[T]: ...


class Perform(Protocol):
    """Work in a writing transaction, from the event loop."""

    def __call__(self, work: Callable[[AlertBook], T], /) -> Awaitable[T]: ...


@dataclass(frozen=True, slots=True)
class Reply:
    """What a receiver answered, or why it did not."""

    status: int | None
    outcome: str
    retry_after_s: float | None = None

    @property
    def taken(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


@dataclass(slots=True)
class Outlet:
    """One receiver in this process, and what was read for it."""

    subscriber: Subscriber
    patience: Patience
    ready: deque[Due] = field(default_factory=deque)
    posting: int = 0
    unwritten: set[int] = field(default_factory=set)  # numbers of changes that were read and are not yet written down

    def take(self, found: Sequence[Due]) -> None:
        fresh = [due for due in found if due.seq not in self.unwritten]
        self.ready.extend(fresh)
        self.unwritten.update(due.seq for due in fresh)

    def next(self, now: float) -> Due | None:
        """What to post now; while the receiver is in doubt one at a time."""
        at_once = 1 if self.patience.doubts else AT_ONCE
        if not self.ready or self.posting >= at_once or not self.patience.allows(now):
            return None
        self.posting += 1
        return self.ready.popleft()

    def put_back(self) -> None:
        """It is read again when the receiver is back: what is due first goes first."""
        self.unwritten.difference_update(due.seq for due in self.ready)
        self.ready.clear()


class Sender:
    """Belongs to the event loop. `now` is Unix time; of several collectors on one database one `leads` and sends."""

    def __init__(
        self,
        ask: Ask,
        perform: Perform,
        leads: Callable[[], bool],
        rules: Webhooks,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._ask, self._perform, self._leads, self._rules, self._now = ask, perform, leads, rules, now
        self._outlets: dict[str, Outlet] = {}
        self._tried: list[Tried] = []
        self._back: list[str] = []
        self._posts: set[asyncio.Task[None]] = set()
        self._news, self._written_soon = asyncio.Event(), asyncio.Event()
        self._http: aiohttp.ClientSession | None = None

    def wake(self) -> None:
        """Something may be due."""
        self._news.set()

    async def run(self) -> None:
        """Until it is cancelled; a store that is away is asked again."""
        writing = asyncio.create_task(self._write())
        try:
            async with self._session() as self._http:
                while True:
                    with suppress(StoreUnavailable):
                        await self._turn()
                    with suppress(TimeoutError):
                        async with asyncio.timeout(LOOK_EVERY_S):  # wait_for may swallow a cancellation
                            await self._news.wait()
                    await asyncio.sleep(PACE_S)
                    self._news.clear()
        finally:
            for task in (writing, *self._posts):
                task.cancel()
            await asyncio.gather(writing, *self._posts, return_exceptions=True)

    async def try_out(self, subscriber: Subscriber) -> Reply:
        """Send a message of type `webhook.test` now, once."""
        now = self._now()
        data = {"test": True, "subscriber": subscriber.wish.name}
        told = {"type": "webhook.test", "timestamp": format_time(now), "data": data}
        return await self._post(subscriber, f"msg_test_{int(now * 1000)}", msgspec.json.encode(told))

    def _session(self) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(resolver=Guarded(self._rules), limit=0, ttl_dns_cache=60)
        timeout = aiohttp.ClientTimeout(total=self._rules.timeout_s)
        agent = {"User-Agent": f"kerbwatch/{__version__}"}
        return aiohttp.ClientSession(connector=connector, timeout=timeout, headers=agent, cookie_jar=aiohttp.DummyCookieJar())

    async def _turn(self) -> None:
        if not self._leads():
            return
        subscribers = [one for one in await self._ask(subscriptions.all_of) if one.disabled is None]
        known = self._outlets
        self._outlets = {one.id: known.get(one.id) or Outlet(one, Patience(one.wish.per_minute)) for one in subscribers}
        for subscriber in subscribers:
            outlet = self._outlets[subscriber.id]
            outlet.subscriber = subscriber
            if self._now() >= outlet.patience.held_until and len(outlet.unwritten) < MOST_READ:
                outlet.take(await self._ask(deliveries.due, subscriber.id, self._now(), MOST_READ))
            self._start(outlet)

    def _start(self, outlet: Outlet) -> None:
        while self._outlets.get(outlet.subscriber.id) is outlet and (due := outlet.next(self._now())) is not None:
            task = asyncio.create_task(self._deliver(outlet, due))
            self._posts.add(task)
            task.add_done_callback(self._posts.discard)

    async def _deliver(self, outlet: Outlet, due: Due) -> None:
        subscriber = outlet.subscriber
        reply = await self._post(subscriber, subscribing.message_id(subscriber.id, due.seq), content(due))
        outlet.posting -= 1
        now, tries, chance = self._now(), due.tries + 1, random.random()  # noqa: S311 - spreads tries
        key = (subscriber.id, due.seq, tries, now, reply.outcome)
        if reply.taken:
            self._tried.append(Tried(*key, delivered=True))
            if outlet.patience.succeed():
                self._back.append(subscriber.id)
        else:
            outlet.patience.fail(now, chance, reply.retry_after_s)
            outlet.put_back()
            gone = reply.status == 410
            next_at = None if gone else subscribing.next_try_at(tries, now, chance, reply.retry_after_s)
            self._tried.append(Tried(*key, delivered=False, next_at=next_at, gone=gone))
        self._start(outlet)
        self._written_soon.set()

    async def _post(self, subscriber: Subscriber, message_id: str, body: bytes) -> Reply:
        if self._http is None:
            return Reply(None, "the sender is not running")
        now = self._now()
        signed = signing.headers(subscriber.valid(now), message_id, int(now), body)
        headers = {"Content-Type": "application/json", **signed}
        try:
            async with self._http.post(subscriber.wish.url, data=body, headers=headers, allow_redirects=False) as answer:
                return Reply(answer.status, str(answer.status), _seconds(answer.headers.get("Retry-After"), time.time()))
        except TimeoutError:
            return Reply(None, f"no answer within {self._rules.timeout_s:g} s")
        except aiohttp.ClientConnectorError as error:
            return Reply(None, str(error.os_error)[:200])
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return Reply(None, f"{type(error).__name__}: {error}"[:200])

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


def content(due: Due) -> bytes:
    """The same bytes on every try."""
    at = format_time(due.changed_at)
    return b'{"type":"alert.%s","timestamp":"%s","data":%s}' % (due.action.encode(), at.encode(), due.body)


def _seconds(retry_after: str | None, now: float) -> float | None:
    """Seconds or a date (RFC 9110, 10.2.3); None for anything else."""
    text = (retry_after or "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - now)
    except (ValueError, OverflowError):
        return None
