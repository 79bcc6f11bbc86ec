"""The collector's side of the protocol without threads: order of answers, patience with a store, poison kept apart."""

from collector.core.delivery import Received
from collector.core.intake import BATCH_MESSAGES, RETRY_AFTER_S, Arrival, Bury, Commit, Confirm, Intake, Tell
from event_contract.messages import Ack

ACK = Ack(stream="s", ranges=((1, 2),))


def arrival(mid: int, connection: str = "c") -> Arrival[str]:
    return Arrival(connection, mid, 1, Received("t", str(mid).encode(), 0.0))


def intake_of(*mids: int) -> Intake[str]:
    intake: Intake[str] = Intake()
    intake.arrived(map(arrival, mids))
    return intake


def commit_of(*mids: int) -> Commit:
    return Commit(tuple(arrival(mid).received for mid in mids))


def test_after_a_commit_first_the_devices_hear_and_then_the_broker() -> None:
    intake = intake_of(1, 2)
    assert intake.work(0.0) == commit_of(1, 2)
    assert intake.committed([("kerb-1", ACK)]) == [Tell("c", "kerb-1", ACK), Confirm("c", (1, 2))]
    assert intake.idle and intake.work(0.0) is None


def test_each_message_is_confirmed_on_the_connection_that_brought_it_and_devices_are_told_on_the_newest() -> None:
    intake: Intake[str] = Intake()
    intake.arrived([arrival(7, "old"), arrival(1, "new")])
    intake.work(0.0)
    assert intake.committed([("kerb-1", ACK)]) == [Tell("new", "kerb-1", ACK), Confirm("old", (7,)), Confirm("new", (1,))]


def test_a_message_of_qos_0_is_stored_and_the_broker_hears_nothing_of_it() -> None:
    intake: Intake[str] = Intake()
    intake.arrived([Arrival("c", 0, 0, arrival(1).received), arrival(2)])
    intake.work(0.0)
    assert intake.committed([]) == [Confirm("c", (2,))]


def test_a_store_that_takes_nothing_is_asked_for_the_same_again_a_second_later() -> None:
    intake = intake_of(1, 2)
    intake.work(10.0)
    intake.unavailable(10.0)
    intake.arrived([arrival(3)])
    assert intake.work(10.0 + RETRY_AFTER_S - 0.01) is None
    assert intake.work(10.0 + RETRY_AFTER_S) == commit_of(1, 2)


def test_a_batch_is_bounded() -> None:
    work = intake_of(*range(2 * BATCH_MESSAGES)).work(0.0)
    assert isinstance(work, Commit) and len(work.batch) == BATCH_MESSAGES


def test_the_poisoned_message_is_buried_and_the_others_are_stored() -> None:
    intake = intake_of(1, 2, 3)
    intake.work(0.0)
    intake.failed("batch")
    intake.arrived([arrival(4), arrival(5)])
    done: list[Commit | Bury] = []
    while work := intake.work(0.0):
        if work == commit_of(2):
            intake.failed("it is 2")
        else:
            done.append(work)
            intake.committed([])
    assert done == [commit_of(1), Bury(arrival(2).received, "it is 2"), commit_of(3), commit_of(4, 5)]


def test_a_burial_waits_for_the_store_too() -> None:
    intake = intake_of(1)
    intake.work(0.0)
    intake.failed("poison")
    burial = intake.work(0.0)
    intake.unavailable(0.0)
    assert isinstance(burial, Bury) and intake.work(RETRY_AFTER_S) == burial
