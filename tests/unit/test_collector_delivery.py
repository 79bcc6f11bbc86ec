"""What a received message is: read, judged, and put into ranges."""

import time
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.core import delivery
from collector.core.delivery import DeadLetter, Event, Received, Status
from event_contract import topics
from event_contract.messages import MAX_MESSAGE_BYTES, Clock, encode
from event_contract.presence import Will
from tests.wire_messages import DEVICE, STREAM, birth, event, incident, lost, traffic_minute

NOW = time.time()
INCIDENTS = topics.event(DEVICE, "incident")


def read(payload: bytes, topic: str = INCIDENTS) -> Event | Status | DeadLetter:
    return delivery.read(Received(topic, payload, NOW))


def test_an_event_is_read_whole() -> None:
    payload = event(incident(), 7, at=NOW - 5)
    message = read(payload)
    assert isinstance(message, Event)
    assert (message.device, message.stream, message.seq, message.event_class) == (DEVICE, STREAM, 7, "incident")
    assert (message.kind, message.camera, message.clock, message.payload) == ("stopped_vehicle", "north", "synced", payload)
    assert message.at == pytest.approx(NOW - 5, abs=0.001)


def test_an_unknown_kind_is_an_event_with_an_unread_body() -> None:
    message = read(event({"kind": "meteor", "size": 3}))
    assert isinstance(message, Event)
    assert (message.kind, message.body, message.clock) == ("meteor", None, "unknown")


@pytest.mark.parametrize(
    ("payload", "key", "why"),
    [
        (b"", None, "truncated"),
        (b"\x00\xff\x00", None, "utf-8"),
        (b"[1, 2]", None, "object"),
        (b'{"id": "' + STREAM.encode() + b'/9"}', (STREAM, 9), "missing required field"),
        (event(incident(), 9, device="other"), (STREAM, 9), "the topic says"),
        (event(incident(started_at="yesterday"), 9), (STREAM, 9), "yesterday"),
        (event(incident(), 9).replace(b'"revision":1', b'"revision":"one"'), (STREAM, 9), "int"),
        (event(incident(started_at="9999-12-31T23:59:59.9999-14:00"), 9), (STREAM, 9), "1970 to 2199"),
        (event({"kind": "x"}, 9, at=-0.001), (STREAM, 9), "1970 to 2199"),
        (event({"kind": "x"}, 9, at=delivery.LATEST_S), (STREAM, 9), "1970 to 2199"),
        (event(incident(clock=Clock(mono_s=1e10, boot="b", synced=False)), 9), (STREAM, 9), "clock.mono_s"),
        (event(incident(clock=Clock(mono_s=-0.1, boot="b", synced=True)), 9), (STREAM, 9), "clock.mono_s"),
        (event({"no": "kind", "kind": 3}, 9), (STREAM, 9), "str"),
        (event(lost(first=5, last=4), 9), (STREAM, 9), "first <= last"),
        (event(lost(last=10**30), 9), (STREAM, 9), "first <= last"),
        (event(incident()).replace(f"{STREAM}/1".encode(), b"seven"), None, "<stream>/<seq>"),
        (event({"kind": "x", "pad": "a" * MAX_MESSAGE_BYTES}, 9), (STREAM, 9), "bytes"),
        (b'{"id":"s/9","source":"x","type":"x","time":"x","data":' + b"[" * 30000 + b"]" * 30000 + b"}", None, "recursion"),
    ],
)
def test_what_cannot_be_stored_is_a_dead_letter_with_its_reason(payload: bytes, key: object, why: str) -> None:
    message = read(payload)
    assert isinstance(message, DeadLetter)
    assert message.key == key
    assert why in message.reason
    assert message.device == DEVICE


@pytest.mark.parametrize("topic", ["roadside/v1/Bad Name/event/incident", f"roadside/v1/{DEVICE}/event/gossip", "x"])
def test_an_event_on_a_strange_topic_is_never_acknowledged(topic: str) -> None:
    message = read(event(incident()), topic)
    assert isinstance(message, DeadLetter)
    assert message.device is None or message.key is None


@given(st.binary(max_size=200), st.sampled_from([INCIDENTS, topics.status(DEVICE), "roadside/v1/x/y"]))
def test_any_bytes_on_any_topic_are_read_as_something(payload: bytes, topic: str) -> None:
    assert isinstance(read(payload, topic), Event | Status | DeadLetter)


def test_births_and_wills() -> None:
    topic = topics.status(DEVICE)
    assert read(encode(birth(3, 9)), topic) == Status(DEVICE, birth(3, 9), NOW)
    assert read(encode(Will(run="r", connection=2)), topic) == Status(DEVICE, Will(run="r", connection=2), NOW)
    assert isinstance(read(encode(birth(3, 10**40)), topic), DeadLetter)
    assert isinstance(read(b"", topic), DeadLetter)


@pytest.mark.parametrize(
    ("known", "seq", "kept_from", "verdict"),
    [
        (None, 5, 1, "store"),
        (None, 5, 5, "store"),
        (None, 4, 5, "below_mark"),
        (b"same", 5, 1, "duplicate"),
        (b"other", 5, 1, "fork"),
        (b"other", 4, 5, "fork"),
    ],
)
def test_verdicts(known: bytes | None, seq: int, kept_from: int, verdict: str) -> None:
    assert delivery.judge(b"same", known, seq, kept_from) == verdict


@pytest.mark.parametrize(
    ("age_s", "synced", "late"), [(599, True, False), (601, True, True), (10**9, False, False), (-86400, True, False)]
)
def test_late_is_older_than_ten_minutes_by_a_clock_that_was_set(age_s: float, synced: bool, late: bool) -> None:
    clock = Clock(mono_s=1.0, boot="b", synced=synced)
    message = read(event(traffic_minute(clock=clock), event_class="state", at=NOW - age_s), topics.event(DEVICE, "state"))
    assert isinstance(message, Event)
    assert message.is_late is late


def test_a_corrected_event_takes_its_time_from_the_monotonic_clock() -> None:
    message = read(event(incident(clock=Clock(mono_s=50.0, boot="b", synced=False)), at=0.0))
    assert isinstance(message, Event)
    fixed = delivery.correct(message, NOW - 1000)
    assert (fixed.at, fixed.clock, fixed.time, fixed.is_late) == (NOW - 950, "corrected", "1970-01-01T00:00:00.000Z", True)


@pytest.mark.parametrize(("mono_s", "offset_s"), [(1e9, -1e9 - 1), (1e9, delivery.LATEST_S - 1e9)])
def test_a_corrected_time_that_is_none_is_refused(mono_s: float, offset_s: float) -> None:
    message = read(event(incident(clock=Clock(mono_s=mono_s, boot="b", synced=False)), at=0.0))
    assert isinstance(message, Event)
    with pytest.raises(ValueError, match="corrected time"):
        delivery.correct(message, offset_s)


@pytest.mark.parametrize("at", [delivery.EARLIEST_S, delivery.LATEST_S - 0.001])
def test_the_bounds_of_time_can_be_written_down(at: float) -> None:
    message = read(event(incident(clock=Clock(mono_s=9e9, boot="b", synced=False)), at=at))
    assert isinstance(message, Event)
    assert message.at == at


seqs = st.lists(st.integers(1, 60))


@given(seqs)
def test_ranges_cover_exactly_what_they_were_made_of(numbers: list[int]) -> None:
    ranges = delivery.coalesce(numbers)
    assert [n for first, last in ranges for n in range(first, last + 1)] == sorted(set(numbers))
    assert all(after[0] > before[1] + 1 for before, after in pairwise(ranges))
    assert delivery.size(ranges) == len(set(numbers))


@given(seqs, st.integers(1, 60), st.integers(1, 60))
def test_what_is_missing_and_what_is_there_make_up_the_whole(numbers: list[int], first: int, last: int) -> None:
    gaps = delivery.missing(first, last, delivery.coalesce(numbers))
    assert [n for low, high in gaps for n in range(low, high + 1)] == [n for n in range(first, last + 1) if n not in numbers]


def test_unknown_fields_are_ignored() -> None:
    content = msgspec.json.decode(event(incident()))
    content["tomorrow"], content["data"]["tomorrow"] = 1, 2
    assert isinstance(read(msgspec.json.encode(content)), Event)
