"""Delivery under seeded schedules: loss, repetition, disorder, deaths of every part, forks, jumping clocks, overflow.

`SCHEDULES=5000 SEED=1000` runs others; a failure names its seed. Mutants of the protocol must fall to the same check.
"""

import os
from pathlib import Path
from typing import Any

import pytest

from collector.core import delivery
from collector.store.engines.sqlite import Sqlite
from edge_agent.sinks.courier import Courier
from edge_agent.sinks.shedding import Loss
from edge_agent.sinks.shelf import Shelf
from event_contract.messages import Ack
from scripts.drills.mutants import DeletesOnPuback
from tests.unit.schedules import Schedule
from tests.unit.simulated_agent import Agent, stored
from tests.unit.simulated_wire import ID, Collector

SEED = int(os.environ.get("SEED", "0"))
SCHEDULES = int(os.environ.get("SCHEDULES", "150"))
MUTANT_SCHEDULES = 60


@pytest.fixture
def engine() -> Sqlite:
    """In memory. Every schedule has a device of its own name."""
    return Sqlite(Path(":memory:"))


def test_whatever_happens_every_committed_event_is_stored_once_or_named_lost(engine: Sqlite) -> None:
    for seed in range(SEED, SEED + SCHEDULES):
        found = Schedule(seed, engine).run()
        assert found.clean, f"SEED={seed} SCHEDULES=1: {found}"


class AcknowledgesFirst(Collector):
    def arrive(self, topic: str, payload: bytes) -> None:
        super().arrive(topic, payload)
        if key := ID.search(payload):
            ack = Ack(stream=key[1].decode(), ranges=((int(key[2]), int(key[2])),))
            self.tell(self.broker.world.device, ack)


def no_conflict_check(payload: bytes, known: bytes | None, seq: int, kept_from: int) -> delivery.Verdict:
    return "store" if known is None else "duplicate"


def no_retention_mark(payload: bytes, known: bytes | None, seq: int, kept_from: int) -> delivery.Verdict:
    return "store" if known is None else "duplicate" if known == payload else "fork"


def shed_without_notice(shelf: Shelf, *losses: Loss, shed: bool = False) -> None:
    pass


def caught(engine: Sqlite, **parts: Any) -> bool:
    """Whether any of some schedules, which the real parts pass, shows that something is wrong with these."""
    for seed in range(MUTANT_SCHEDULES):
        try:
            if not Schedule(seed, engine, **parts).run().clean:
                return True
        except AssertionError:
            return True
    return False


def test_deleting_on_the_brokers_puback_is_caught(engine: Sqlite) -> None:
    assert caught(engine, courier_type=DeletesOnPuback)


def test_acknowledging_before_the_commit_is_caught(engine: Sqlite) -> None:
    assert caught(engine, collector_type=AcknowledgesFirst)


def test_taking_other_bytes_under_a_known_number_for_a_duplicate_is_caught(
    engine: Sqlite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "judge", no_conflict_check)
    assert caught(engine)


def test_storing_again_what_was_stored_and_deleted_is_caught(engine: Sqlite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "judge", no_retention_mark)
    assert caught(engine)


class BelievesEveryAnswer(Courier):
    def _of_this_life(self, ack: Ack) -> Ack:
        return ack


def stored_of_two_lives(engine: Sqlite, courier_type: type[Courier]) -> list[int]:
    """A card's life tells event 1 and ends; a copy has event 2 of the same number under way when the answer to 1 comes."""
    schedule = Schedule(SEED + 10**6, engine, courier_type)
    world, broker = schedule.world, schedule.broker
    connect(schedule)
    card = schedule.agent.card.serialize()
    schedule.agent.commit([("incident", 1)])
    schedule.agent.work()
    arrive(schedule)
    schedule.agent.hang_up()
    schedule.agent = Agent(broker, "b", schedule.caps, courier_type, card)
    connect(schedule)
    schedule.agent.commit([("incident", 2)])
    schedule.agent.work()
    under_way, world.packets = world.packets, []
    for collector in broker.collectors:
        collector.work()
    arrive(schedule)
    schedule.agent.work()
    world.packets += under_way
    for _ in range(20):
        schedule.settle()
        schedule.agent.work()
        world.now_s += 11.0
    return sorted(stored(schedule.rows("1"))[0])


def connect(schedule: Schedule) -> None:
    for _ in range(5):
        schedule.agent.work()
        arrive(schedule)
        schedule.world.now_s += 3.0


def arrive(schedule: Schedule) -> None:
    while schedule.world.packets:
        schedule.world.deliver_one()


def test_an_answer_to_another_life_of_the_card_deletes_nothing(engine: Sqlite) -> None:
    assert stored_of_two_lives(engine, Courier) == [1, 2]


def test_taking_such_an_answer_for_ones_own_is_caught() -> None:
    assert stored_of_two_lives(Sqlite(Path(":memory:")), BelievesEveryAnswer) == [1]


def test_shedding_without_a_notice_is_caught(engine: Sqlite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Shelf, "lose", shed_without_notice)
    assert caught(engine)
