"""A device on the simulated wire: a card with the real outbox, a process with the real courier, and what its numbers mean."""

import re
import sqlite3
from random import Random

import msgspec

from edge_agent.config import BrokerConfig, OutboxConfig
from edge_agent.core.outgoing import Outgoing
from edge_agent.sinks import link
from edge_agent.sinks.courier import Courier
from edge_agent.sinks.origin import Origin
from edge_agent.sinks.outbox import Outbox
from event_contract.kinds import EVENT_CLASSES, EventClass
from event_contract.messages import (
    Body,
    Clock,
    CloudEvent,
    HealthData,
    IncidentData,
    LostData,
    TrafficMinuteData,
    decode_body,
)
from event_contract.times import format_time
from tests.unit.simulated_wire import EPOCH_S, ID, Broker

NAME = re.compile(rb'"run":"event-(\d+)"')
LOST = b'"kind":"lost"'


class Agent:
    """A card with an outbox, and the process that works with it. `meaning`: which event a number of this card stands for."""

    def __init__(
        self, broker: Broker, name: str, caps: OutboxConfig, courier: type[Courier] = Courier, card: bytes | None = None
    ) -> None:
        self.broker, self.name, self.caps, self.courier_type = broker, name, caps, courier
        self.card = sqlite3.connect(":memory:", isolation_level=None)
        if card is not None:
            self.card.deserialize(card)
        self.meaning: dict[tuple[str, int], int] = {}
        self.lives = 0
        self.boot(reboot=True)

    def boot(self, reboot: bool) -> None:
        """A new process. With the device the monotonic clock starts anew, and wall time may be anything."""
        broker, world = self.broker, self.broker.world
        if reboot:
            self.mono_zero_s = world.now_s - world.chance.uniform(1, 100)
            self.wall_off_s = world.chance.choice((0.0, 0.0, -EPOCH_S, -3 * 86_400.0, 86_400.0))
        self.lives += 1
        self.inbox: list[link.LinkInput] = []
        run, boot = f"{self.name}.{self.lives}", f"{self.name}@{self.mono_zero_s:.3f}"
        self.origin = Origin(world.device, run, boot, "qn", "0", self.read_clock, read_wall_s=self.read_wall_s)
        self.outbox = Outbox(self.card, self.origin, self.caps)
        config = BrokerConfig(first_wait_s=0.2, max_wait_s=1.0)
        self.courier = self.courier_type(self.outbox, config, self.origin, self.inbox_put(), Random(self.lives), broker.open)

    def inbox_put(self) -> link.PutInput:
        """What a killed process would have heard, nobody hears."""
        inbox = self.inbox

        def put(happened: link.LinkInput) -> bool:
            inbox.append(happened)
            return True

        return put

    def read_clock(self) -> Clock:
        mono_s = self.broker.world.now_s - self.mono_zero_s
        return Clock(mono_s=round(mono_s, 3), boot=f"{self.name}@{self.mono_zero_s:.3f}", synced=self.wall_off_s == 0)

    def read_wall_s(self) -> float:
        return max(1.0, EPOCH_S + self.broker.world.now_s + self.wall_off_s)

    def commit(self, events: list[tuple[EventClass, int]], bulk: int = 0) -> None:
        """Events by class and name."""
        before = self.outbox.stats().committed
        self.courier.commit([self.outgoing(event_class, name, bulk) for event_class, name in events])
        self.broker.world.committed |= {name for _, name in events}
        self.learn()
        self.learn_shed(before, events)

    def outgoing(self, event_class: EventClass, name: int, bulk: int) -> Outgoing:
        now, clock, run = format_time(self.read_wall_s()), self.read_clock(), f"event-{name}"
        body: Body
        match event_class:
            case "incident":
                body = IncidentData(
                    kind="wrong_way", phase="new", revision=1, incident=run, run=run, severity="high", confidence=0.9,
                    started_at=now, updated_at=now, detail={"bulk": "x" * bulk}, clock=clock,
                )  # fmt: skip
            case "state":
                body = TrafficMinuteData(run=run, camera="x" * bulk, from_=now, clock=clock)
            case "telemetry":
                body = HealthData(run=run, uptime_s=1.0, clock=clock)
        return Outgoing(event_class, "north", now, body)

    def waiting_names(self) -> list[int]:
        rows = self.card.execute("SELECT payload FROM messages WHERE notice = 0").fetchall()
        return [int(name[1]) for (payload,) in rows if (name := NAME.search(payload))]

    def learn(self) -> None:
        """Which event each waiting number stands for; forks give them new ones."""
        for (payload,) in self.card.execute("SELECT payload FROM messages WHERE notice = 0"):
            name, key = NAME.search(payload), ID.search(payload)
            assert name and key
            self.meaning[key[1].decode(), int(key[2])] = int(name[1])

    def learn_shed(self, before: dict[str, int], events: list[tuple[EventClass, int]]) -> None:
        """What was shed as it came has numbers that no message bears."""
        after = {birth.event_class: (birth.stream, birth.highest) for birth in self.outbox.streams()}
        for event_class in EVENT_CLASSES:
            stream, highest = after[event_class]
            known = {name for (of, _), name in self.meaning.items() if of == stream}
            notices = {int(key[2]) for (payload,) in self.card.execute("SELECT payload FROM messages WHERE notice = 1")
                       if (key := ID.search(payload)) and key[1].decode() == stream}  # fmt: skip
            numbers = range(before.get(stream, 0) + 1, highest + 1)
            unborn = [seq for seq in numbers if (stream, seq) not in self.meaning and seq not in notices]
            unseen = [name for of, name in events if of == event_class and name not in known]
            self.meaning.update(((stream, seq), name) for seq, name in zip(unborn, unseen, strict=True))

    def die(self, reboot: bool = False) -> None:
        self.hang_up()
        self.boot(reboot)

    def hang_up(self) -> None:
        if (wire := self.courier._link) is not None:
            wire.give_up("killed")

    def work(self) -> None:
        heard = self.inbox[:]
        self.inbox.clear()
        for happened in heard:
            self.courier.take(happened, self.broker.world.now_s)
        self.courier.work(self.broker.world.now_s)
        self.learn()

    @property
    def waiting(self) -> int:
        return int(self.card.execute("SELECT count(*) FROM messages").fetchone()[0])

    def named_lost(self, notices: list[LostData]) -> set[int]:
        """The events that notices of this card name."""
        mine = [notice for notice in notices if notice.run.startswith(f"{self.name}.") and notice.reason != "forked"]
        return {self.meaning[notice.stream, seq] for notice in mine for seq in range(notice.first, notice.last + 1)}


def stored(rows: list[bytes]) -> tuple[list[int], list[LostData]]:
    """What the store holds: names of events, and the notices."""
    names = [int(name[1]) for row in rows if (name := NAME.search(row))]
    lost = [decode_body(msgspec.json.decode(row, type=CloudEvent).data) for row in rows if LOST in row]
    return names, [notice for notice in lost if isinstance(notice, LostData)]
