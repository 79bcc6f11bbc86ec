"""What is told to a subscriber, and who carries it there: one carrier per way, behind one queue."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import msgspec

from collector.core import subscribing
from collector.core.alerts import Alert
from collector.core.subscribing import Held, Subscriber, Way
from collector.store.alerts.deliveries import Due
from event_contract.kinds import Severity
from event_contract.times import format_time


class _Head(msgspec.Struct):
    id: str
    severity: Severity


@dataclass(frozen=True)
class Message:
    """One change of an alert, or several that were held back and are summed up. `id` is the same on every try.

    Without any it is a trial, which asks whether the subscriber can be reached.
    """

    id: str
    dues: tuple[Due, ...]
    at_s: float  # when the newest of them happened

    @property
    def seqs(self) -> tuple[int, ...]:
        return tuple(one.seq for one in self.dues)

    @property
    def tries(self) -> int:
        return self.dues[0].tries if self.dues else 0

    @property
    def held(self) -> Held | None:
        return self.dues[0].held if self.dues else None

    @cached_property
    def severity(self) -> Severity:
        return _head.decode(self.dues[0].body).severity

    @cached_property
    def newest(self) -> tuple[Due, ...]:
        """Of each alert the newest change, in their order."""
        return tuple({_head.decode(one.body).id: one for one in self.dues}.values())

    @cached_property
    def alerts(self) -> tuple[Alert, ...]:
        return tuple(_alert.decode(one.body) for one in self.newest)


@dataclass(frozen=True, slots=True)
class Reply:
    """What a receiver answered, or why it did not. `gone`: it wants nothing any more. `met`: see Carrier."""

    taken: bool
    outcome: str
    retry_after_s: float | None = None
    gone: bool = False
    met: int = 0


class Carrier(Protocol):
    """`at_once`: so many messages may be under way to one subscriber."""

    at_once: int

    def met(self) -> int:
        """How often who remembers for the receivers was met anew, and may have forgotten all; asked while there are any."""
        ...

    async def carry(self, subscriber: Subscriber, message: Message) -> Reply:
        """Once; whatever goes wrong is told in the reply."""
        ...

    async def close(self) -> None: ...


Carriers = Mapping[Way, Carrier]


def messages(subscriber: Subscriber, dues: Sequence[Due]) -> list[Message]:
    """In their order; the changes of one summary stand together."""
    parts: dict[tuple[str, int], list[Due]] = {}
    for due in dues:
        key = ("one", due.seq) if due.summary is None else ("summary", due.summary)
        parts.setdefault(key, []).append(due)
    return [
        Message(
            subscribing.message_id(subscriber.id, part[0].seq, part[0].summary),
            tuple(part),
            max(one.changed_at for one in part),
        )
        for part in parts.values()
    ]


def trial(now: float) -> Message:
    return Message(f"msg_test_{int(now * 1000)}", (), now)


def one_by_one(message: Message) -> list[Message]:
    """The newest change of each alert, as if it had been told alone."""
    return [Message(message.id, (one,), one.changed_at) for one in message.newest]


def content(subscriber: Subscriber, message: Message) -> bytes:
    """As JSON, the same bytes on every try: a change, a summary of several, or a test."""
    at = format_time(message.at_s)
    match message.dues:
        case ():
            data = {"test": True, "subscriber": subscriber.wish.name}
            return msgspec.json.encode({"type": "webhook.test", "timestamp": at, "data": data})
        case (due,):
            return b'{"type":"alert.%s","timestamp":"%s","data":%s}' % (due.action.encode(), at.encode(), due.body)
        case dues:
            alerts = [msgspec.Raw(one.body) for one in message.newest]
            summed = {"held": message.held, "changes": len(dues), "alerts": alerts}
            return msgspec.json.encode({"type": "alerts.summary", "timestamp": at, "data": summed})


_head = msgspec.json.Decoder(_Head)
_alert = msgspec.json.Decoder(Alert)
