"""A seeded schedule of faults over the simulated wire, the calm after it, and the judgement."""

import math
from collections import Counter
from random import Random

from collector.store.engines.sqlite import Sqlite
from collector.store.event_store import EventStore
from collector.store.upkeep.retention import prune_stream
from edge_agent.config import OutboxConfig
from edge_agent.core.delivery import as_ranges
from edge_agent.sinks.courier import Courier
from event_contract.kinds import EVENT_CLASSES
from scripts import history
from tests.unit.simulated_agent import Agent, stored
from tests.unit.simulated_wire import Broker, Collector, World

STEPS = 150
EVENTS_AT_ONCE = 4
CALM_ROUNDS = 400
FORKED = "stream IN (SELECT stream FROM streams WHERE forked_at IS NOT NULL)"
DATABASE_OFF_S = 10.0
WIDE, TIGHT = OutboxConfig(max_bytes=10_000_000), OutboxConfig(max_bytes=190_000)
BULK = 1500  # bytes of an event under the tight cap: some twenty fill it


class Schedule:
    """One device, at times a second life of its card; one broker; one to three collectors."""

    def __init__(
        self, seed: int, engine: Sqlite, courier_type: type[Courier] = Courier, collector_type: type[Collector] = Collector
    ) -> None:
        self.chance = chance = Random(seed)
        self.engine = engine
        self.courier_type = courier_type
        self.world = World(chance, f"kerb-{seed}", EventStore(engine))
        self.broker = Broker(self.world, chance.choice((3, 20, 65535)), chance.choice((1, 1, 3)), collector_type)
        self.caps = chance.choice((WIDE, WIDE, TIGHT))
        self.copied = chance.choice((None, None, None, "cloned", "restored"))
        self.agent = Agent(self.broker, "a", self.caps, courier_type)  # the one that runs
        self.agents = self.lives = [self.agent]  # those that are left, and all that ever were
        self.forgotten: list[bytes] = []  # rows that the store has held, and deleted
        self.gone: set[int] = set()  # committed on a card that was set back since
        self.excused: set[int] = set()  # waited on a card when it was copied: either life may deliver them

    def run(self) -> history.Judgement:
        steps = {
            self.commit: 20, self.agent_works: 30, self.deliver: 60, self.collector_works: 30, self.time_passes: 8,
            self.broker_loses: 3, self.broker_repeats: 3, self.cut: 2, self.kill_agent: 2, self.kill_collector: 2,
            self.start_collectors: 3, self.kill_broker: 1, self.database_stops: 1, self.clock_jumps: 1, self.swap: 2,
            self.forget: 1,
        }  # fmt: skip
        copied_at, resumed_at = sorted(self.chance.sample(range(STEPS), 2))
        for number, step in enumerate(self.chance.choices(list(steps), weights=list(steps.values()), k=STEPS)):
            if self.copied and number == copied_at:
                card, meaning = self.agent.card.serialize(), dict(self.agent.meaning)
            if self.copied and number == resumed_at:
                self.second_life(card, meaning)
            step()
        self.calm()
        return self.judge()

    # What may happen

    def commit(self) -> None:
        classes = self.chance.choices(EVENT_CLASSES, k=self.chance.randint(1, EVENTS_AT_ONCE))
        names = range(self.world.made + 1, self.world.made + 1 + len(classes))
        self.world.made += len(classes)
        self.agent.commit(list(zip(classes, names, strict=True)), bulk=BULK if self.caps is TIGHT else 0)

    def agent_works(self) -> None:
        self.agent.work()

    def deliver(self) -> None:
        for _ in range(self.chance.randint(1, 12)):
            self.world.deliver_one()

    def collector_works(self) -> None:
        self.chance.choice(self.broker.collectors).work(dies=self.chance.random() < 0.05)

    def time_passes(self) -> None:
        self.world.now_s += self.chance.choice((0.1, 1.0, 5.0, 31.0))

    def broker_loses(self) -> None:
        self.world.loosen(twice=False)

    def broker_repeats(self) -> None:
        self.world.loosen(twice=True)

    def cut(self) -> None:
        if wire := self.broker.wire:
            wire.give_up("cut")

    def kill_agent(self) -> None:
        self.agent.die(reboot=self.chance.random() < 0.3)

    def kill_collector(self) -> None:
        self.chance.choice(self.broker.collectors).die()

    def start_collectors(self) -> None:
        for collector in self.broker.collectors:
            if not collector.up:
                collector.start()

    def kill_broker(self) -> None:
        self.broker.die()

    def database_stops(self) -> None:
        for collector in self.broker.collectors:
            collector.busy_until_s = self.world.now_s + DATABASE_OFF_S

    def clock_jumps(self) -> None:
        """The city's wall clock, and the device's."""
        self.world.wall_jump_s = self.chance.choice((0.0, -7200.0, 86_400.0))
        self.agent.wall_off_s = self.chance.choice((0.0, -86_400.0, 3600.0))

    def forget(self) -> None:
        """Old rows are deleted, all of them answered long ago; what is sent again nevertheless must not be stored again.

        Not where a card has two lives: the numbers of one that is set back to before the mark are taken for such repeats.
        """
        for birth in () if self.copied else self.agent.outbox.streams():
            key, before = (self.world.device, birth.stream), self.rows("1")
            query = "SELECT count(*) FROM events WHERE device = ? AND stream = ? AND seq < ?"
            (answered,) = self.engine.db.execute(query, (*key, birth.lowest)).fetchone()
            with self.engine.transaction() as db:
                prune_stream(db, key, math.inf, int(answered) // 2)
            self.forgotten += (Counter(before) - Counter(self.rows("1"))).elements()

    def second_life(self, card: bytes, meaning: dict[tuple[str, int], int]) -> None:
        """The card as it was, in another device beside the first, or in its place.

        What the first had under way may still arrive: an answer to it must not be taken for one to the second's message of the
        same number.
        """
        first = self.agent
        first.hang_up()
        self.agent = Agent(self.broker, "b", self.caps, self.courier_type, card)
        self.agent.meaning = dict(meaning)
        self.agent.learn()
        self.excused = set(self.agent.waiting_names())
        self.lives = [first, self.agent]
        if self.copied == "restored":
            self.gone = self.world.committed - set(meaning.values())
            self.agents = [self.agent]
        else:
            self.agents = self.lives

    def swap(self) -> None:
        """Of two with one name either may have the connection, after a while."""
        if len(self.agents) > 1:
            self.agent.hang_up()
            self.agent = self.chance.choice(self.agents)

    # After it

    def settle(self) -> None:
        """Whatever is under way arrives and is answered."""
        while self.world.packets:
            self.world.deliver_one()
            for collector in self.broker.collectors:
                collector.work()
        if not all(collector.intake.idle for collector in self.broker.collectors):
            self.world.now_s += DATABASE_OFF_S
            for collector in self.broker.collectors:
                collector.work()
            self.settle()

    def calm(self) -> None:
        """Everything works again; soon nothing waits any more."""
        self.start_collectors()
        for agent in self.agents:
            self.agent.hang_up()
            self.settle()
            self.agent = agent
            for _ in range(CALM_ROUNDS):
                agent.work()
                self.settle()
                self.world.now_s += 11.0
                if not agent.waiting:
                    break
            agent.work()
        assert not any(agent.waiting for agent in self.agents), "something waits for ever"

    def judge(self) -> history.Judgement:
        """By what the events say of themselves, whatever numbers they were given."""
        rows, forked = self.rows("1") + self.forgotten, self.rows(FORKED)
        names, notices = stored(rows)
        in_forked, _ = stored(forked)
        named = {name for agent in self.lives for name in agent.named_lost(notices)}
        doubtful = set(in_forked) | self.excused
        once = [name for name in names if name not in doubtful] + sorted({name for name in names if name in doubtful})
        committed = as_ranges(sorted(self.world.committed - (self.gone - set(names))))
        return history.judge({"": committed}, [("", name) for name in sorted(once)], {"": as_ranges(sorted(named))})

    def rows(self, which: str) -> list[bytes]:
        found = self.engine.db.execute(f"SELECT payload FROM events WHERE device = ? AND {which}", (self.world.device,))
        return [bytes(payload) for (payload,) in found.fetchall()]
