"""Delivery under seeded schedules: loss, repetition, disorder, deaths of every part, forks, jumping clocks, overflow.

`SCHEDULES=5000 SEED=1000` runs others; a failure names its seed. Mutants of the protocol must fall to the same check.
"""

import os
from pathlib import Path
from typing import Any

import pytest

from collector.core import delivery
from collector.store.engines.sqlite import Sqlite
from edge_agent.sinks.shedding import Loss
from edge_agent.sinks.shelf import Shelf
from event_contract.messages import Ack
from scripts.drills.mutants import DeletesOnPuback
from tests.unit.schedules import Schedule
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


def test_shedding_without_a_notice_is_caught(engine: Sqlite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Shelf, "lose", shed_without_notice)
    assert caught(engine)
