"""The delivery protocol by example: one rule of it a test."""

from collections.abc import Sequence

from edge_agent.core.backoff import reconnect_wait_s
from edge_agent.core.delivery import Action, Delete, Delivery, Fork, Publish, PublishBirth, Reconnect, as_ranges
from event_contract.kinds import EventClass
from event_contract.messages import Ack
from event_contract.presence import CollectorStatus

ONLINE = CollectorStatus(online=True, instance="c1")
NOT_AUTHORISED = 0x87


class Desk:
    """A delivery over an outbox that is a table of numbers."""

    def __init__(self, waiting: dict[EventClass, int], receive_maximum: int = 65535) -> None:
        self.waiting = {event_class: list(range(1, count + 1)) for event_class, count in waiting.items()}
        self.core = Delivery({"incident": "i", "state": "s", "telemetry": "t"})
        self.receive_maximum = receive_maximum
        self.epoch = 0

    def connect(self) -> list[Action]:
        self.epoch += 1
        return self.core.connected(self.epoch, self.receive_maximum)

    def online(self) -> None:
        self.core.collector_status(self.epoch, ONLINE)

    def publish(self, now_s: float = 0.0) -> list[tuple[str, int]]:
        """All that may be published now."""
        actions = self.core.tick(now_s)
        while fetch := self.core.wanted(now_s):
            seqs = [seq for seq in self.waiting.get(fetch.event_class, []) if seq > fetch.after]
            actions += self.core.fetched(fetch, seqs[: fetch.limit], now_s)
        return published(actions)

    def confirm(self, messages: Sequence[tuple[str, int]], reason_code: int = 0, now_s: float = 0.0) -> None:
        for stream, seq in messages:
            self.core.puback(self.epoch, stream, seq, reason_code, now_s)


def published(actions: Sequence[Action]) -> list[tuple[str, int]]:
    return [(action.stream, action.seq) for action in actions if isinstance(action, Publish)]


def ready(waiting: dict[EventClass, int], receive_maximum: int = 65535) -> Desk:
    desk = Desk(waiting, receive_maximum)
    desk.connect()
    desk.online()
    return desk


def test_says_who_it_is_and_holds_its_events_until_a_collector_is_online() -> None:
    desk = Desk({"incident": 2})
    assert desk.connect() == [PublishBirth()]
    assert desk.publish() == []
    desk.core.collector_status(desk.epoch, CollectorStatus(online=False, instance="c2"))
    assert desk.publish() == []
    desk.online()
    assert desk.publish() == [("i", 1), ("i", 2)]


def test_a_collector_that_appears_is_told_the_birth_again() -> None:
    desk = Desk({"incident": 1})
    desk.connect()
    assert PublishBirth() not in desk.core.tick(0.0)
    desk.core.collector_status(desk.epoch - 1, ONLINE)
    assert desk.core.tick(0.0) == []
    desk.core.collector_status(desk.epoch, ONLINE)
    assert desk.core.wanted(0.0) is None, "an event before the birth"
    assert desk.core.tick(0.0) == [PublishBirth()] and desk.core.tick(0.0) == []
    assert desk.core.wanted(0.0)
    desk.core.collector_status(desk.epoch, CollectorStatus(online=False, instance="c1"))
    desk.core.collector_status(desk.epoch, ONLINE)
    assert desk.core.tick(0.0) == [PublishBirth()]


def test_collectors_that_appear_together_are_told_once() -> None:
    """Behind a shared subscription there are many, and the broker's quota has room for few births."""
    desk = Desk({"incident": 1})
    desk.connect()
    desk.core.tick(0.0)
    for n in range(10):
        desk.core.collector_status(desk.epoch, CollectorStatus(online=True, instance=f"c{n}"))
    assert desk.core.tick(0.0) == [PublishBirth()]


def test_one_collector_of_two_is_enough() -> None:
    desk = ready({"incident": 1})
    desk.core.collector_status(desk.epoch, CollectorStatus(online=True, instance="c2"))
    desk.core.collector_status(desk.epoch, CollectorStatus(online=False, instance="c1"))
    assert desk.publish() == [("i", 1)]
    desk.core.collector_status(desk.epoch, CollectorStatus(online=False, instance="c2"))
    assert desk.publish(100.0) == []


def test_incidents_before_state_before_telemetry_each_in_order() -> None:
    desk = ready({"telemetry": 2, "state": 2, "incident": 2})
    assert desk.publish() == [("i", 1), ("i", 2), ("s", 1), ("s", 2), ("t", 1), ("t", 2)]


def test_the_window_keeps_room_for_what_is_urgent() -> None:
    desk = ready({"telemetry": 500})
    assert desk.publish() == [("t", seq) for seq in range(1, 81)]
    desk.waiting["incident"] = list(range(1, 500))
    desk.core.appended()
    assert desk.publish() == [("i", seq) for seq in range(1, 21)]
    assert desk.core.in_flight == 100


def test_an_acknowledgement_deletes_and_makes_room() -> None:
    desk = ready({"incident": 200})
    desk.publish()
    ack = Ack(stream="i", ranges=((1, 3), (5, 5)))
    assert desk.core.acknowledged(ack, 0.0) == [Delete("i", 1, 3), Delete("i", 5, 5)]
    assert desk.core.acknowledged(ack, 0.0) == []
    assert desk.publish() == [("i", seq) for seq in range(101, 105)]


def test_a_puback_deletes_nothing() -> None:
    desk = ready({"incident": 1})
    desk.confirm(desk.publish())
    assert desk.core.in_flight == 1
    desk.core.disconnected(desk.epoch)
    assert not desk.core.connected_now and desk.publish(31.0) == []
    desk.connect()
    desk.online()
    assert desk.publish() == [("i", 1)]


def test_what_was_not_sent_is_not_deleted_whatever_the_ranges_say() -> None:
    desk = ready({"incident": 150})
    desk.publish()
    assert desk.core.acknowledged(Ack(stream="i", ranges=((1, 10**15),)), 0.0) == [Delete("i", 1, 100)]
    assert desk.core.acknowledged(Ack(stream="elsewhere", ranges=((1, 5),), forked=True), 0.0) == []


def test_sends_again_after_30_seconds_without_an_answer() -> None:
    desk = ready({"incident": 2})
    desk.publish(0.0)
    desk.core.acknowledged(Ack(stream="i", ranges=((1, 1),)), 0.0)
    assert desk.publish(29.9) == []
    assert desk.publish(30.0) == [("i", 2)]
    assert desk.publish(59.9) == []
    assert desk.publish(60.0) == [("i", 2)]
    assert desk.core.resent == 2


def test_a_collector_that_is_slow_is_not_sent_the_same_again() -> None:
    """It answers one message every 20 s, in their order: nothing is lost, all is late."""
    desk = ready({"incident": 5})
    for seq in range(1, 6):
        desk.waiting["incident"] = [seq]
        desk.core.appended()
        assert desk.publish(float(seq)) == [("i", seq)]
    for seq in range(1, 6):
        desk.core.acknowledged(Ack(stream="i", ranges=((seq, seq),)), 20.0 * seq)
        assert desk.publish(20.0 * seq + 19.0) == []
    assert desk.core.in_flight == 0 and desk.core.resent == 0


def test_what_was_passed_by_is_sent_again_while_others_get_their_answers() -> None:
    desk = ready({"incident": 1})
    desk.publish(0.0)
    for seq in range(2, 40):
        desk.waiting["incident"] = [seq]
        desk.core.appended()
        desk.publish(float(seq))
        desk.core.acknowledged(Ack(stream="i", ranges=((seq, seq),)), seq + 0.5)
    assert desk.core.in_flight == 1 and desk.core.resent == 1


def test_a_collector_that_returns_gets_at_once_what_was_in_flight() -> None:
    desk = ready({"incident": 2})
    assert desk.publish() == [("i", 1), ("i", 2)]
    desk.core.collector_status(desk.epoch, CollectorStatus(online=False, instance="c1"))
    desk.online()
    assert desk.publish(0.1) == [("i", 1), ("i", 2)]


def test_a_refusal_holds_back_its_class_and_no_other_ever_longer() -> None:
    desk = ready({"state": 2, "incident": 1})
    messages = desk.publish(0.0)
    desk.confirm([message for message in messages if message[0] == "s"], NOT_AUTHORISED, 0.0)
    desk.waiting["incident"].append(2)
    desk.core.appended()
    assert desk.publish(0.9) == [("i", 2)]
    assert desk.publish(1.0) == [("s", 1), ("s", 2)]
    desk.confirm([("s", 1), ("s", 2)], NOT_AUTHORISED, 1.0)
    assert desk.publish(2.9) == []
    assert desk.publish(3.0) == [("s", 1), ("s", 2)]
    assert desk.core.refused == 4


def test_the_longest_hold_is_a_minute_and_an_acknowledgement_ends_it() -> None:
    desk = ready({"state": 1})
    now_s = 0.0
    desk.publish(now_s)
    for _ in range(20):
        desk.confirm([("s", 1)], NOT_AUTHORISED, now_s)
        now_s += 60.0
        assert desk.publish(now_s) == [("s", 1)]
    desk.core.acknowledged(Ack(stream="s", ranges=((1, 1),)), 0.0)
    desk.waiting["state"] = [2]
    desk.core.appended()
    desk.publish(now_s)
    desk.confirm([("s", 2)], NOT_AUTHORISED, now_s)
    assert desk.publish(now_s + 1.0) == [("s", 2)]


def test_never_more_unconfirmed_than_the_broker_takes() -> None:
    desk = ready({"incident": 50}, receive_maximum=20)
    first = desk.publish()
    assert len(first) == 18  # two are kept for the birth
    desk.confirm(first[:5])
    assert desk.publish() == [("i", seq) for seq in range(19, 24)]


def test_resends_count_against_what_the_broker_takes() -> None:
    desk = ready({"incident": 18}, receive_maximum=20)
    desk.confirm(desk.publish(0.0)[:5])
    assert desk.publish(30.0) == [("i", seq) for seq in range(1, 6)]


def test_a_broker_that_confirms_nothing_is_left() -> None:
    desk = ready({"incident": 50}, receive_maximum=20)
    desk.publish(0.0)
    assert Reconnect() not in desk.core.tick(29.0)
    assert desk.core.tick(30.0) == [Reconnect()]


def test_a_late_word_of_an_older_connection_changes_nothing() -> None:
    desk = ready({"incident": 1}, receive_maximum=3)
    desk.publish()
    desk.connect()
    desk.core.collector_status(1, ONLINE)
    desk.core.puback(1, "i", 1, NOT_AUTHORISED, 0.0)
    desk.core.disconnected(1)
    assert desk.core.refused == 0 and desk.core.connected_now
    assert desk.publish() == []
    desk.online()
    assert desk.publish() == [("i", 1)]


def test_what_was_shed_before_it_was_sent_is_forgotten() -> None:
    desk = ready({"incident": 3}, receive_maximum=3)
    assert desk.publish() == [("i", 1)]
    desk.core.gone("i", 1)
    assert desk.core.in_flight == 0
    assert desk.publish() == [("i", 2)]


def test_a_fork_goes_on_in_the_new_stream_and_tells_it() -> None:
    desk = ready({"incident": 2})
    desk.publish()
    actions = desk.core.acknowledged(Ack(stream="i", ranges=((1, 1),), forked=True), 0.0)
    assert actions == [Delete("i", 1, 1), Fork("i")]
    desk.waiting["incident"] = [1]
    assert desk.core.forked("i", "i2") == [PublishBirth()]
    assert desk.core.acknowledged(Ack(stream="i", forked=True), 0.0) == []
    assert desk.publish() == [("i2", 1)]


def test_ranges() -> None:
    assert as_ranges([1, 2, 3, 7, 9, 10]) == [(1, 3), (7, 7), (9, 10)]
    assert as_ranges([]) == []


def test_waits_before_the_next_attempt() -> None:
    assert [reconnect_wait_s(failures, 15, 120, 1.0) for failures in (1, 2, 3, 4, 5, 10_000)] == [15, 30, 60, 120, 120, 120]
    assert reconnect_wait_s(3, 15, 120, 0.25) == 15
    assert reconnect_wait_s(3, 15, 120, 0.0) == 0


def test_an_outbox_made_anew_is_delivered_from_its_beginning() -> None:
    desk = ready({"incident": 3})
    assert desk.publish() == [("i", 1), ("i", 2), ("i", 3)]
    desk.core.renewed({"incident": "new i", "state": "new s", "telemetry": "new t"})
    assert desk.core.acknowledged(Ack(stream="i", ranges=((1, 3),)), 0.0) == [], "of another outbox's numbers"
    desk.connect()
    desk.online()
    assert desk.publish() == [("new i", 1), ("new i", 2), ("new i", 3)]
