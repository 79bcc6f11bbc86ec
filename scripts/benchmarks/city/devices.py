"""Many devices in one process and on one connection: an outbox in SQLite, a window, deletion when the collector has committed.

It says what it measured as one JSON document. With --rate events are committed as they are due; without, all of them wait.
"""

import argparse
import json
import random
import sqlite3
import time
from collections import deque
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from event_contract import messages, topics
from event_contract.kinds import EventClass
from event_contract.messages import Ack, Clock
from event_contract.presence import Birth, CollectorStatus, StreamBirth
from event_contract.times import format_time
from scripts.benchmarks.city.connection import Connection
from scripts.swarms import packets
from scripts.swarms.traffic import event

WINDOW = 3000  # sent and not yet committed by the collector
BROKER_WINDOW = 1990  # sent and not yet confirmed by the broker
DEVICES = 60
SHARES: tuple[tuple[EventClass, int], ...] = (("incident", 1), ("state", 6), ("telemetry", 3))
TURN_S = 0.005
LAST_MID = 65_535


class Waiting(NamedTuple):
    device: str
    stream: str
    seq: int
    mark: str
    event_class: EventClass
    payload: bytes


def made(number: int, seed: int, shares: tuple[tuple[EventClass, int], ...] = SHARES) -> list[Waiting]:
    """As many events, of all devices and classes mixed."""
    chance, given = random.Random(seed), dict[str, int]()
    classes = [one for one, share in shares for _ in range(share)]
    events = []
    for n in range(number):
        device, event_class = f"city-{chance.randrange(DEVICES):04}", chance.choice(classes)
        stream = f"{seed:08x}-0000-4000-8000-{device}-{event_class}"
        given[stream] = seq = given.get(stream, 0) + 1
        time_now, mark = format_time(time.time()), f"{seed:x}x{n}"
        body = event(event_class, mark, time_now, Clock(mono_s=100.0 + n, boot="b0074b1d", synced=True)).body
        told = messages.encode(
            messages.CloudEvent(
                id=messages.message_id(stream, seq),
                source=messages.source(device),
                type=messages.event_type(event_class, body.kind),
                time=time_now,
                data=msgspec.Raw(messages.encode(body)),
            )
        )
        events.append(Waiting(device, stream, seq, mark, event_class, told))
    return events


class Outbox:
    """As durable as the agent's own; what waits is also held in memory, in order."""

    def __init__(self, path: Path) -> None:
        self.db = sqlite3.connect(path, isolation_level=None)
        self.db.execute("PRAGMA journal_mode=WAL")
        self.db.execute("PRAGMA synchronous=FULL")
        self.db.execute("CREATE TABLE outbox (stream TEXT, seq INTEGER, payload BLOB, PRIMARY KEY (stream, seq)) WITHOUT ROWID")
        self.held: set[tuple[str, int]] = set()

    def append(self, events: list[Waiting]) -> float:
        """When they were committed, in Unix seconds."""
        self.db.execute("BEGIN")
        self.db.executemany("INSERT INTO outbox VALUES (?, ?, ?)", [(one.stream, one.seq, one.payload) for one in events])
        self.db.execute("COMMIT")
        self.held |= {(one.stream, one.seq) for one in events}
        return time.time()

    def delete(self, acks: list[Ack]) -> int:
        """What they name; how many of it were there."""
        ranges = [(ack.stream, first, last) for ack in acks for first, last in ack.ranges]
        self.db.execute("BEGIN")
        self.db.executemany("DELETE FROM outbox WHERE stream = ? AND seq BETWEEN ? AND ?", ranges)
        self.db.execute("COMMIT")
        gone = {(stream, seq) for stream, first, last in ranges for seq in range(first, last + 1)} & self.held
        self.held -= gone
        return len(gone)


def deliver(
    connection: Connection, outbox: Outbox, events: list[Waiting], rate: float | None, confirmed: bool
) -> dict[str, Any]:
    """Until everything is acknowledged and deleted, or with `confirmed` until the broker has confirmed everything."""
    waiting, committed_at_s = deque(events), dict[str, float]()
    sent = pubacks = deleted = 0
    if rate is None:
        outbox.append(events)
        ready = deque(events)
    else:
        ready = deque()
    began = time.monotonic()
    while (pubacks if confirmed else deleted) < len(events):
        if rate is not None:
            due = min(int((time.monotonic() - began) * rate), len(events)) - (len(events) - len(waiting))
            fresh = [waiting.popleft() for _ in range(due)]
            if fresh:
                at_s = outbox.append(fresh)
                committed_at_s |= {one.mark: at_s for one in fresh if one.event_class == "incident"}
                ready.extend(fresh)
        while ready and sent - pubacks < BROKER_WINDOW and (confirmed or sent - deleted < WINDOW):
            one = ready.popleft()
            sent += 1
            topic = topics.event(one.device, one.event_class)
            connection.say(packets.publish(topic, one.payload, 2 + sent % (LAST_MID - 2), content_type=messages.CONTENT_TYPE))
        acks = []
        for packet in connection.turn(TURN_S):
            if isinstance(packet, packets.Puback):
                pubacks += 1
            elif isinstance(packet, packets.Publish) and packet.topic.endswith("/ack"):
                acks.append(msgspec.json.decode(packet.payload, type=Ack))
        deleted += outbox.delete(acks) if acks else 0
    return {"seconds": time.monotonic() - began, "committed_at_s": committed_at_s}


def wait_for_collector(connection: Connection) -> None:
    while True:
        for packet in connection.turn(1.0):
            told = isinstance(packet, packets.Publish) and packet.topic.endswith("/status")
            if told and msgspec.json.decode(packet.payload, type=CollectorStatus).online:
                return


def births(events: list[Waiting]) -> list[tuple[str, Birth]]:
    """What each device says of itself before it sends them."""
    streams: dict[str, dict[str, StreamBirth]] = {}
    for one in events:
        told = StreamBirth(event_class=one.event_class, stream=one.stream, lowest=1, highest=0)
        streams.setdefault(one.device, {}).setdefault(one.stream, told)
    return [
        (device, Birth(run="bench", connection=1, boot="b0074b1d", site="city", software="bench", streams=tuple(own.values())))
        for device, own in sorted(streams.items())
    ]


def introduce(connection: Connection, events: list[Waiting]) -> None:
    for n, (device, birth) in enumerate(births(events)):
        connection.say(packets.publish(topics.status(device), messages.encode(birth), 60_000 + n, retain=True))
    told = time.monotonic()
    while time.monotonic() - told < 1.0:
        for _ in connection.turn(0.1):
            pass


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--events", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--rate", type=float)
    parser.add_argument("--confirmed", action="store_true", help="No collector: done when the broker has confirmed everything.")
    parser.add_argument("--incidents", action="store_true", help="Incidents only.")
    options = parser.parse_args()
    all_events = made(options.events, options.seed, (("incident", 1),) if options.incidents else SHARES)
    kept = Outbox(options.folder / f"outbox-{options.seed}.sqlite")
    to_broker = Connection(options.port, f"devices-{options.seed}", (topics.ack("+"), topics.COLLECTORS_STATUS))
    if not options.confirmed:
        wait_for_collector(to_broker)
        introduce(to_broker, all_events)
    print(json.dumps(deliver(to_broker, kept, all_events, options.rate, options.confirmed)))
