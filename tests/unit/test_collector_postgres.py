"""Several collectors on one PostgreSQL: they take turns, one leads; whatever dies, others go on, and nothing is told twice."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from collector.broker.link import BrokerLink
from collector.cli.store import command as store_command
from collector.config.broker import Broker
from collector.core.delivery import Received
from collector.core.errors import WrongUse
from collector.core.roles import Who
from collector.ingest import Ingest
from collector.store.access import place
from collector.store.access.accounts import ACCOUNTS, Accounts
from collector.store.engines import postgres
from collector.store.engines.moving import CannotMove
from collector.store.engines.opening import StoreUnavailable
from collector.store.engines.postgres import Postgres, PostgresReaders
from collector.store.engines.postgres_follower import Follower
from collector.store.event_store import EventStore
from collector.store.questions import queries
from collector.upkeep import Rules, Upkeep
from event_contract import topics
from event_contract.messages import Ack, encode
from tests.brokers import free_port, mosquitto
from tests.databases import PostgresSchema, SqliteFile, postgres_home, postgres_server
from tests.unit.test_collector_store import unchecked
from tests.wire_messages import DEVICE, STREAM, birth, event, incident, lost

NOW = time.time()
KEEP = {"incident": 10.0, "state": 10.0, "telemetry": 10.0}
INCIDENTS = topics.event(DEVICE, "incident")

HOLDING = """
import sys, time
from collector.store.engines.postgres import Address, Postgres
with Postgres(Address(sys.argv[1])).transaction() as db:
    print("holding", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def schema(postgres_url: str) -> PostgresSchema:
    return PostgresSchema(postgres_url)


def received(*payloads: bytes) -> list[Received]:
    return [Received(INCIDENTS, payload, NOW) for payload in payloads]


@contextmanager
def holding_the_turn(schema: PostgresSchema) -> Iterator[subprocess.Popen[str]]:
    """A process in the middle of its transaction."""
    command = [sys.executable, "-c", HOLDING, schema.address.url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stdout.readline() == "holding\n"
        try:
            yield process
        finally:
            process.kill()


def test_what_several_commit_at_once_is_stored_once_and_numbered_without_a_hole(schema: PostgresSchema) -> None:
    payloads = [event(incident(incident=f"r/north/{seq}"), seq) for seq in range(1, 101)]
    seen: list[int] = []
    complete = threading.Event()

    def publish(changes: list[tuple[int, bytes]]) -> None:
        seen.extend(seq for seq, _ in changes)
        if len(seen) >= 101:
            complete.set()

    def commit_all(start: int) -> set[int]:
        acknowledged: set[int] = set()
        with closing(schema.store()) as store:
            for first in range(start, start + 100, 10):
                some = [payloads[(first + step) % 100] for step in range(10)]
                for _, ack in store.commit(received(*some)).acks:
                    acknowledged |= {seq for low, high in ack.ranges for seq in range(low, high + 1)}
        return acknowledged

    with closing(schema.store()) as store:
        store.commit(received(event(incident(incident="r/north/first"), 1, stream="s2")))
        follower = Follower(schema.address, publish, pytest.fail)  # type: ignore[arg-type]
        follower._place = 0
        follower.start()
        with ThreadPoolExecutor(3) as pool:
            assert list(pool.map(commit_all, (0, 30, 60))) == [set(range(1, 101))] * 3
    assert complete.wait(20)
    follower.stop()
    assert seen == list(range(1, 102))
    with closing(schema.reader()) as db:
        assert queries.summary(db)["events"] == 101
        numbers = [row["n"] for row in queries.events(db, 0, 1000)]
        assert numbers == sorted(numbers)


def test_a_fork_that_two_see_is_one_alarm_and_known_to_both(schema: PostgresSchema) -> None:
    with closing(schema.store()) as one, closing(schema.store()) as other:
        one.commit(received(event(incident(), 1)))
        forked = received(event(incident(confidence=0.1), 1))
        assert [len(store.commit(forked).changes) for store in (one, other)] == [1, 0]
        behind = other.commit(received(event({"kind": "x"}, 2)))
        assert behind.acks == ((DEVICE, Ack(stream=STREAM, forked=True)),)


def test_one_leads_until_its_connection_ends(schema: PostgresSchema) -> None:
    with closing(Postgres(schema.address)) as other:
        with closing(Postgres(schema.address)) as first:
            assert (first.leads(), other.leads(), first.leads()) == (True, False, True)
            assert EventStore(other).look_after(NOW, KEEP).outcomes == {}
        while not other.leads():
            time.sleep(0.01)
        assert EventStore(other).look_after(NOW, KEEP).outcomes == {"pruned": 0}


def test_the_turn_of_a_collector_that_was_killed_is_over(schema: PostgresSchema) -> None:
    with closing(schema.store()) as store, holding_the_turn(schema) as process:
        process.kill()
        assert store.commit(received(event(incident(), 1))).outcomes == {"store": 1}


def test_the_turn_of_a_collector_that_hangs_is_taken_from_it(schema: PostgresSchema, monkeypatch: pytest.MonkeyPatch) -> None:
    hung_after = {**postgres._SETTINGS, "idle_in_transaction_session_timeout": "1s"}
    monkeypatch.setattr(postgres, "_SETTINGS", hung_after)
    script = f"from collector.store.engines import postgres\npostgres._SETTINGS.update({hung_after!r})\n" + HOLDING
    monkeypatch.setattr(sys.modules[__name__], "HOLDING", script)
    with closing(schema.store()) as store, holding_the_turn(schema) as process:
        os.kill(process.pid, signal.SIGSTOP)
        assert store.commit(received(event(incident(), 1))).outcomes == {"store": 1}


def test_values_that_it_cannot_hold_are_the_message_s_fault_and_leave_the_store_usable(schema: PostgresSchema) -> None:
    with closing(schema.store()) as store:
        poison = received(event({"kind": "nul\x00"}, 1))
        with pytest.raises(Exception, match="NUL") as caught:
            store.commit(poison)
        assert not isinstance(caught.value, StoreUnavailable)
        buried = store.bury(poison[0], f"cannot be stored: {caught.value}")
        assert unchecked(buried) == ((DEVICE, Ack(stream=STREAM, ranges=((1, 1),))),)
        assert store.commit(received(event(incident(), 2))).outcomes == {"store": 1}


def test_a_database_that_goes_away_takes_nothing_and_everything_when_it_is_back() -> None:
    home, port = postgres_home(), free_port()
    first, second = event(incident(), 1), event(incident(), 2)
    try:
        with postgres_server(home, port=port) as url:
            schema = PostgresSchema(url)
            store, readers = schema.store(), PostgresReaders(schema.address)
            store.commit(received(first))
            with readers.reading() as db:
                assert queries.summary(db)["events"] == 1
        with pytest.raises(StoreUnavailable, match="PostgreSQL: "):
            store.commit(received(second))
        with postgres_server(home, port=port):
            assert store.commit(received(first, second)).outcomes == {"duplicate": 1, "store": 1}
            with readers.reading() as db:
                assert queries.summary(db)["events"] == 2
            store.close(), readers.close()
        with postgres_server(home, "fsync=off", port=port), pytest.raises(StoreUnavailable, match="fsync is off"):
            schema.store()
        with (
            postgres_server(home, "synchronous_commit=off", port=port),
            closing(Postgres(schema.address)) as demanding,
            demanding.transaction() as db,
        ):
            assert db.execute("SHOW synchronous_commit").fetchone()[0] == "on"
    finally:
        shutil.rmtree(home)


def test_a_sqlite_store_moves_whole_or_not_at_all(schema: PostgresSchema, tmp_path: Path) -> None:
    file = SqliteFile(tmp_path / "collector.sqlite")
    with closing(file.store()) as old:
        old.commit([Received(topics.status(DEVICE), encode(birth(1, 9)), NOW)])
        old.commit(received(*(event(incident(incident=f"r/north/{seq}"), seq) for seq in (1, 2, 5)), b"poison"))
        old.commit(received(event({"kind": "nul\x00"}, 3), event(lost(first=4, last=4), 1, stream="notices")))
    with closing(Accounts(tmp_path / ACCOUNTS)) as accounts:
        accounts.set_password("lan", "cau-thi-nai-2026", "engineer")
        session = accounts.open_session("lan")
        accounts.tokens.create("wall", "viewer"), accounts.audit.write("lan", "log in")
    command = ["migrate", "--from", str(tmp_path), "--to", schema.address.url, "--json"]
    moved = CliRunner().invoke(store_command, command, catch_exceptions=False)
    rows = json.loads(moved.output)["rows"]
    assert (rows["events"], rows["alerts"], rows["dead_letters"], rows["lost_notices"]) == (5, 4, 1, 1)
    assert {table: rows[table] for table in ("users", "sessions", "tokens", "audit")} == dict.fromkeys(
        ("users", "sessions", "tokens", "audit"), 1
    )
    with closing(schema.accounts()) as accounts:
        assert accounts.check("lan", "cau-thi-nai-2026") and accounts.who(session) == Who("lan", "engineer")
        assert accounts.audit.read()[0].action == "log in"
    with closing(file.reader()) as old_db, closing(schema.reader()) as new_db:
        for question in (queries.summary, queries.streams, queries.devices, lambda db: queries.alert_changes(db, 0, 99)):
            assert question(new_db) == question(old_db)
        told = [[(row["n"], row["event"]) for row in queries.events(db, 0, 99)] for db in (old_db, new_db)]
        assert told[0] == told[1]
        with closing(schema.store()) as new:
            assert new.commit(received(event({"kind": "x"}, 6))).outcomes == {"store": 1}
        assert queries.events(new_db, 0, 99)[-1]["n"] == 6
    with pytest.raises(CannotMove, match="holds alert"):
        CliRunner().invoke(store_command, command, catch_exceptions=False)


def test_the_first_collector_brings_its_users_into_the_shared_database_and_its_folder_says_where_they_are(
    schema: PostgresSchema, tmp_path: Path
) -> None:
    folders = [tmp_path / name for name in ("first", "second")]
    for folder in folders:
        folder.mkdir()
        with closing(Accounts(folder / ACCOUNTS)) as accounts:
            accounts.set_password(folder.name, "cau-thi-nai-2026", "admin")
            accounts.audit.write(folder.name, "log in")
    for folder in (*folders, folders[0]):
        with closing(Accounts(place.shared(schema.address.url, None, folder))) as accounts:
            assert [one.name for one in accounts.users()] == ["first"]
            assert [entry.who for entry in accounts.audit.read()] == ["first"]
        with pytest.raises(WrongUse, match="give --config"):
            place.found(folder)
    place.own(folders[1]).close()  # back to a store of its own
    place.found(folders[1]).close()


@pytest.mark.chain
def test_collectors_of_a_group_share_the_events_and_all_hear_who_is_there(schema: PostgresSchema, tmp_path: Path) -> None:
    from tests.unit.test_collector_ingest import Device

    port = free_port()
    with mosquitto(tmp_path, port):
        broker = Broker(port=port, share_group="city")
        stores = [schema.store() for _ in range(2)]
        ingests = [Ingest(store, Upkeep(store, Rules(KEEP)), lambda changes: None, pytest.fail) for store in stores]
        links = [
            BrokerLink(broker, f"c{n}", ingest.receive, lambda state: None, pytest.fail) for n, ingest in enumerate(ingests)
        ]
        device = Device(port)
        for n, (ingest, link) in enumerate(zip(ingests, links, strict=True)):
            ingest.start(), link.start()
            device.status(online=True, instance=f"c{n}")  # one by one: what it hears of another meanwhile is passed over
        device.send(encode(birth(1, 200)), topics.status(DEVICE), retain=True)
        for seq in range(1, 201):
            device.client.publish(INCIDENTS, event(incident(incident=f"r/north/{seq}"), seq), qos=1)
        assert device.acks(200) == set(range(1, 201))
        device.close()
        for ingest, link, store in zip(ingests, links, stores, strict=True):
            link.stop(), ingest.stop(), store.close()
    assert [ingest.counts["status"] for ingest in ingests] == [1, 1]
    shares = [ingest.counts["store"] for ingest in ingests]
    assert sum(shares) == 200 and min(shares) > 0
    with closing(schema.reader()) as db:
        changes = [msgspec.json.decode(body)["seq"] for _, body in queries.alert_changes(db, 0, 1000)]
        assert changes == list(range(1, 201))
