"""A damaged outbox file: the agent starts all the same, what can be read comes over, and an incident tells of it."""

import random
import shutil
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.config import BrokerConfig, OutboxConfig
from edge_agent.core.delivery import Delete
from edge_agent.sinks.damage import open_to_read
from edge_agent.sinks.mqtt import EventSink
from edge_agent.sinks.outbox import Outbox
from edge_agent.sinks.outbox_file import OutboxDamaged
from edge_agent.sinks.rescue import KEPT
from event_contract.messages import IncidentData, LostData
from scripts.drills.power_history import note, read
from tests.unit.outbox_parts import event, origin

CAPS = OutboxConfig(max_bytes=4_000_000)
MESSAGES = 90
ACKNOWLEDGED = [f"run1/north/{n}" for n in range(2, 9)]
DB, LOG = "outbox.db", "outbox.db-wal"


@pytest.fixture(scope="module")
def card(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an agent that was killed: part of its outbox is in the write-ahead log only, part is acknowledged."""
    folder = tmp_path_factory.mktemp("card")
    outbox = Outbox.open(folder / "at work" / DB, origin(), CAPS)
    for n in range(MESSAGES // 3):
        outbox.append([event("incident", f"{n}", 200 * (n % 5)), event("state", f"s{n}"), event("telemetry", f"t{n}", 25 * n)])
    stream = outbox.streams()[0].stream
    outbox.delete([Delete(stream, 3, 9)])
    shutil.copytree(folder / "at work", folder / "killed")
    outbox.close()
    assert (folder / "killed" / LOG).stat().st_size > 20_000
    return folder / "killed"


@pytest.fixture
def path(card: Path, tmp_path: Path) -> Path:
    return copy(card, tmp_path / "agent")


def copy(card: Path, folder: Path) -> Path:
    shutil.copytree(card, folder)
    return folder / DB


def open_and_read(path: Path) -> list[Any]:
    outbox = Outbox.open(path, origin(), CAPS)
    bodies = list(bodies_of(outbox))
    outbox.close()
    return bodies


def bodies_of(outbox: Outbox) -> list[Any]:
    rows = outbox._connection.execute("SELECT payload FROM messages ORDER BY key").fetchall()
    return list(read(payload for (payload,) in rows).values())


def events_among(bodies: list[Any]) -> list[str]:
    return sorted(note(body).rstrip("x") for body in bodies if not isinstance(body, LostData) and body.kind != "device_fault")


def faults_among(bodies: list[Any]) -> list[IncidentData]:
    return [body for body in bodies if isinstance(body, IncidentData) and body.kind == "device_fault"]


@pytest.fixture(scope="module")
def whole(card: Path, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What the card holds."""
    bodies = open_and_read(copy(card, tmp_path_factory.mktemp("whole") / "agent"))
    assert not faults_among(bodies), "an outbox whose agent was killed is no damaged one"
    assert len(events_among(bodies)) == MESSAGES - len(ACKNOWLEDGED)
    return events_among(bodies)


FLIP = st.tuples(st.sampled_from([DB, DB, LOG]), st.floats(0, 1, exclude_max=True), st.integers(0, 7))


@settings(max_examples=40, deadline=None)
@given(flips=st.lists(FLIP, min_size=1, max_size=4))
def test_whatever_flips_the_events_are_there_or_it_is_told(
    card: Path, whole: list[str], tmp_path_factory: pytest.TempPathFactory, flips: list[tuple[str, float, int]]
) -> None:
    path = copy(card, tmp_path_factory.mktemp("flip") / "agent")
    for name, where, bit in flips:
        data = bytearray((path.parent / name).read_bytes())
        data[int(where * len(data))] ^= 1 << bit
        (path.parent / name).write_bytes(data)
    bodies = open_and_read(path)
    found = events_among(bodies)
    assert set(found) <= {*whole, *ACKNOWLEDGED}  # with the log goes what it says of deletions
    assert len(found) == len(set(found)), "twice"
    assert found == whole or [fault.phase for fault in faults_among(bodies)] == ["new", "end"]
    assert not faults_among(open_and_read(path)[len(bodies) :]), "the next start finds nothing wrong"
    shutil.rmtree(path.parent)


@pytest.mark.parametrize("content", [b"", b"no database at all" * 1000, bytes(40_000), random.Random(1).randbytes(40_000)])
def test_a_file_that_is_no_outbox_is_set_aside(path: Path, content: bytes) -> None:
    (path.parent / LOG).unlink()
    path.write_bytes(content)
    (new, end) = faults_among(open_and_read(path))
    assert new.detail["reason"] == "damaged" and end.detail["carried_over"] == 0 and end.revision > new.revision
    (aside,) = path.parent.glob("outbox.db.damaged-*Z")
    assert aside.read_bytes() == content


def test_what_can_be_read_comes_over_in_new_streams_incidents_first(path: Path, card: Path) -> None:
    (path.parent / LOG).unlink()
    data = path.read_bytes()
    at = data.index(b'"t9xxx')  # telemetry: that leaf page alone is gone
    path.write_bytes(data[: at // 4096 * 4096] + bytes(4096) + data[at // 4096 * 4096 + 4096 :])
    with closing(open_to_read(card / DB)) as old:
        streams = {stream for (stream,) in old.execute("SELECT stream FROM streams").fetchall()}
    outbox = Outbox.open(path, origin(), CAPS)
    bodies = bodies_of(outbox)
    assert not streams & {birth.stream for birth in outbox.streams()}
    assert all(birth.lowest == 1 for birth in outbox.streams())
    found = events_among(bodies)
    assert len(found) > MESSAGES // 3 and "run1/north/0" in found and "t9" not in found and "t29" in found
    carried = faults_among(bodies)[-1].detail["carried_over"]
    assert carried == len(found)
    named = {body.reason for body in bodies if isinstance(body, LostData)}
    assert named == {"forked", "damaged"}
    assert {body.stream for body in bodies if isinstance(body, LostData)} <= streams
    assert outbox.append([event("incident", "goes on")]) == 1
    outbox.close()


def test_only_the_last_few_are_kept(path: Path) -> None:
    for n in range(KEPT + 2):
        path.with_name(f"{DB}.damaged-2026010{n}T000000Z").write_bytes(b"old")
    path.write_bytes(b"")
    open_and_read(path)
    kept = sorted(file.name for file in path.parent.glob("*.damaged-*"))
    assert len(kept) == KEPT and "20260104" in kept[1] and "20260103" in kept[0]


def test_a_rescue_that_was_interrupted_is_brought_to_its_end(path: Path, card: Path, whole: list[str]) -> None:
    """The damaged file had gone aside, its log not yet, and the new one was not yet in place."""
    path.write_bytes(b"")
    open_and_read(path)
    path.rename(path.with_name(f"{DB}.new"))
    shutil.copy(card / LOG, path.parent)
    assert faults_among(open_and_read(path)) and not path.with_name(f"{DB}.new").exists()
    path.with_name(f"{DB}.new").write_bytes(b"half")
    shutil.copy(card / DB, path)
    shutil.copy(card / LOG, path.parent)
    assert events_among(open_and_read(path)) == whole


def test_a_message_that_turned_bad_is_not_sent(path: Path) -> None:
    outbox = Outbox.open(path, origin(), CAPS)
    stream = outbox.streams()[0].stream
    with closing(sqlite3.connect(path)) as other, other:
        flip = "CAST(replace(CAST(payload AS TEXT), '0.9', '0.8') AS BLOB)"
        other.execute(f"UPDATE messages SET payload = {flip} WHERE key = (1 << 40) + 12")
    assert outbox.payload(stream, 11)
    with pytest.raises(OutboxDamaged, match="/12 is damaged"):
        outbox.payload(stream, 12)
    anew = outbox.rebuilt("found at work", [Delete(stream, 1, 2)])
    found = events_among(bodies_of(anew))
    assert "run1/north/10" in found and not {"run1/north/0", "run1/north/1", "run1/north/11"} & set(found)
    anew.close()


def test_damage_at_work_is_no_crash(path: Path) -> None:
    crashes: list[BaseException] = []
    sink = EventSink(Outbox.open(path, origin(), CAPS), BrokerConfig(port=1), origin(), crashes.append)
    sink.start()
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        other.execute("UPDATE streams SET current = current")  # so that the sink reads its pages anew
        with path.open("r+b") as file:
            file.seek(8 * 4096)
            file.write(b"\xa5" * (path.stat().st_size - 8 * 4096))
    deadline = time.monotonic() + 60
    while not sink.stats().rebuilt and not crashes and time.monotonic() < deadline:
        sink.submit([event("incident", "after"), event("telemetry")])
        time.sleep(0.05)
    sink.submit([event("incident", "the last")])
    sink.close(0.0)
    assert not crashes
    bodies = open_and_read(path)
    assert faults_among(bodies)[0].detail["damage"].startswith("found at work")
    assert {"run1/north/after", "run1/north/the last"} <= set(events_among(bodies))
