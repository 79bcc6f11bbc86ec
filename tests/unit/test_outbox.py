"""The outbox by example: numbers, bytes, caps, notices, forks, and who may hold the file."""

import sqlite3
from pathlib import Path

import msgspec
import pytest

from edge_agent.config import OutboxConfig
from edge_agent.core.delivery import Delete
from edge_agent.sinks.outbox import Outbox
from edge_agent.sinks.outbox_file import OutboxError
from event_contract.kinds import EventClass
from event_contract.messages import CloudEvent, IncidentData, LostData, decode_body
from event_contract.presence import StreamBirth
from tests.unit.outbox_parts import HandClock, event, origin

CAPS = OutboxConfig(max_bytes=1_000_000, max_age_h=1.0)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "outbox.db"


@pytest.fixture
def outbox(path: Path, clock: HandClock) -> Outbox:
    outbox = Outbox.open(path, origin(clock), CAPS)
    outbox._connection.execute("PRAGMA synchronous=OFF")  # durability is the business of one test, time that of all
    return outbox


def birth(outbox: Outbox, event_class: EventClass) -> StreamBirth:
    return next(birth for birth in outbox.streams() if birth.event_class == event_class)


def payloads(outbox: Outbox, event_class: EventClass) -> list[CloudEvent]:
    stream = birth(outbox, event_class).stream
    found = [outbox.payload(stream, seq) for seq in outbox.pending(stream, 0, 100_000)]
    return [msgspec.json.decode(payload, type=CloudEvent) for payload in found if payload is not None]


def notices(outbox: Outbox) -> list[tuple[str, int, int, str]]:
    bodies = [decode_body(message.data) for message in payloads(outbox, "incident")]
    return [(body.stream, body.first, body.last, body.reason) for body in bodies if isinstance(body, LostData)]


def test_each_class_counts_from_one_in_its_own_stream(outbox: Outbox) -> None:
    outbox.append([event("incident", "a"), event("state", "b"), event("incident", "c")])
    streams = {born.event_class: (born.lowest, born.highest) for born in outbox.streams()}
    assert streams == {"incident": (1, 2), "state": (1, 1), "telemetry": (1, 0)}
    assert len({born.stream for born in outbox.streams()}) == 3
    stream = birth(outbox, "incident").stream
    assert [message.id for message in payloads(outbox, "incident")] == [f"{stream}/1", f"{stream}/2"]
    assert [b'"run1/north/a"' in bytes(message.data) for message in payloads(outbox, "incident")] == [True, False]


def test_the_envelope_is_as_the_contract_says(outbox: Outbox) -> None:
    outbox.append([event("state", "b")])
    (message,) = payloads(outbox, "state")
    assert (message.source, message.type, message.subject) == (
        "/devices/kerb-1", "vn.kerbwatch.state.traffic_minute.v1", "north",
    )  # fmt: skip
    assert message.time == "2026-03-02T00:15:31.240Z"


def test_a_number_is_never_given_again(outbox: Outbox, path: Path, clock: HandClock) -> None:
    outbox.append([event("state") for _ in range(5)])
    stream = birth(outbox, "state").stream
    outbox.delete([Delete(stream, 1, 5)])
    outbox.close()
    again = Outbox.open(path, origin(clock), CAPS)
    again.append([event("state")])
    assert birth(again, "state") == StreamBirth(event_class="state", stream=stream, lowest=6, highest=6)
    assert again.stats().committed[stream] == 6


def test_deletes_exactly_what_is_acknowledged(outbox: Outbox) -> None:
    outbox.append([event("incident") for _ in range(6)])
    outbox.append([event("telemetry") for _ in range(6)])
    stream = birth(outbox, "incident").stream
    outbox.delete([Delete(stream, 2, 3), Delete(stream, 6, 6)])
    assert outbox.pending(stream, 0, 100) == [1, 4, 5]
    assert outbox.pending(stream, 1, 1) == [4]
    assert outbox.stats().pending == 9


def test_a_second_process_is_refused(outbox: Outbox, path: Path) -> None:
    with pytest.raises(OutboxError, match=r"outbox.db: another agent is using it; stop that one"):
        Outbox.open(path, origin(), CAPS)
    outbox.close()
    Outbox.open(path, origin(), CAPS).close()


def test_a_folder_that_cannot_be_written_is_named() -> None:
    with pytest.raises(OutboxError, match="choose a writable data_dir"):
        Outbox.open(Path("/proc/nowhere/outbox.db"), origin(), CAPS)


def test_every_commit_is_synchronised() -> None:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    Outbox(connection, origin(), CAPS)
    assert connection.execute("PRAGMA synchronous").fetchone() == (2,)


def test_telemetry_goes_first_then_state_then_incidents(outbox: Outbox) -> None:
    def fill(event_class: EventClass, count: int) -> None:
        for _ in range(count):
            outbox.append([event(event_class, bulk=20_000)])

    fill("incident", 10)
    fill("state", 10)
    fill("telemetry", 40)
    waiting = {born.event_class: len(outbox.pending(born.stream, 0, 1000)) for born in outbox.streams()}
    assert waiting["state"] == 10 and 0 < waiting["telemetry"] < 40
    fill("incident", 20)
    waiting = {born.event_class: len(outbox.pending(born.stream, 0, 1000)) for born in outbox.streams()}
    assert waiting["telemetry"] == 0 and waiting["state"] > 0 and waiting["incident"] == 30 + len(notices(outbox))
    fill("incident", 30)
    assert birth(outbox, "state").lowest == 11
    assert {reason for *_, reason in notices(outbox)} == {"outbox_full"}
    assert outbox.stats().bytes < CAPS.max_bytes


def test_what_comes_does_not_displace_what_is_more_urgent(outbox: Outbox) -> None:
    for _ in range(60):
        outbox.append([event("incident", bulk=20_000)])
    incidents = set(outbox.pending(birth(outbox, "incident").stream, 0, 1000))
    outbox.append([event("telemetry", bulk=60_000) for _ in range(3)])
    assert incidents <= set(outbox.pending(birth(outbox, "incident").stream, 0, 1000))
    assert notices(outbox)[-1] == (birth(outbox, "telemetry").stream, 1, 3, "outbox_full")


def test_no_incident_goes_while_telemetry_stays_not_even_what_came_with_it(outbox: Outbox) -> None:
    for _ in range(1000):
        before = outbox.stats().lost
        outbox.append([event("incident", bulk=3000), event("telemetry", bulk=10)])
        incidents_lost = any(stream == birth(outbox, "incident").stream for stream, *_ in notices(outbox))
        if outbox.stats().lost > before and incidents_lost:
            assert outbox.pending(birth(outbox, "telemetry").stream, 0, 10) == []
            return
    raise AssertionError("the outbox never filled")


def test_a_long_overload_leaves_one_notice(outbox: Outbox) -> None:
    for _ in range(300):
        outbox.append([event("telemetry", bulk=20_000)])
    lowest = birth(outbox, "telemetry").lowest
    assert outbox.stats().lost == lowest - 1 > 200
    assert notices(outbox) == [(birth(outbox, "telemetry").stream, 1, lowest - 1, "outbox_full")]


def test_a_notice_that_has_been_handed_out_keeps_its_bytes(outbox: Outbox) -> None:
    def overload() -> None:
        for _ in range(100):
            outbox.append([event("telemetry", bulk=20_000)])

    overload()
    stream = birth(outbox, "incident").stream
    first = outbox.payload(stream, 1)
    overload()
    assert outbox.payload(stream, 1) == first
    assert [(a, b) for _, a, b, _ in notices(outbox)] == [
        (1, notices(outbox)[0][2]), (notices(outbox)[0][2] + 1, birth(outbox, "telemetry").lowest - 1),
    ]  # fmt: skip


def test_old_messages_go_and_are_named(outbox: Outbox, clock: HandClock) -> None:
    outbox.append([event("incident"), event("state")])
    clock.mono_s += 3000
    outbox.append([event("state")])
    clock.mono_s += 700
    assert outbox.stats().oldest_age_s == 3700
    outbox.expire()
    named = [(birth(outbox, "incident").stream, 1, 1, "too_old"), (birth(outbox, "state").stream, 1, 1, "too_old")]
    assert notices(outbox) == named
    assert outbox.pending(birth(outbox, "state").stream, 0, 10) == [2]
    clock.mono_s += 7200
    outbox.expire()
    assert notices(outbox) == [*named, (birth(outbox, "state").stream, 2, 2, "too_old")]  # no notice is shed itself


def test_a_restart_makes_nothing_older(outbox: Outbox, path: Path) -> None:
    """After a boot monotonic time begins anew, and wall time may jump by decades."""
    outbox.append([event("state")])
    outbox.close()
    again = Outbox.open(path, origin(HandClock(mono_s=9_999_999.0)), CAPS)
    again.expire()
    assert again.pending(birth(again, "state").stream, 0, 10) == [1]
    assert again.stats().oldest_age_s == 0.0


def test_a_message_the_border_would_refuse_is_named_at_once(outbox: Outbox) -> None:
    outbox.append([event("state"), event("state", bulk=70_000), event("state")])
    assert outbox.pending(birth(outbox, "state").stream, 0, 10) == [1, 3]
    assert notices(outbox) == [(birth(outbox, "state").stream, 2, 2, "too_large")]


def test_a_day_offline_at_ten_times_the_rate(path: Path, clock: HandClock) -> None:
    caps = OutboxConfig(max_bytes=4_000_000)
    outbox = Outbox.open(path, origin(clock), caps)
    outbox._connection.execute("PRAGMA synchronous=OFF")
    most = 0
    for minute in range(24 * 60):
        outbox.append([event("state", bulk=700) for _ in range(10)] + [event("telemetry", bulk=400) for _ in range(10)])
        if minute % 2 == 0:
            outbox.append([event("incident", f"{minute}", bulk=300)])
        clock.mono_s += 60
        if minute % 20 == 0:
            most = max(most, sum(file.stat().st_size for file in path.parent.iterdir()))
    assert most <= 1.05 * caps.max_bytes
    told = [decode_body(message.data) for message in payloads(outbox, "incident")]
    assert sum(isinstance(body, IncidentData) for body in told) == 24 * 60 / 2, "an incident went while telemetry came"
    given = sum(outbox.stats().committed.values())
    assert given - outbox.stats().pending == outbox.stats().lost > 20_000
    outbox.close()


def test_a_fork_moves_what_waits_in_order(outbox: Outbox) -> None:
    outbox.append([event("incident", str(n)) for n in range(6)])
    old = birth(outbox, "incident").stream
    outbox.delete([Delete(old, 1, 2), Delete(old, 5, 5)])
    before = payloads(outbox, "incident")
    new = outbox.fork(old)
    after = payloads(outbox, "incident")
    assert [message.data for message in after[:3]] == [message.data for message in before]
    assert [message.id for message in after[:3]] == [f"{new}/1", f"{new}/2", f"{new}/3"]
    assert notices(outbox) == [(old, 3, 4, "forked"), (old, 6, 6, "forked")]
    assert outbox.stats().pending == 5 and outbox.stats().lost == 0
    assert outbox.stats().committed[old] == 6


def test_an_open_notice_that_moved_with_a_fork_still_grows(outbox: Outbox) -> None:
    def overload() -> None:
        for _ in range(100):
            outbox.append([event("telemetry", bulk=20_000)])

    overload()
    outbox.fork(birth(outbox, "incident").stream)
    overload()
    lowest = birth(outbox, "telemetry").lowest
    about_telemetry = [notice for notice in notices(outbox) if notice[3] == "outbox_full"]
    assert about_telemetry == [(birth(outbox, "telemetry").stream, 1, lowest - 1, "outbox_full")]


def test_what_could_not_be_written_leaves_no_trace(outbox: Outbox) -> None:
    """The disk is full, and later it is not."""
    connection = outbox._connection
    outbox.append([event("incident", "kept")])
    before = outbox.stats(), outbox.streams()
    connection.execute("CREATE TRIGGER full AFTER UPDATE ON messages BEGIN SELECT raise(ABORT, 'disk is full'); END")
    with pytest.raises(sqlite3.IntegrityError, match="disk is full"):
        outbox.fork(birth(outbox, "incident").stream)
    connection.execute("DROP TRIGGER full")
    connection.execute(
        "CREATE TRIGGER full AFTER INSERT ON messages WHEN length(new.payload) > 5000"
        " BEGIN SELECT raise(ABORT, 'disk is full'); END"
    )
    with pytest.raises(sqlite3.IntegrityError, match="disk is full"):
        outbox.append([event("incident"), event("incident", bulk=5000)])
    connection.execute("DROP TRIGGER full")
    assert (outbox.stats().pending, outbox.stats().committed, outbox.streams()) == (1, before[0].committed, before[1])
    outbox.append([event("incident", "later")])
    assert outbox.pending(birth(outbox, "incident").stream, 0, 10) == [1, 2]
