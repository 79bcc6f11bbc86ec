"""The collector's side of the delivery protocol, sans-IO: what arrives goes in, what is to be done comes out.

Nobody hears of a message before the store has committed it: then its device does, and last the broker, so that the
message comes again when this collector dies in between.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from typing import Generic, TypeVar

from msgspec import Struct

from collector.core.delivery import Received
from event_contract.messages import Ack

BATCH_MESSAGES = 1000  # a commit costs little more for many than for few: so many when they wait
RETRY_AFTER_S = 1.0

Connection = TypeVar("Connection")


class Arrival(Struct, Generic[Connection], frozen=True):
    """A message, and what is needed to acknowledge it on the connection that brought it."""

    connection: Connection
    mid: int
    qos: int
    received: Received


class Commit(Struct, frozen=True):
    """All of it in one transaction."""

    batch: tuple[Received, ...]


class Bury(Struct, frozen=True):
    """The message cannot be stored: keep it as a dead letter."""

    received: Received
    reason: str


class Tell(Struct, Generic[Connection], frozen=True):
    """The device may delete what the acknowledgement names."""

    connection: Connection
    device: str
    ack: Ack


class Confirm(Struct, Generic[Connection], frozen=True):
    """The broker's messages are done with; of QoS 1 all of them."""

    connection: Connection
    mids: tuple[int, ...]


class Intake(Generic[Connection]):
    """Times are monotonic seconds. `work` is answered by `committed`, `unavailable` or `failed` before it is asked again."""

    def __init__(self) -> None:
        self._waiting: deque[Arrival[Connection]] = deque()
        self._batch: list[Arrival[Connection]] = []  # given out by `work`, not committed yet
        self._singly = 0  # so many are committed one by one: a poisoned one is among them
        self._poison: str | None = None  # why the one message of the batch cannot be stored
        self._held_until_s = 0.0

    @property
    def idle(self) -> bool:
        """Everything that arrived is committed and answered."""
        return not self._waiting and not self._batch

    def arrived(self, arrivals: Iterable[Arrival[Connection]]) -> None:
        self._waiting.extend(arrivals)

    def work(self, now_s: float) -> Commit | Bury | None:
        """What the store is to do now."""
        if self.idle or now_s < self._held_until_s:
            return None
        if not self._batch:
            size = 1 if self._singly else min(BATCH_MESSAGES, len(self._waiting))
            self._batch = [self._waiting.popleft() for _ in range(size)]
            self._singly = max(0, self._singly - 1)
        if self._poison is not None:
            return Bury(self._batch[0].received, self._poison)
        return Commit(tuple(arrival.received for arrival in self._batch))

    def committed(self, acks: Sequence[tuple[str, Ack]]) -> list[Tell[Connection] | Confirm[Connection]]:
        """The work is on the disk. A connection that has ended in the meantime takes the answers nowhere."""
        newest = self._batch[-1].connection
        tell = [Tell(newest, device, ack) for device, ack in acks]
        mids: dict[Connection, list[int]] = {}
        for arrival in self._batch:
            if arrival.qos:
                mids.setdefault(arrival.connection, []).append(arrival.mid)
        self._batch, self._poison = [], None
        return [*tell, *(Confirm(connection, tuple(of_it)) for connection, of_it in mids.items())]

    def unavailable(self, now_s: float) -> None:
        """The store takes nothing at the moment: the same again in a second. The broker waits meanwhile."""
        self._held_until_s = now_s + RETRY_AFTER_S

    def failed(self, reason: str) -> None:
        """The commit cannot be: one message of the batch is poison. Find it, keep it apart, store the others."""
        if len(self._batch) == 1:
            self._poison = reason
        else:
            self._singly = len(self._batch)
            self._waiting.extendleft(reversed(self._batch))
            self._batch = []
