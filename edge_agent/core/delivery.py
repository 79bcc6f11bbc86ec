"""The agent's side of the delivery protocol, sans-IO: what happened goes in, what is to be done comes out.

An event leaves the device only when the collector says that it is committed. A broker's PUBACK proves nothing (it
acknowledges from memory, and acknowledges what it then drops): here it is only a source of faults.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf

from event_contract.kinds import EVENT_CLASSES, EventClass
from event_contract.messages import Ack
from event_contract.presence import CollectorStatus

WINDOW: dict[EventClass, int] = {"incident": 100, "state": 90, "telemetry": 80}  # the less urgent never fills all of it
RESEND_AFTER_S = 30.0
FIRST_BACKOFF_S = 1.0
MAX_BACKOFF_S = 60.0
MAX_COLLECTORS = 256
STATUS_QUOTA = 2  # of the broker's receive maximum, kept for the birth
FAILURE_CODE = 0x80  # MQTT 5, 2.4: a reason code from here on is a failure


@dataclass(frozen=True, slots=True)
class Fetch:
    """Tell the core which messages of `stream` wait: at most `limit` numbers above `after`, ascending."""

    event_class: EventClass
    stream: str
    after: int
    limit: int


@dataclass(frozen=True, slots=True)
class Publish:
    event_class: EventClass
    stream: str
    seq: int


@dataclass(frozen=True, slots=True)
class PublishBirth:
    pass


@dataclass(frozen=True, slots=True)
class Delete:
    """Messages `first`..`last` (inclusive) are committed in the collector."""

    stream: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Fork:
    """`stream` is someone else's too: open a new one, renumber what waits, then call `forked`."""

    stream: str


@dataclass(frozen=True, slots=True)
class Reconnect:
    """The broker takes all it may take at once and confirms nothing."""


Action = Publish | PublishBirth | Delete | Fork | Reconnect


@dataclass(slots=True)
class _Lane:
    """One class of events on its way: how far it was read, what is in flight, until when a fault holds it."""

    event_class: EventClass
    stream: str
    read_up_to: int = 0
    read_all: bool = False
    sent_at_s: dict[int, float] = field(default_factory=dict)
    answered_at_s: float = 0.0  # when the last answer came
    answered_up_to_s: float = 0.0  # when the youngest of those that have been answered was sent
    held_until_s: float = 0.0
    backoff_s: float = 0.0

    def rewind(self) -> None:
        self.read_up_to = 0
        self.read_all = False
        self.sent_at_s.clear()


class Delivery:
    """Times are monotonic seconds. `epoch` numbers the connections; what an older one says late is ignored."""

    def __init__(self, streams: Mapping[EventClass, str]) -> None:
        self._lanes = [_Lane(event_class, streams[event_class]) for event_class in EVENT_CLASSES]
        self._epoch: int | None = None
        self._quota = 0  # publishes that the broker takes before it must confirm one
        self._collectors: set[str] = set()
        self._birth_due = False  # a collector has appeared that has not heard it
        self.resent = 0
        self.refused = 0

    @property
    def connected_now(self) -> bool:
        return self._epoch is not None

    @property
    def collector_online(self) -> bool:
        return bool(self._collectors)

    @property
    def in_flight(self) -> int:
        return sum(len(lane.sent_at_s) for lane in self._lanes)

    def connected(self, epoch: int, receive_maximum: int) -> list[Action]:
        """Nothing of an older connection counts; events go on when a collector says on this one that it is online."""
        self._epoch = epoch
        self._quota = max(1, receive_maximum - STATUS_QUOTA)
        self._collectors.clear()
        self._birth_due = False
        for lane in self._lanes:
            lane.held_until_s = lane.backoff_s = 0.0
        return [PublishBirth()]

    def disconnected(self, epoch: int) -> None:
        if epoch == self._epoch:
            self._epoch = None
            self._collectors.clear()

    def collector_status(self, epoch: int, status: CollectorStatus) -> None:
        """Events are held while no collector is online. One that (re)appears has missed what was in flight.

        At the next `tick` it is told the birth again, before any event and once for all that appear together: the retained
        one says what waited when this connection began, and the quota has room for few.
        """
        if epoch == self._epoch and not status.online:
            self._collectors.discard(status.instance)
        elif epoch == self._epoch and len(self._collectors) < MAX_COLLECTORS:
            self._collectors.add(status.instance)
            self._birth_due = True
            for lane in self._lanes:
                lane.rewind()

    def appended(self) -> None:
        """The outbox holds something new."""
        for lane in self._lanes:
            lane.read_all = False

    def wanted(self, now_s: float) -> Fetch | None:
        """What to read next from the outbox: the most urgent class that has room in the window and may have more."""
        if not self._ready() or self._birth_due:
            return None
        in_flight = self.in_flight
        for lane in self._lanes:
            room = min(WINDOW[lane.event_class] - in_flight, self._quota)
            if room > 0 and not lane.read_all and now_s >= lane.held_until_s:
                return Fetch(lane.event_class, lane.stream, lane.read_up_to, room)
        return None

    def fetched(self, fetch: Fetch, seqs: Sequence[int], now_s: float) -> list[Action]:
        """The answer to `wanted`."""
        lane = self._lane(fetch.stream)
        if lane is None:
            return []
        lane.read_all = len(seqs) < fetch.limit
        lane.read_up_to = seqs[-1] if seqs else lane.read_up_to
        return self._publish(lane, seqs, now_s)

    def gone(self, stream: str, seq: int) -> None:
        """A message that was to be published has been shed in the meantime."""
        self._quota += 1
        if lane := self._lane(stream):
            lane.sent_at_s.pop(seq, None)

    def puback(self, epoch: int, stream: str, seq: int, reason_code: int, now_s: float) -> None:
        """A refusal holds back the class for 1, 2, 4 .. 60 s; the message is then sent again."""
        if epoch != self._epoch:
            return
        self._quota += 1
        lane = self._lane(stream)
        if reason_code < FAILURE_CODE or lane is None or seq not in lane.sent_at_s:
            return
        self.refused += 1
        if now_s >= lane.held_until_s:  # one fault, however many messages of the window it hits
            lane.backoff_s = min(max(FIRST_BACKOFF_S, 2 * lane.backoff_s), MAX_BACKOFF_S)
            lane.held_until_s = now_s + lane.backoff_s
        lane.sent_at_s[seq] = -inf  # due as soon as the class is let go

    def acknowledged(self, ack: Ack, now_s: float) -> list[Action]:
        """Only what is in flight is deleted: an answer to someone else's message of the same number is not for us."""
        lane = self._lane(ack.stream)
        if lane is None:
            return []
        committed = [seq for seq in lane.sent_at_s if any(first <= seq <= last for first, last in ack.ranges)]
        if committed:
            lane.backoff_s = 0.0
            lane.answered_at_s = now_s
            lane.answered_up_to_s = max(lane.answered_up_to_s, *(lane.sent_at_s.pop(seq) for seq in committed))
        deletions = [Delete(lane.stream, first, last) for first, last in as_ranges(sorted(committed))]
        return [*deletions, Fork(lane.stream)] if ack.forked else [*deletions]

    def forked(self, old_stream: str, new_stream: str) -> list[Action]:
        """The outbox has opened `new_stream` in place of `old_stream`: the birth must name it."""
        if lane := self._lane(old_stream):
            lane.stream = new_stream
            lane.rewind()
        self.appended()
        return [] if self._epoch is None else [PublishBirth()]

    def renewed(self, streams: Mapping[EventClass, str]) -> None:
        """The outbox has opened new streams in place of all. What was under way has no place any more: reconnect."""
        for lane in self._lanes:
            lane.stream = streams[lane.event_class]
            lane.rewind()

    def tick(self, now_s: float) -> list[Action]:
        """What has had no answer for 30 s is sent again, after the birth where it is due.

        While others that were sent as early still get their answers, the collector is slow, and more would make it slower.
        """
        if not self._ready():
            return []
        due, self._birth_due = self._birth_due, False
        return [PublishBirth(), *self._resend(now_s)] if due else self._resend(now_s)

    def _resend(self, now_s: float) -> list[Action]:
        actions: list[Action] = []
        for lane in self._lanes:
            silent = now_s - lane.answered_at_s >= RESEND_AFTER_S
            overdue = sorted(
                seq
                for seq, sent_at_s in lane.sent_at_s.items()
                if now_s - sent_at_s >= RESEND_AFTER_S and (silent or sent_at_s < lane.answered_up_to_s)
            )
            if overdue and now_s >= lane.held_until_s:
                if self._quota == 0:
                    return [*actions, Reconnect()]
                actions += self._publish(lane, overdue[: self._quota], now_s)
        self.resent += len(actions)
        return actions

    def _publish(self, lane: _Lane, seqs: Sequence[int], now_s: float) -> list[Action]:
        self._quota -= len(seqs)
        lane.sent_at_s.update((seq, now_s) for seq in seqs)
        return [Publish(lane.event_class, lane.stream, seq) for seq in seqs]

    def _ready(self) -> bool:
        return self._epoch is not None and bool(self._collectors)

    def _lane(self, stream: str) -> _Lane | None:
        return next((lane for lane in self._lanes if lane.stream == stream), None)


def as_ranges(seqs: Iterable[int]) -> list[tuple[int, int]]:
    """Ascending numbers -> inclusive ranges: 1 2 3 7 -> (1, 3) (7, 7)."""
    ranges: list[tuple[int, int]] = []
    for seq in seqs:
        if ranges and ranges[-1][1] + 1 == seq:
            ranges[-1] = (ranges[-1][0], seq)
        else:
            ranges.append((seq, seq))
    return ranges
