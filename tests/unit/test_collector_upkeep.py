"""What the collector does between batches: alarms for silent devices, a database that stays small, letters read again."""

import sqlite3
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.core import delivery
from collector.core.delivery import DeadLetter, Received
from collector.core.presence import BACK_WITHIN_S, silent_since
from collector.store import dead_letters
from collector.store.engines.db import Db
from collector.store.engines.opening import StoreUnavailable
from collector.store.engines.sqlite import Sqlite, connect
from collector.store.event_store import EventStore
from collector.store.questions import letters, queries
from collector.store.questions.searching import Wanted, search
from collector.store.replaying import Outcome, Replayed
from collector.store.taking import Committed
from collector.store.upkeep import capping, retention
from collector.upkeep import AGAIN_S, LOOK_AFTER_EVERY_S, Rules, Upkeep
from event_contract import topics
from event_contract.kinds import EVENT_CLASSES
from event_contract.messages import Clock, HealthData, encode
from event_contract.presence import Will
from event_contract.times import format_time, parse_time
from tests.databases import StoreDatabase
from tests.wire_messages import CLOCK, DEVICE, STREAM, birth, event, incident, lost, traffic_minute

NOW = parse_time("2026-03-02T00:00:00Z")
KEEP = {"incident": 1000.0, "state": 1000.0, "telemetry": 1000.0}
INCIDENTS, STATUS = topics.event(DEVICE, "incident"), topics.status(DEVICE)
RUN = "9f2c61d0"


def put(store: EventStore, *payloads: bytes, topic: str = INCIDENTS, at: float = NOW) -> Committed:
    return store.commit([Received(topic, payload, at) for payload in payloads])


def silence(store: EventStore, now: float, listening_since: float = NOW - 1000) -> list[tuple[str, bool]]:
    return [(change.action, change.audible) for change in store.watch_silence(now, listening_since, 90.0).changes]


def test_a_device_that_said_goodbye_and_did_not_come_back_is_an_alarm_until_it_does(store: EventStore, db: Db) -> None:
    put(store, encode(birth()), topic=STATUS)
    put(store, encode(Will(run=RUN, connection=1)), topic=STATUS, at=NOW + 10)
    assert silence(store, NOW + 10 + BACK_WITHIN_S - 1) == []
    assert silence(store, NOW + 10 + BACK_WITHIN_S) == [("open", True)]
    assert silence(store, NOW + 3600) == []
    [device] = queries.devices(db)
    assert (device["silent"], device["online"]) == (True, False)
    [alarm] = [msgspec.json.decode(body) for body in queries.alerts(db, "open", 9, None)]
    assert alarm["id"] == f"collector/{DEVICE}/silent"
    assert alarm["detail"] == {"reason": "silent", "last_heard_at": format_time(NOW + 10), "online": False}
    put(store, encode(birth(connection=2)), topic=STATUS, at=NOW + 4000)
    assert silence(store, NOW + 4001) == [("close", False)]
    put(store, encode(Will(run=RUN, connection=2)), topic=STATUS, at=NOW + 5000)
    assert silence(store, NOW + 5100) == [("open", True)]
    [alarm] = [msgspec.json.decode(body) for body in queries.alerts(db, "open", 9, None)]
    assert alarm["started_at"] == format_time(NOW + 5100)  # not that of the first silence


def test_a_device_that_is_said_to_be_there_and_tells_nothing_is_silent_too(store: EventStore) -> None:
    put(store, encode(birth()), topic=STATUS)
    put(store, event({"kind": "x"}), at=NOW + 50)
    assert silence(store, NOW + 139) == []
    assert silence(store, NOW + 500, listening_since=NOW + 411) == []  # the collector was deaf itself
    assert silence(store, NOW + 140) == [("open", True)]
    put(store, event({"kind": "x"}, 2), at=NOW + 600)
    assert silence(store, NOW + 601) == [("close", False)]


@given(st.booleans(), *(st.floats(0, 1000) for _ in range(4)), st.floats(30, 300))
def test_nobody_is_silent_for_longer_than_told_and_nobody_before(
    online: bool, since: float, heard: float, now: float, listening: float, after_s: float
) -> None:
    silent = silent_since(online, since, max(since, heard), now, listening, after_s)
    quiet_s = now - max(listening, max(since, heard) if online else since)
    assert (silent is not None) == (quiet_s >= (after_s if online else BACK_WITHIN_S))


def test_the_oldest_telemetry_goes_first_then_state_and_incidents_last(tmp_path: Path) -> None:
    engine = Sqlite(tmp_path / "events.sqlite")
    with closing(EventStore(engine)) as store:
        for at in range(0, 300, 10):  # ten at a time: space is free when whole pages are
            for event_class in EVENT_CLASSES:
                telling = {"kind": "x", "filling": "x" * 500}
                some = [event(telling, at + n, stream=event_class, event_class=event_class) for n in range(1, 11)]
                put(store, *some, topic=topics.event(DEVICE, event_class), at=NOW + at)
        full = capping.used_bytes(engine.db)
        kept: list[list[int]] = []
        for share in (0.9, 0.6, 0.3):
            store.look_after(NOW + 300, KEEP, round(share * full))
            assert capping.used_bytes(engine.db) <= share * full
            rows = dict(engine.db.execute("SELECT class, count(*) FROM events GROUP BY class").fetchall())
            kept.append([rows.get(event_class, 0) for event_class in EVENT_CLASSES])
        assert kept[0][:2] == [300, 300] and 1 < kept[0][2] < 300  # a part of the telemetry
        assert kept[1][0] == 300 and 0 < kept[1][1] < 300 and kept[1][2] == 1  # all but the newest event, and state
        assert 0 < kept[2][0] < 300 and kept[2][1:] == [0, 1]
        streams = {stream["stream"]: stream for stream in queries.streams(by_name(engine.db))}
        for event_class in EVENT_CLASSES:
            assert streams[event_class]["missing"] == ()
        assert [streams[one]["kept_from"] for one in EVENT_CLASSES] == [301 - kept[2][0], 301, 301]
        again = event({"kind": "x", "filling": "x" * 500}, 1, stream="telemetry", event_class="telemetry")
        redelivered = put(store, again, topic=topics.event(DEVICE, "telemetry"), at=NOW + 400)
        assert (redelivered.outcomes, redelivered.acks[0][1].ranges) == ({"below_mark": 1}, ((1, 1),))


def by_name(db: sqlite3.Connection) -> sqlite3.Connection:
    db.row_factory = sqlite3.Row
    return db


def test_what_is_too_much_for_one_pass_is_done_in_several_soon_after(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "PRUNED_PER_PASS", 4)
    with closing(EventStore(Sqlite(tmp_path / "events.sqlite"))) as store:
        put(store, *(event({"kind": "x"}, seq) for seq in range(1, 11)))
        put(store, event({"kind": "x"}, 11), at=NOW + 86400)
        upkeep = Upkeep(store, Rules({**KEEP, "incident": 0.5}))
        pruned, at = [], 1e9
        for _ in range(4):
            pruned += [done.outcomes["pruned"] for done in upkeep.turn(at, NOW + 86400) if "pruned" in done.outcomes]
            at += AGAIN_S
        assert pruned == [4, 4, 2]  # and then not before its usual time
        assert any("pruned" in done.outcomes for done in upkeep.turn(at + LOOK_AFTER_EVERY_S, NOW + 86400))


def test_a_letter_that_is_understood_now_is_stored_once_and_its_alert_is_silent(store: EventStore, db: Db) -> None:
    told = incident(started_at=format_time(NOW), updated_at=format_time(NOW))
    store.bury(Received(INCIDENTS, event(told, 5, at=NOW), NOW), "kind: unknown")
    put(store, event({"kind": "x"}, 4), event({"kind": "x"}, 6))
    [letter] = letters.find(db, 9)
    replayed, committed = store.replay(letter["n"], NOW + 3600)
    assert replayed == Replayed(letter["n"], "stored")
    assert [(change.action, change.audible) for change in committed.changes] == [("open", False)]
    assert (letters.find(db, 9), queries.streams(db)[0]["ranges"]) == ([], ((4, 6),))
    assert [row["late"] for row in queries.events(db, 0, 9)][-1] is True
    assert store.replay(letter["n"], NOW)[0] is None


def test_a_letter_that_cannot_be_stored_stays_and_says_why(store: EventStore, db: Db) -> None:
    known = event({"kind": "x"}, 1)
    put(store, known)
    cases: dict[Outcome, tuple[str, bytes]] = {
        "duplicate": (INCIDENTS, known),
        "taken": (INCIDENTS, event({"kind": "y"}, 1)),
        "unread": (INCIDENTS, b"garbage"),
        "status": (STATUS, encode(birth())),
        "cut_off": (INCIDENTS, b"x" * 70_000),
    }
    for outcome, (topic, payload) in cases.items():
        store.bury(Received(topic, payload, NOW), "an old reason")
        n = letters.find(db, 1)[0]["n"]
        replayed = store.replay(n, NOW)[0]
        assert replayed is not None and replayed.outcome == outcome
        assert (letters.whole(db, n) is None) == (outcome == "duplicate")
    assert len(queries.events(db, 0, 9)) == 1
    assert "JSON is malformed" in next(one["reason"] for one in letters.find(db, 9) if one["text"] == "garbage")


def test_letters_are_found_by_device_reason_and_time(store: EventStore, database: StoreDatabase, db: Db) -> None:
    with closing(database.writer()) as writer:
        for n, device in enumerate(("a", "b", "a"), 1):
            received = Received(topics.event(device, "incident"), b"x%d" % n, NOW + n)
            dead_letters.bury(writer, DeadLetter(device, None, f"reason 100% {n}", received))
    for wanted, found in (
        (letters.Wanted(), [3, 2, 1]),
        (letters.Wanted(device="a"), [3, 1]),
        (letters.Wanted(reason="100% 2"), [2]),
        (letters.Wanted(reason="REASON"), [3, 2, 1]),
        (letters.Wanted(reason="100_"), []),
        (letters.Wanted(first_s=NOW + 2), [3, 2]),
        (letters.Wanted(before_s=NOW + 2), [1]),
    ):
        assert [letter["n"] for letter in letters.find(db, 9, None, wanted)] == found
    assert [letter["n"] for letter in letters.find(db, 1, 3)] == [2]


def test_a_deleted_letter_s_number_stays_acknowledged(store: EventStore, db: Db) -> None:
    store.bury(Received(INCIDENTS, event({"kind": "x"}, 2), NOW), "because")
    put(store, event({"kind": "x"}, 1), event({"kind": "x"}, 3))
    [letter] = letters.find(db, 9)
    assert store.drop_letter(letter["n"]) and not store.drop_letter(letter["n"])
    [stream] = queries.streams(db)
    assert (stream["dead_lettered"], stream["missing"]) == (((2, 2),), ())


def test_all_letters_together_stay_below_a_size(store: EventStore, database: StoreDatabase, db: Db) -> None:
    for n in range(6):
        put(store, b"x" * 1000, topic=topics.event(f"d{n}", "incident"))
    with closing(database.writer()) as writer:
        assert dead_letters.keep_small(writer, 2500) == 4
    assert [letter["device"] for letter in letters.find(db, 9)] == ["d5", "d4"]


def test_a_full_disk_stores_nothing_and_heals_itself(tmp_path: Path) -> None:
    engine = Sqlite(tmp_path / "events.sqlite")
    with closing(EventStore(engine)) as store:
        put(store, event(incident(), 1))
        pages = engine.db.execute("PRAGMA page_count").fetchone()[0]
        engine.db.execute(f"PRAGMA max_page_count = {pages}")
        batch = [event({"kind": "x", "filling": "x" * 3000}, seq) for seq in range(2, 40)]
        with pytest.raises(StoreUnavailable, match="full"):
            put(store, *batch)
        engine.db.execute("PRAGMA max_page_count = 1000000")
        assert put(store, *batch).outcomes == {"store": 38}
    with closing(connect(tmp_path / "events.sqlite")) as db:
        assert queries.streams(db)[0]["ranges"] == ((1, 39),)


def test_what_turns_out_to_be_old_when_its_clock_is_known_is_late(store: EventStore, db: Db) -> None:
    def told(seq: int, mono_s: float, at: float, synced: bool) -> bytes:
        return event(traffic_minute(clock=Clock(mono_s=mono_s, boot="b1", synced=synced)), seq, at=at)

    put(store, told(1, 10.0, 10.0, synced=False), told(2, 3500.0, 3500.0, synced=False))
    assert [row["late"] for row in queries.events(db, 0, 9)] == [False, False]
    put(store, told(3, 3600.0, NOW, synced=True))
    assert [(row["late"], row["clock"]) for row in queries.events(db, 0, 9)] == [
        (True, "corrected"), (False, "corrected"), (False, "synced"),
    ]  # fmt: skip


def test_a_device_that_starts_again_does_not_have_its_history_read(tmp_path: Path) -> None:
    with closing(Sqlite(tmp_path / "events.sqlite")) as engine:
        where = "SELECT n FROM events WHERE device = 'd' AND boot = 'b' AND clock = 'unsynced'"
        [plan] = [row[3] for row in engine.db.execute(f"EXPLAIN QUERY PLAN {where}")]
    assert "events_unsynced" in plan


def test_devices_tell_what_waits_there_and_how_their_clock_stands(store: EventStore, db: Db) -> None:
    put(store, encode(birth(1, 9)), topic=STATUS)
    health = HealthData(run=RUN, uptime_s=5.0, outbox_messages=3, outbox_bytes=900, oldest_unacknowledged_s=4.0, clock=CLOCK)
    put(store, event(health, 1, stream="t", event_class="telemetry", at=NOW), topic=topics.event(DEVICE, "telemetry"))
    put(store, event(lost(first=2, last=3), 1), event(traffic_minute(), 4, at=NOW))
    [device] = queries.devices(db)
    assert device["outbox"] == {"messages": 3, "bytes": 900, "oldest_s": 4.0, "told_at": format_time(NOW)}
    assert (device["clock"], device["silent"], device["missing"]) == ("synced", False, 5)
    gaps = next(stream["missing"] for stream in device["streams"] if stream["stream"] == STREAM)
    assert (gaps, delivery.size(gaps)) == (((5, 9),), 5)


def test_a_span_of_time_is_found_of_one_device_and_of_all(store: EventStore, db: Db) -> None:
    put(store, *(event({"kind": "x"}, seq, at=NOW + seq) for seq in (3, 1, 4, 2)))
    put(store, event({"kind": "y"}, 1, device="other", at=NOW + 2), topic=topics.event("other", "incident"))
    for wanted, found in (
        (Wanted(NOW + 2, NOW + 4), [3, 2, 1]),
        (Wanted(NOW + 2, NOW + 4, DEVICE), [3, 2]),
        (Wanted(NOW + 2, NOW + 4, kind="y"), [1]),
        (Wanted(NOW, NOW + 9, DEVICE, event_class="state"), []),
    ):
        page = search(db, wanted, 0, 10)
        assert ([one["seq"] for one in page.events], page.next, page.newest) == (found, 5, 5)
