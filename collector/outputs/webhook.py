"""Signed webhooks (Standard Webhooks): what the store queued, sent and tried again; no receiver holds another one up.

A collector that dies between a receiver's answer and writing it down sends that message again, with the same webhook-id.
"""

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable
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
from collector.store import deliveries, subscriptions
from collector.store.alert_book import AlertBook
from collector.store.deliveries import Due, Tried
from collector.store.opening import StoreUnavailable
from event_contract.times import format_time

AT_ONCE = 8  # posts to one receiver
UNWRITTEN = 256  # of one receiver: posted or being posted, not yet written down
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
    """One receiver in this process."""

    patience: Patience
    posting: int = 0
    unwritten: set[int] = field(default_factory=set)  # numbers of changes

    def room(self) -> int:
        most = 1 if self.patience.doubts else AT_ONCE
        return min(most - self.posting, UNWRITTEN - len(self.unwritten))


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
        self._news = asyncio.Event()
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
                        await asyncio.wait_for(self._news.wait(), LOOK_EVERY_S)
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
        subscribers = {one.id: one for one in await self._ask(subscriptions.all_of) if one.disabled is None}
        self._outlets = {
            one.id: self._outlets.get(one.id) or Outlet(Patience(one.wish.per_minute)) for one in subscribers.values()
        }
        for subscriber in subscribers.values():
            outlet = self._outlets[subscriber.id]
            room, now = outlet.room(), self._now()
            if room <= 0 or now < outlet.patience.held_until:
                continue
            waiting = await self._ask(deliveries.due, subscriber.id, now, room + len(outlet.unwritten))
            for due in [one for one in waiting if one.seq not in outlet.unwritten][:room]:
                if not outlet.patience.allows(now):
                    break
                outlet.unwritten.add(due.seq)
                outlet.posting += 1
                task = asyncio.create_task(self._deliver(subscriber, outlet, due))
                self._posts.add(task)
                task.add_done_callback(self._posts.discard)

    async def _deliver(self, subscriber: Subscriber, outlet: Outlet, due: Due) -> None:
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
            gone = reply.status == 410
            next_at = None if gone else subscribing.next_try_at(tries, now, chance, reply.retry_after_s)
            self._tried.append(Tried(*key, delivered=False, next_at=next_at, gone=gone))
        self._news.set()

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
            await asyncio.sleep(PACE_S)
            if not self._tried:
                continue
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
