"""From the broker to the store: gather what has come, commit it, and only then acknowledge, to device and broker."""

import logging
import queue
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from collector.broker.link import RECEIVE_MAXIMUM
from collector.broker.mqtt_client import Client, Message
from collector.core.delivery import Received
from collector.core.intake import BATCH_MESSAGES, Arrival, Bury, Commit, Confirm, Intake, Tell
from collector.inbox import Inbox
from collector.store.alerts.alert_book import AlertBook, Change
from collector.store.engines.opening import StoreUnavailable
from collector.store.event_store import EventStore
from collector.store.replaying import Replayed
from collector.store.taking import Committed
from collector.upkeep import Upkeep
from event_contract import topics
from event_contract.messages import encode

BATCH_WAIT_S = 0.004
WORTH_A_COMMIT = 100  # messages: more are not waited for
IDLE_S = 0.2
HELD_TURN_S = 0.1  # while the store takes nothing
log = logging.getLogger(__name__)
T = TypeVar("T")


class Ingest:
    """Owns the store's writer thread. `on_failure` is called when that thread dies: nothing works without it."""

    def __init__(
        self,
        store: EventStore,
        upkeep: Upkeep,
        on_changes: Callable[[tuple[Change, ...]], None],
        on_failure: Callable[[str], None],
    ) -> None:
        self._store = store
        self._upkeep = upkeep
        self._on_changes = on_changes
        self._on_failure = on_failure
        self._inbox: Inbox[Arrival[Client]] = Inbox(2 * RECEIVE_MAXIMUM)  # QoS 1 alone cannot fill it
        self._intake: Intake[Client] = Intake()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="event writer", daemon=True)
        self._errands: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self.counts: Counter[str] = Counter()
        self.unavailable: str | None = None  # why the store takes nothing

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Commit what has arrived, then end the thread."""
        self._stopping.set()
        self._thread.join(30)

    def receive(self, client: Client, message: Message) -> None:
        """From the broker link's thread. The client stands for its connection: acknowledgements go back through it alone."""
        self._inbox.put(Arrival(client, message.mid, message.qos, Received(message.topic, message.payload, time.time())))

    def replay(self, n: int) -> Future[Replayed | None]:
        """Read dead letter `n` again; None: there is none. From any thread."""
        return self._ask(lambda: self._store.replay(n, time.time()))

    def drop_letter(self, n: int) -> Future[bool]:
        """Delete dead letter `n`; False: there is none. From any thread."""
        return self._ask(lambda: (self._store.drop_letter(n), None))

    def perform(self, work: Callable[[AlertBook], T]) -> Future[T]:
        """What a person asks for, in a transaction of its own. From any thread."""
        return self._ask(lambda: self._store.perform(work))

    def _ask(self, errand: Callable[[], tuple[T, Committed | None]]) -> Future[T]:
        """The writer's thread does it, for the store is its own."""
        future: Future[T] = Future()

        def run() -> None:
            try:
                answer, committed = errand()
                if committed is not None:
                    self._note(committed)
                future.set_result(answer)
            except Exception as error:  # noqa: BLE001 - the request's boundary: it is told there
                future.set_exception(error)

        self._errands.put(run)
        self._inbox.wake()
        return future

    def _run(self) -> None:
        try:
            while not (self._stopping.is_set() and not self._inbox):
                self._intake.arrived(self._gather())
                while not self._intake.idle:
                    if work := self._intake.work(time.monotonic()):
                        self._do(work)
                    elif self._stopping.wait(HELD_TURN_S):
                        return  # what is not committed is not acknowledged, and comes again
                    else:
                        self._do_the_rest()  # deleting what is old may make room
                self._do_the_rest()
        except Exception as error:  # noqa: BLE001 - the thread's boundary: the process ends, and is started again
            self._on_failure(f"event writer: {type(error).__name__}: {error}")

    def _gather(self) -> list[Arrival[Client]]:
        """What has come while the last batch was committed; where that is little, what comes within a few milliseconds."""
        if self._inbox.wait(IDLE_S) and len(self._inbox) < WORTH_A_COMMIT:
            time.sleep(BATCH_WAIT_S)
        return self._inbox.take(BATCH_MESSAGES)

    def _do(self, work: Commit | Bury) -> None:
        try:
            match work:
                case Commit(batch):
                    committed = self._store.commit(batch)
                case Bury(received, reason):
                    committed = self._store.bury(received, reason)
        except StoreUnavailable as error:
            self._mourn(error)
            self._intake.unavailable(time.monotonic())
        except Exception as error:
            if isinstance(work, Bury):
                raise
            self._intake.failed(f"cannot be stored: {type(error).__name__}: {error}")
        else:
            self.counts["commits"] += 1
            self._rejoice()
            self._note(committed)
            actions = self._intake.committed(committed.acks)
            for action in actions:
                self._perform(action)
            for client in {action.connection for action in actions}:
                client.flush()

    def _perform(self, action: Tell[Client] | Confirm[Client]) -> None:
        match action:
            case Tell(client, device, ack):
                told = client.tell(topics.ack(device), encode(ack))
                self.counts["acks" if told else "acks_not_sent"] += 1
            case Confirm(client, mids):
                client.confirm(mids)

    def _do_the_rest(self) -> None:
        while not self._errands.empty():
            self._errands.get()()
        try:
            for committed in self._upkeep.turn(time.monotonic(), time.time()):
                self._note(committed)
                if self._intake.idle:  # else a message waits that the store did not take
                    self._rejoice()
        except StoreUnavailable as error:
            self._mourn(error)

    def _mourn(self, error: StoreUnavailable) -> None:
        """Loud once, and in the status until the store takes something again."""
        self.counts["store_unavailable"] += 1
        if self.unavailable is None:
            log.error("the store takes nothing, so nothing is acknowledged; the devices keep it: %s", error)
        self.unavailable = str(error)

    def _rejoice(self) -> None:
        if self.unavailable is not None:
            log.warning("the store takes messages again")
            self.unavailable = None

    def _note(self, committed: Committed) -> None:
        self.counts.update(committed.outcomes)
        if committed.changes:
            self._on_changes(committed.changes)
