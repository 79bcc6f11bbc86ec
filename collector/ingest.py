"""From the broker to the store: gather what has come, commit it, and only then acknowledge, to device and broker."""

import logging
import queue
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import paho.mqtt.client as mqtt
from paho.mqtt.enums import MQTTErrorCode

from collector.broker_link import RECEIVE_MAXIMUM
from collector.core.delivery import Received
from collector.store.opening import StoreUnavailable
from collector.store.sqlite import Committed, EventStore
from collector.store.writing import Change
from event_contract import topics
from event_contract.messages import encode

BATCH_MESSAGES = 300
BATCH_WAIT_S = 0.004
UPKEEP_EVERY_S = 30.0
RETRY_AFTER_S = 1.0
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message, and what is needed to acknowledge it on the connection that brought it."""

    client: mqtt.Client
    mid: int
    qos: int
    received: Received


class Ingest:
    """Owns the store's writer thread. `on_failure` is called when that thread dies: nothing works without it."""

    def __init__(
        self,
        store: EventStore,
        keep_days: dict[str, float],
        on_changes: Callable[[tuple[Change, ...]], None],
        on_failure: Callable[[str], None],
    ) -> None:
        self._store = store
        self._keep_days = keep_days
        self._on_changes = on_changes
        self._on_failure = on_failure
        # A full queue makes paho's loop wait, and with it the broker; QoS 1 alone cannot fill it.
        self._queue: queue.Queue[Arrival] = queue.Queue(2 * RECEIVE_MAXIMUM)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="event writer", daemon=True)
        self._pruning_held = False
        self.counts: Counter[str] = Counter()

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Commit what has arrived, then end the thread."""
        self._stopping.set()
        self._thread.join(30)

    def receive(self, client: mqtt.Client, message: mqtt.MQTTMessage) -> None:
        """From the broker link's thread. The client stands for its connection: acknowledgements go back through it alone."""
        try:
            topic = message.topic
        except UnicodeDecodeError:
            topic = "(not UTF-8)"
        self._queue.put(Arrival(client, message.mid, message.qos, Received(topic, bytes(message.payload), time.time())))

    def _run(self) -> None:
        try:
            next_upkeep = time.monotonic() + UPKEEP_EVERY_S
            while not (self._stopping.is_set() and self._queue.empty()):
                batch = self._gather()
                if batch:
                    self._commit(batch)
                if time.monotonic() >= next_upkeep:
                    self._look_after()
                    next_upkeep = time.monotonic() + UPKEEP_EVERY_S
        except Exception as error:  # noqa: BLE001 - the thread's boundary: the process ends, and is started again
            self._on_failure(f"event writer: {type(error).__name__}: {error}")

    def _gather(self) -> list[Arrival]:
        """What comes within a few milliseconds of the first message, up to a few hundred."""
        try:
            batch = [self._queue.get(timeout=0.2)]
        except queue.Empty:
            return []
        deadline = time.monotonic() + BATCH_WAIT_S
        while len(batch) < BATCH_MESSAGES and (left := deadline - time.monotonic()) > 0:
            try:
                batch.append(self._queue.get(timeout=left))
            except queue.Empty:
                break
        return batch

    def _commit(self, batch: list[Arrival]) -> None:
        received = [arrival.received for arrival in batch]
        try:
            commits = [self._patiently(lambda: self._store.commit(received))]
        except Exception:  # noqa: BLE001 - one of them is poison: find it, keep it apart, store the others
            commits = [self._commit_one(one) for one in received]
        for committed in commits:
            self._tell(committed, batch[-1].client)
        for arrival in batch:
            arrival.client.ack(arrival.mid, arrival.qos)  # on a connection that has ended this goes nowhere

    def _commit_one(self, received: Received) -> Committed:
        try:
            return self._patiently(lambda: self._store.commit([received]))
        except Exception as error:  # noqa: BLE001 - counted as a dead letter, with its reason
            reason = f"cannot be stored: {type(error).__name__}: {error}"
            return self._patiently(lambda: self._store.bury(received, reason))

    def _patiently(self, commit: Callable[[], Committed]) -> Committed:
        """Try until the database takes it: what is not committed is not acknowledged, and the broker waits."""
        while True:
            try:
                return commit()
            except StoreUnavailable as error:
                self.counts["store_unavailable"] += 1
                if self._stopping.wait(RETRY_AFTER_S):
                    raise SystemExit(f"event writer: {error}") from error

    def _look_after(self) -> None:
        committed = self._patiently(lambda: self._store.look_after(time.time(), self._keep_days))
        self._tell(committed, None)
        held = "pruning_held" in committed.outcomes
        if held and not self._pruning_held:
            log.warning("the clock is days past all that the store holds: nothing old is deleted for 2 days; check the clock")
        self._pruning_held = held

    def _tell(self, committed: Committed, client: mqtt.Client | None) -> None:
        self.counts.update(committed.outcomes)
        if committed.changes:
            self._on_changes(committed.changes)
        if client is not None:
            for device, ack in committed.acks:
                sent = client.publish(topics.ack(device), encode(ack), qos=1)
                self.counts["acks" if sent.rc == MQTTErrorCode.MQTT_ERR_SUCCESS else "acks_not_sent"] += 1
