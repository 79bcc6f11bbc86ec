"""The store on a real SQLite file and a real PostgreSQL: exactly once, alerts in the same commit, gaps and losses told."""

import time
from contextlib import closing
from pathlib import Path
from zlib import crc32

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlite_utils import Database

from collector.core import alerts, delivery
from collector.core.delivery import Received
from collector.store import dead_letters
from collector.store.engines.db import Db
from collector.store.engines.migrations import migrate
from collector.store.engines.opening import StoreUnavailable
from collector.store.engines.sqlite import Sqlite, connect
from collector.store.event_store import EventStore
from collector.store.questions import letters, queries
from collector.store.taking import Committed
from collector.store.upkeep import gaps, retention
from event_contract import topics
from event_contract.messages import Ack, Clock, HealthData, encode
from event_contract.presence import Will
from event_contract.times import format_time
from tests.databases import StoreDatabase
from tests.wire_messages import CLOCK, DEVICE, STREAM, birth, event, incident, lost, traffic_minute

NOW = time.time()
KEEP = {"incident": 10.0, "state": 10.0, "telemetry": 10.0}
INCIDENTS, STATES, STATUS = topics.event(DEVICE, "incident"), topics.event(DEVICE, "state"), topics.status(DEVICE)


def put(store: EventStore, *payloads: bytes, topic: str = INCIDENTS, at: float = NOW) -> Committed:
    return store.commit([Received(topic, payload, at) for payload in payloads])


def unchecked(committed: Committed) -> tuple[tuple[str, Ack], ...]:
    """The acknowledgements without the checks of what they acknowledge."""
    return tuple((device, msgspec.structs.replace(ack, checks=())) for device, ack in committed.acks)


def test_what_is_committed_is_acknowledged_in_ranges(store: EventStore, db: Db) -> None:
    payloads = {seq: event({"kind": "x"}, seq) for seq in (2, 1, 3, 7)}
    committed = put(store, *payloads.values())
    assert committed.acks[0][1].checks == tuple(crc32(payloads[seq]) for seq in (1, 2, 3, 7))
    assert unchecked(committed) == ((DEVICE, Ack(stream=STREAM, ranges=((1, 3), (7, 7)))),)
    assert committed.outcomes == {"store": 4}
    assert [row["seq"] for row in queries.events(db, 0, 10)] == [2, 1, 3, 7]


def test_a_duplicate_is_acknowledged_and_stored_once(store: EventStore, db: Db) -> None:
    payload = event(incident(), 1)
    put(store, payload)
    again = put(store, payload, payload)
    assert unchecked(again) == ((DEVICE, Ack(stream=STREAM, ranges=((1, 1),))),)
    assert (again.outcomes, again.changes) == ({"duplicate": 2}, ())
    assert queries.summary(db)["events"] == 1
    assert msgspec.json.encode(queries.events(db, 0, 9)[0]["event"]) == payload


def test_the_same_stream_of_two_devices_is_two_streams(store: EventStore, db: Db) -> None:
    put(store, event(incident(), 1))
    other = put(store, event(incident(), 1, device="other"), topic=topics.event("other", "incident"))
    assert other.outcomes == {"store": 1}
    assert {alert["id"].split("/")[0] for alert in alerts_of(db)} == {DEVICE, "other"}


def test_a_fork_is_told_to_the_device_once_alarmed_and_never_stored(store: EventStore, db: Db) -> None:
    first, second = event(incident(), 1), event(incident(confidence=0.1), 1)
    put(store, first)
    forked = put(store, second)
    assert unchecked(forked) == ((DEVICE, Ack(stream=STREAM, forked=True)),)
    assert [change.action for change in forked.changes] == ["open"] and forked.changes[0].audible
    assert put(store, second).changes == ()
    assert [msgspec.json.encode(row["event"]) for row in queries.events(db, 0, 9)] == [first]
    [stream] = queries.streams(db)
    assert stream["forked"]
    put(store, encode(birth(1, 1)), topic=STATUS)
    assert fault(db, f"fork/{STREAM}")["state"] == "open"
    put(store, encode(birth(connection=2, streams=())), topic=STATUS)
    assert fault(db, f"fork/{STREAM}")["state"] == "closed"


def test_nothing_new_is_stored_of_a_forked_stream(store: EventStore, db: Db) -> None:
    known, fork, behind = event({"kind": "x"}, 1), event({"kind": "y"}, 1), event({"kind": "z"}, 2)
    put(store, known)
    both = put(store, event({"kind": "w"}, 3), fork)
    assert unchecked(both) == ((DEVICE, Ack(stream=STREAM, ranges=((3, 3),), forked=True)),)
    assert unchecked(put(store, behind)) == ((DEVICE, Ack(stream=STREAM, forked=True)),)
    assert unchecked(put(store, known)) == ((DEVICE, Ack(stream=STREAM, ranges=((1, 1),))),)
    assert [row["kind"] for row in queries.events(db, 0, 9)] == ["x", "w"]
    assert put(store, event({"kind": "z"}, 1, stream="s2")).outcomes == {"store": 1}


def test_alerts_are_opened_updated_and_closed_and_every_change_is_kept(store: EventStore, db: Db) -> None:
    put(store, encode(birth()), topic=STATUS)
    put(store, event(incident(), 1), event(incident(revision=3, phase="end"), 2), event(incident(revision=2), 3))
    changes = [msgspec.json.decode(body) for _, body in queries.alert_changes(db, 0, 100)]
    assert [(change["seq"], change["state"], change["revision"]) for change in changes] == [(1, "open", 1), (2, "closed", 3)]
    assert changes[0]["site"] == "qn-test"
    assert alerts_of(db) == [changes[1]]
    assert alerts_of(db, "open") == []
    assert queries.summary(db)["alerts"] == 1


def test_a_newer_run_closes_what_the_older_left_open_in_the_same_commit(store: EventStore, db: Db) -> None:
    put(store, encode(birth(1, 4)), topic=STATUS)
    put(store, event(incident(), 1), event(incident(incident="9f2c61d0/north/18"), 2))
    put(store, event(incident(run="another"), 1, device="other"), topic=topics.event("other", "incident"))
    put(store, event(incident(confidence=0.1), 1))  # a fork: an alarm of the collector's own
    put(store, event({"kind": "x"}, 9), encode(birth(1, 9)))
    store.look_after(NOW - 600, KEEP), store.look_after(NOW, KEEP)  # and another: numbers are missing
    assert put(store, encode(birth(connection=2)), topic=STATUS).changes == ()
    born = put(store, encode(birth(run="newer")), topic=STATUS, at=NOW + 60)
    assert [(change.action, change.audible) for change in born.changes] == [("close", False)] * 2
    closed = [msgspec.json.decode(change.body) for change in born.changes]
    assert [alert["id"].rpartition("/")[2] for alert in closed] == ["17", "18"]
    assert {(alert["ended_at"], alert["ended_by"]) for alert in closed} == {(format_time(NOW + 60), "run_over")}
    standing = {alert["id"] for alert in alerts_of(db, "open")}
    assert standing == {"other/9f2c61d0/north/17", *(f"collector/{DEVICE}/{own}/{STREAM}" for own in ("fork", "missing"))}
    assert [body for _, body in queries.alert_changes(db, 0, 100)][-2:] == [change.body for change in born.changes]
    assert put(store, encode(birth(run="newer", connection=2)), topic=STATUS).changes == ()


def test_the_backlog_of_a_run_that_is_over_is_stored_and_its_alert_closed_at_once(
    store: EventStore, db: Db
) -> None:
    put(store, encode(birth(run="newer", connection=1)), topic=STATUS, at=NOW - 30)
    [change] = put(store, event(incident(), 1)).changes
    assert (change.action, change.audible) == ("close", False)
    assert alerts_of(db)[0]["ended_at"] == format_time(NOW - 30)
    assert queries.summary(db)["events"] == 1
    put(store, event(incident(revision=2, phase="end", ended_at="2026-03-02T00:20:00Z"), 2))
    assert (alerts_of(db)[0]["ended_at"], alerts_of(db)[0]["ended_by"]) == ("2026-03-02T00:20:00Z", None)
    [change] = put(store, event(incident(incident="newer/north/1", run="newer"), 3)).changes
    assert (change.action, change.audible) == ("open", True)


def test_alerts_of_an_older_database_learn_their_run(tmp_path: Path) -> None:
    path = tmp_path / "older.sqlite"
    older = Database(path)
    migrate.apply(older, stop_before="m006_runs")
    ids = [f"{DEVICE}/{name}" for name in ("9f2c61d0/north/17", f"fork/{STREAM}", f"missing/{STREAM}")]
    for n, alert_id in enumerate(ids, 1):
        told = msgspec.json.encode(fault_alert(alert_id, n))
        row = {"id": alert_id, "seq": n, "state": "open", "kind": "device_fault", "device": DEVICE}
        older["alerts"].insert({**row, "body": told})
        older["alert_changes"].insert({"seq": n, "alert": alert_id, "action": "open", "audible": 1, "body": told})
    older.close()
    store = EventStore(Sqlite(path))
    [change] = put(store, encode(birth(run="newer")), topic=STATUS).changes
    assert msgspec.json.decode(change.body)["id"] == ids[0]
    put(store, encode(birth(connection=2, run="newer", streams=())), topic=STATUS)
    with closing(connect(path)) as db:
        assert {alert["id"] for alert in alerts_of(db)} == {ids[0], *(f"collector/{one}" for one in ids[1:])}
    store.close()


def test_an_incident_may_be_called_as_an_alarm_of_the_collector_is(store: EventStore, db: Db) -> None:
    put(store, event(incident(incident=f"lost/{STREAM}"), 1), event(lost(), 2), event(lost(first=8, last=8), 3))
    assert {alert["kind"] for alert in alerts_of(db)} == {"stopped_vehicle", "device_fault"}
    assert fault(db, f"lost/{STREAM}")["detail"]["messages"] == 4


def test_an_incident_in_another_class_or_in_shadow_raises_nothing(store: EventStore, db: Db) -> None:
    put(store, event(incident(shadow=True), 1))
    put(store, event(incident(), 1, stream="s2", event_class="state"), topic=STATES)
    assert (queries.summary(db)["events"], queries.summary(db)["alerts"]) == (2, 0)


def test_old_news_is_marked_late(store: EventStore, db: Db) -> None:
    committed = put(store, event(incident(), 1, at=NOW - 3600))
    assert not committed.changes[0].audible
    assert alerts_of(db)[0]["late"] and queries.events(db, 0, 1)[0]["late"]


def test_a_dead_letter_with_a_readable_id_is_acknowledged_and_kept_once(store: EventStore, db: Db) -> None:
    poison = event(incident(), 4, device="other")
    for _ in range(3):
        committed = put(store, poison)
        assert unchecked(committed) == ((DEVICE, Ack(stream=STREAM, ranges=((4, 4),))),)
    assert put(store, b"\xff\xfe").acks == ()
    unread, kept = letters.find(db, 10)
    assert (kept["seq"], kept["times"], kept["bytes"]) == (4, 3, len(poison))
    assert "the topic says" in kept["reason"]
    assert unread["stream"] is None
    assert queries.events(db, 0, 10) == []


def test_one_device_s_garbage_evicts_its_own_letters_alone_and_no_acknowledged_number_goes_missing(
    store: EventStore, db: Db, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dead_letters, "KEPT_PER_DEVICE", 2)
    put(store, *(event(incident(), seq, device="liar") for seq in (1, 2, 3, 5, 6)), event({"kind": "x"}, 4))
    assert [letter["seq"] for letter in letters.find(db, 9)] == [6, 5]
    put(store, b"a", b"b", b"c", topic=topics.event("other", "incident"))
    put(store, b"d", b"e", b"f", topic="roadside/v1/nobody")
    kept = [(letter["device"], letter["seq"] or letter["text"]) for letter in letters.find(db, 99)]
    assert kept == [(None, "f"), (None, "e"), ("other", "c"), ("other", "b"), (DEVICE, 6), (DEVICE, 5)]
    [stream] = queries.streams(db)
    assert (stream["dead_lettered"], stream["missing"]) == (((1, 3), (5, 6)), ())
    put(store, event(incident(), 2, device="liar"))  # sent again although its letter is gone
    assert queries.streams(db)[0]["dead_lettered"] == ((1, 3), (5, 6))


def test_a_message_that_fails_in_the_store_can_be_buried(store: EventStore, db: Db) -> None:
    committed = store.bury(Received(INCIDENTS, event(incident(), 5), NOW), "cannot be stored: because")
    assert unchecked(committed) == ((DEVICE, Ack(stream=STREAM, ranges=((5, 5),))),)
    assert letters.find(db, 1)[0]["reason"] == "cannot be stored: because"


def test_a_failed_commit_leaves_nothing_and_can_be_repeated(store: EventStore, database: StoreDatabase) -> None:
    good = event(incident(), 1)
    db = database.writer()
    db.execute("ALTER TABLE alert_changes RENAME TO hidden")
    with pytest.raises(StoreUnavailable):
        put(store, event({"kind": "x"}, 9, stream="s2"), good)
    db.execute("ALTER TABLE hidden RENAME TO alert_changes")
    assert db.execute("SELECT count(*) FROM events").fetchone() == (0,)
    assert put(store, good).outcomes == {"store": 1}
    db.close()


def test_losses_that_are_named_are_not_missing(store: EventStore, db: Db) -> None:
    put(store, *(event({"kind": "x"}, seq) for seq in (1, 2, 8)))
    assert queries.summary(db)["missing"] == 5
    committed = put(store, event(lost(first=3, last=5), 1, stream="notices"))
    [change] = committed.changes
    assert msgspec.json.decode(change.body)["detail"]["messages"] == 3
    stream = next(one for one in queries.streams(db) if one["stream"] == STREAM)
    assert (stream["stored"], stream["ranges"]) == (3, ((1, 2), (8, 8)))
    assert (stream["lost_notices"], stream["missing"]) == (((3, 5),), ((6, 7),))
    assert (queries.summary(db)["missing"], queries.summary(db)["lost_notices"]) == (2, 1)


def test_a_birth_makes_the_loss_of_a_tail_visible(store: EventStore, db: Db) -> None:
    put(store, encode(birth(1, 4)), topic=STATUS)
    put(store, event({"kind": "x"}, 1))
    [stream] = queries.streams(db)
    assert stream["announced"] == {"lowest": 1, "highest": 4}
    assert stream["missing"] == ((2, 4),)


def test_a_new_store_does_not_miss_what_another_has_acknowledged(store: EventStore, db: Db) -> None:
    put(store, encode(birth(405, 406)), topic=STATUS)
    put(store, event({"kind": "x"}, 405), event({"kind": "x"}, 406))
    assert queries.summary(db)["missing"] == 0


def test_an_event_may_overtake_the_birth_that_corrects_a_retained_one(store: EventStore, db: Db) -> None:
    put(store, encode(birth(1, 0)), topic=STATUS)
    put(store, event({"kind": "x"}, 5001), event({"kind": "x"}, 5003))
    put(store, encode(birth(5002, 5003)), topic=STATUS)
    assert queries.streams(db)[0]["missing"] == ((5002, 5002),)


def test_a_later_birth_corrects_a_retained_one_until_the_stream_s_first_event(
    store: EventStore, db: Db
) -> None:
    put(store, encode(birth(1, 0)), topic=STATUS)
    put(store, encode(birth(5001, 5002)), topic=STATUS)
    put(store, event({"kind": "x"}, 5002))
    assert queries.streams(db)[0]["missing"] == ((5001, 5001),)
    put(store, encode(birth(5003, 5002, connection=2)), topic=STATUS, at=NOW + 61)
    assert queries.streams(db)[0]["missing"] == ((5001, 5001),)


def test_a_gap_that_stays_ten_minutes_while_connected_is_an_alarm_until_it_closes(
    store: EventStore, db: Db
) -> None:
    put(store, encode(birth(1, 3)), topic=STATUS)
    put(store, event({"kind": "x"}, 1), event({"kind": "x"}, 3))
    assert store.look_after(NOW, KEEP).changes == ()
    assert store.look_after(NOW + 599, KEEP).changes == ()
    [raised] = store.look_after(NOW + 600, KEEP).changes
    assert raised.audible
    assert store.look_after(NOW + 700, KEEP).changes == ()
    alarm = fault(db, f"missing/{STREAM}")
    assert (alarm["state"], alarm["detail"]["first"], alarm["detail"]["messages"]) == ("open", 2, 1)
    put(store, event({"kind": "x"}, 2))
    store.look_after(NOW + 800, KEEP)
    assert fault(db, f"missing/{STREAM}")["state"] == "closed"


def test_while_a_device_is_away_its_gaps_are_not_timed(store: EventStore) -> None:
    put(store, encode(birth(1, 3)), topic=STATUS)
    store.look_after(NOW, KEEP)
    put(store, encode(Will(run="9f2c61d0", connection=1)), topic=STATUS)
    assert store.look_after(NOW + 700, KEEP).changes == ()
    put(store, encode(birth(1, 3, connection=2)), topic=STATUS)
    assert store.look_after(NOW + 800, KEEP).changes == ()
    assert len(store.look_after(NOW + 1400, KEEP).changes) == 1


def test_below_the_retention_mark_a_redelivery_is_acknowledged_and_not_stored(
    store: EventStore, db: Db
) -> None:
    old, new = event({"kind": "x"}, 1), event({"kind": "x"}, 2)
    put(store, old, at=NOW - 11 * 86400)
    put(store, new)
    assert store.look_after(NOW, KEEP).outcomes["pruned"] == 1
    assert [row["seq"] for row in queries.events(db, 0, 10)] == [2]
    again = put(store, old)
    assert unchecked(again) == ((DEVICE, Ack(stream=STREAM, ranges=((1, 1),))),)
    assert again.outcomes == {"below_mark": 1}
    assert queries.summary(db)["missing"] == 0


def test_a_card_set_back_to_before_the_mark_is_a_fork(store: EventStore) -> None:
    """It counts on from a number that was deleted long ago; what it tells happened after what is kept."""
    put(store, event({"kind": "x"}, 1), event({"kind": "x"}, 2), at=NOW - 11 * 86400)
    put(store, event({"kind": "x"}, 3), at=NOW - 60)
    assert store.look_after(NOW, KEEP).outcomes["pruned"] == 2
    told = put(store, event(incident(), 2, at=NOW))
    assert [ack.forked for _, ack in told.acks] == [True]
    assert told.outcomes == {"fork": 1}


def test_a_clock_that_leaps_ahead_deletes_nothing(store: EventStore, db: Db, database: StoreDatabase) -> None:
    leap, day_s = NOW + 3 * 365 * 86400, 86400.0
    put(store, event({"kind": "x"}, 1), event({"kind": "x"}, 2))
    assert store.look_after(leap, KEEP).outcomes == {"pruned": 0}  # nothing newer than what is there
    put(store, event({"kind": "x"}, 3), at=leap)
    assert store.look_after(leap, KEEP).outcomes == {"pruning_held": 1}
    store.close()
    again = database.store()
    assert again.look_after(leap + day_s, KEEP).outcomes == {"pruning_held": 1}
    put(again, event({"kind": "x"}, 4), at=NOW + 60)  # the clock is right again
    assert again.look_after(NOW + 60, KEEP).outcomes == {"pruned": 0}
    put(again, event({"kind": "x"}, 5), at=leap)
    assert again.look_after(leap, KEEP).outcomes == {"pruning_held": 1}
    assert queries.summary(db)["events"] == 5
    assert again.look_after(leap + 2 * day_s, KEEP).outcomes == {"pruned": 2}  # it stands there: so be it
    again.close()


def test_a_pass_deletes_a_bounded_number_of_rows(
    store: EventStore, db: Db, database: StoreDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "PRUNED_PER_PASS", 3)
    for seq in range(1, 6):
        put(store, event({"kind": "x"}, seq), event({"kind": "x"}, seq, stream="s2"), at=NOW - 11 * 86400)
    put(store, event({"kind": "x"}, 6), at=NOW)
    with closing(database.writer()) as writer:
        writer.execute("INSERT INTO age_basis (id, known) VALUES (1, ?)", (NOW,))
    pruned = [store.look_after(NOW, KEEP).outcomes["pruned"] for _ in range(5)]
    assert pruned == [3, 3, 3, 1, 0]
    assert [row["seq"] for row in queries.events(db, 0, 9)] == [6]
    assert queries.summary(db)["missing"] == 0


def test_old_alerts_are_deleted_with_their_changes_and_open_ones_never(store: EventStore, db: Db) -> None:
    old = NOW - 11 * 86400
    told = [("stays", 1, "new"), ("ends", 1, "new"), ("stays", 2, "update"), ("ends", 2, "end"), ("young", 1, "new")]
    for seq, (name, revision, phase) in enumerate(told, 1):
        put(store, event(incident(incident=name, revision=revision, phase=phase), seq), at=old)
    put(store, event(incident(incident="young", revision=2, phase="end"), 6))
    assert queries.oldest_change(db) == 1
    store.look_after(NOW, KEEP)
    assert {alert["id"] for alert in alerts_of(db)} == {f"{DEVICE}/stays", f"{DEVICE}/young"}
    assert queries.summary(db)["alerts"] == 2
    assert [seq for seq, _ in queries.alert_changes(db, 0, 9)] == [3, 6]
    assert queries.oldest_change(db) == 6
    put(store, event(incident(incident="stays", revision=3), 7))
    store.look_after(NOW, KEEP)
    assert [seq for seq, _ in queries.alert_changes(db, 0, 9)] == [6, 7]  # the open one has a newer state


def test_the_newest_change_stays_for_its_number(store: EventStore, db: Db) -> None:
    old = NOW - 11 * 86400
    put(store, event(incident(), 1), event(incident(revision=2, phase="end"), 2), at=old)
    put(store, event({"kind": "x"}, 3))
    store.look_after(NOW, KEEP)
    assert [seq for seq, _ in queries.alert_changes(db, 0, 9)] == [2] == [alert["seq"] for alert in alerts_of(db)]
    [change] = put(store, event(incident(incident="next"), 4)).changes
    assert change.seq == 3
    store.look_after(NOW, KEEP)
    assert [alert["seq"] for alert in alerts_of(db)] == [3]


def test_an_alert_that_ended_today_is_not_old_however_old_its_reports_are(store: EventStore, db: Db) -> None:
    put(store, event(incident(), 1), at=NOW - 11 * 86400)
    put(store, event({"kind": "x"}, 2), encode(birth(run="newer")))
    put(store, encode(birth(run="newer")), topic=STATUS)
    put(store, event(incident(incident="newer/north/1", run="newer"), 3))
    store.look_after(NOW, KEEP)
    assert {alert["state"] for alert in alerts_of(db)} == {"open", "closed"}
    assert queries.oldest_change(db) == 2


def test_a_pass_deletes_a_bounded_number_of_changes(
    store: EventStore, db: Db, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "PRUNED_PER_PASS", 4)
    put(store, *(event(incident(revision=seq), seq) for seq in range(1, 8)), at=NOW - 11 * 86400)
    put(store, event(incident(revision=8), 8))
    pruned = [store.look_after(NOW, KEEP).outcomes["pruned"] for _ in range(5)]
    assert pruned == [4, 4, 4, 2, 0]  # seven events, then seven changes
    assert queries.oldest_change(db) == 8


def test_changes_of_an_older_database_are_as_old_as_their_reports(tmp_path: Path) -> None:
    path = tmp_path / "older.sqlite"
    older = Database(path)
    migrate.apply(older, stop_before="m010_alert_retention")
    told = msgspec.json.encode(fault_alert(f"{DEVICE}/x", 1))
    older["alert_changes"].insert({"seq": 1, "alert": "x", "action": "open", "audible": 1, "body": told})
    older.close()
    EventStore(Sqlite(path)).close()
    with closing(connect(path)) as db:
        assert db.execute("SELECT changed_at FROM alert_changes").fetchone()[0] == pytest.approx(NOW, abs=0.01)


def test_what_was_noted_of_numbers_below_the_mark_goes_with_them(
    store: EventStore, db: Db, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dead_letters, "KEPT_PER_DEVICE", 1)
    old = NOW - 11 * 86400
    put(store, event({"kind": "x"}, 1), event({"kind": "x"}, 6), at=old)
    put(store, *(event(incident(), seq, device="liar") for seq in (4, 5, 8, 9)), at=old)
    put(store, *(event(lost(first=first, last=last), first, stream="notices") for first, last in ((2, 3), (7, 7))))
    put(store, event({"kind": "x"}, 10))
    store.look_after(NOW, KEEP)
    [stream] = [one for one in queries.streams(db) if one["stream"] == STREAM]
    assert (stream["kept_from"], stream["missing"]) == (10, ())
    assert (stream["lost_notices"], stream["dead_lettered"]) == ((), ((9, 9),))


def test_the_clock_is_set_right_once_its_boot_is_known(store: EventStore, db: Db) -> None:
    unset = Clock(mono_s=50.0, boot="b1", synced=False)
    put(store, event(traffic_minute(clock=unset), 1, event_class="state", at=0.0), topic=STATES)
    before = queries.events(db, 0, 1)[0]
    assert (before["clock"], before["late"]) == ("unsynced", False)
    synced = Clock(mono_s=80.0, boot="b1", synced=True)
    put(store, event(traffic_minute(clock=synced), 2, event_class="state", at=NOW), topic=STATES)
    put(store, event(traffic_minute(clock=unset), 3, event_class="state", at=0.0), topic=STATES)
    rows = queries.events(db, 0, 10)
    assert [row["clock"] for row in rows] == ["corrected", "synced", "corrected"]
    times = [row["at"] for row in db.execute("SELECT at FROM events ORDER BY n")]
    assert times == pytest.approx([NOW - 30, NOW, NOW - 30], abs=0.01)


def test_an_alert_of_a_clock_that_was_not_set_is_set_right_and_says_so(store: EventStore, db: Db) -> None:
    told = {"started_at": format_time(40.0), "updated_at": format_time(50.0)}
    unset = incident(clock=Clock(mono_s=50.0, boot="b1", synced=False), **told)
    put(store, event(unset, 1, at=50.0))
    [alert] = alerts_of(db)
    assert (alert["started_at"], alert["clock"]) == (told["started_at"], {"synced": False, "corrected": False})
    set_now = incident(incident="r/c/2", clock=Clock(mono_s=80.0, boot="b1", synced=True))
    put(store, event(msgspec.structs.replace(unset, incident="r/c/9", updated_at="9999-12-31T23:59:59Z"), 9, at=50.0))
    first, *_ = put(store, event(set_now, 2, at=NOW)).changes
    assert (first.action, first.audible) == ("update", False)
    later = msgspec.structs.replace(unset, incident="r/c/3", ended_at=format_time(50.0), phase="end")
    put(store, event(later, 3, at=50.0))
    by_name = {str(alert["id"]).partition("/")[2]: alert for alert in alerts_of(db)}
    for name in (unset.incident, "r/c/3"):
        assert (by_name[name]["started_at"], by_name[name]["updated_at"]) == (format_time(NOW - 40), format_time(NOW - 30))
        assert by_name[name]["clock"] == {"synced": False, "corrected": True}
    assert by_name["r/c/3"]["ended_at"] == format_time(NOW - 30)
    assert by_name["r/c/2"]["clock"] == {"synced": True, "corrected": False}


def test_traffic_goes_by_the_corrected_time_and_shows_it(store: EventStore, db: Db) -> None:
    def minute(seq: int, at: float, mono_s: float, boot: str, synced: bool) -> None:
        clock = Clock(mono_s=mono_s, boot=boot, synced=synced)
        body = traffic_minute(from_=format_time(at - 60), clock=clock)
        put(store, event(body, seq, event_class="state", at=at), topic=STATES)

    minute(1, NOW + 86400, 100.0, "b1", synced=False)  # a day ahead until its clock was set
    minute(2, NOW + 60, 160.0, "b1", synced=True)
    minute(3, NOW + 9 * 86400, 50.0, "b2", synced=False)  # never set
    minutes = [(one["from"], one["clock"]) for one in queries.traffic(db, 3, None, None)]
    assert minutes == [
        (format_time(NOW), "synced"), (format_time(NOW - 60), "corrected"), (format_time(NOW + 9 * 86400 - 60), "unsynced"),
    ]  # fmt: skip


def test_devices_tell_how_they_fare_in_as_many_questions_however_many_there_are(tmp_path: Path) -> None:
    asked: list[str] = []
    with closing(EventStore(Sqlite(tmp_path / "x.sqlite"))) as store, closing(connect(tmp_path / "x.sqlite")) as db:

        def questions() -> int:
            asked.clear()
            db.set_trace_callback(asked.append)
            assert all(one["outbox"]["messages"] == 3 and one["clock"] == "unknown" for one in queries.devices(db))
            return len(asked)

        def tell(device: str) -> None:
            health = HealthData(run="r", uptime_s=1.0, outbox_messages=3, clock=CLOCK)
            told = event(health, 1, device=device, event_class="telemetry", at=NOW)
            put(store, told, event({"kind": "x"}, 2, device=device), topic=topics.event(device, "telemetry"))

        tell("kerb-1")
        one = questions()
        for n in range(2, 9):
            tell(f"kerb-{n}")
        assert questions() == one


def test_figures_of_long_before_a_device_s_last_word_are_not_told(store: EventStore, db: Db) -> None:
    health = event(HealthData(run="r", uptime_s=1.0, clock=CLOCK), 1, stream="s3", event_class="telemetry", at=NOW - 4000)
    put(store, health, topic=topics.event(DEVICE, "telemetry"), at=NOW - 4000)
    assert queries.devices(db)[0]["outbox"] is not None
    put(store, event({"kind": "x"}, 1))
    assert queries.devices(db)[0]["outbox"] is None


def test_a_will_older_than_the_birth_leaves_the_device_online(store: EventStore, db: Db) -> None:
    put(store, encode(birth(connection=2)), encode(Will(run="9f2c61d0", connection=1)), topic=STATUS)
    [device] = queries.devices(db)
    assert (device["online"], device["site"], device["software"]) == (True, "qn-test", "0.1.0")
    put(store, encode(Will(run="9f2c61d0", connection=2)), topic=STATUS)
    assert queries.devices(db)[0]["online"] is False


def test_traffic_gives_the_newest_minutes_of_each_camera(store: EventStore, db: Db) -> None:
    minutes = [traffic_minute(from_=f"2026-03-02T00:{m:02}:00.000Z") for m in (15, 17, 16)]
    other = traffic_minute(camera="south", from_="2026-03-02T00:01:00.000Z")
    ends = [NOW, NOW + 120, NOW + 60, NOW + 180]
    told = enumerate(zip([*minutes, other], ends, strict=True), 1)
    put(store, *(event(body, n, event_class="state", at=at) for n, (body, at) in told), topic=STATES)
    assert [(m["camera"], m["from"][14:16]) for m in queries.traffic(db, 1, None, None)] == [("south", "01"), ("north", "17")]
    assert [m["from"][14:16] for m in queries.traffic(db, 2, DEVICE, "north")] == ["17", "16"]
    assert queries.traffic(db, 1, "nobody", None) == []


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(1, 40)))
def test_ranges_are_what_the_rows_say(tmp_path: Path, seqs: list[int]) -> None:
    path = tmp_path / "ranges.sqlite"
    path.unlink(missing_ok=True)
    store = EventStore(Sqlite(path))
    put(store, *(event({"kind": "x"}, seq, at=NOW) for seq in seqs))
    with closing(connect(path)) as db:
        assert gaps.stored(db, DEVICE, STREAM) == delivery.coalesce(seqs)
    store.close()


def test_numbers_that_a_later_birth_takes_back_are_not_missed(store: EventStore, db: Db) -> None:
    put(store, encode(birth(1, 10)), topic=STATUS)
    put(store, event({"kind": "x"}, 2))
    store.look_after(NOW, KEEP)
    assert gaps.missing(db, DEVICE, STREAM) == ((1, 1), (3, 10))
    put(store, encode(birth(1, 4, connection=2)), topic=STATUS)
    assert gaps.missing(db, DEVICE, STREAM) == ((1, 1), (3, 4))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(st.integers(1, 30), max_size=6), min_size=1, max_size=6))
def test_what_is_remembered_of_a_stream_changes_nothing_in_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, batches: list[list[int]]
) -> None:
    monkeypatch.setattr(gaps, "GAPS_REMEMBERED", 2)
    path = tmp_path / "remembered.sqlite"
    path.unlink(missing_ok=True)
    store, heard = EventStore(Sqlite(path)), {5}
    with closing(store), closing(connect(path)) as db:
        put(store, event({"kind": "x"}, 5))
        for seqs in batches:
            put(store, *(event({"kind": "x"}, seq, at=NOW) for seq in seqs if seq not in heard))
            heard.update(seqs)
            expected = delivery.missing(1, max(heard), delivery.coalesce(heard))
            for _ in range(2):  # as remembered before these came, and after
                [(_, numbers)] = gaps.survey(db)
                assert (numbers.missing, numbers.stored) == (expected, delivery.coalesce(heard))
                store.look_after(NOW, KEEP)


def test_a_look_for_gaps_costs_the_same_however_long_the_stream_and_whatever_its_gaps(
    tmp_path: Path,
) -> None:
    store, db = EventStore(Sqlite(tmp_path / "events.sqlite")), connect(tmp_path / "events.sqlite")

    def cost() -> int:
        steps = 0

        def count() -> int:
            nonlocal steps
            steps += 1
            return 0

        store.look_after(NOW, KEEP)
        db.set_progress_handler(count, 10)
        assert delivery.size(gaps.missing(db, DEVICE, STREAM)) == 2
        db.set_progress_handler(None, 0)
        return steps

    put(store, encode(birth()), topic=STATUS)
    put(store, *(event({"kind": "x"}, seq) for seq in range(1, 100) if seq not in (7, 50)))
    short = cost()
    put(store, *(event({"kind": "x"}, seq) for seq in range(100, 3000)))
    assert cost() <= short + 1
    store.close(), db.close()


def test_a_database_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"not a database, but long enough to look like one" * 30)
    with pytest.raises(StoreUnavailable, match=str(tmp_path / "x")):
        EventStore(Sqlite(tmp_path / "x"))


def fault_alert(alert_id: str, seq: int) -> dict[str, object]:
    """An alert as it was stored before alerts knew their run."""
    alert = alerts.fault(None, DEVICE, "", alert_id.removeprefix(f"{DEVICE}/"), {}, format_time(NOW), NOW, ended=False)
    told = msgspec.to_builtins(msgspec.structs.replace(alert, id=alert_id, seq=seq))
    return {name: value for name, value in told.items() if name not in ("run", "ended_by")}


def alerts_of(db: Db, state: str = "all") -> list[dict[str, object]]:
    return [msgspec.json.decode(raw) for raw in queries.alerts(db, state, 100, None)]


def fault(db: Db, incident_id: str) -> dict[str, object]:
    return next(alert for alert in alerts_of(db) if alert["id"] == f"collector/{DEVICE}/{incident_id}")
