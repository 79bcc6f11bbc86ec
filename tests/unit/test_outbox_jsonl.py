"""Events into a file: the contract's messages, whole or not at all, the same on every machine."""

from pathlib import Path

import msgspec
import pytest

from edge_agent.sinks.jsonl import EventFile
from event_contract.messages import CloudEvent
from tests.unit.outbox_parts import event


def write(path: Path) -> bytes:
    with EventFile(path, "kerb-1", "stream-1") as file:
        file.append([event("incident", "a"), event("state", "b")])
        file.append([event("telemetry", "c")])
        assert file.written == 3 and not path.exists()
    return path.read_bytes()


def test_one_message_a_line_numbered_in_order(tmp_path: Path) -> None:
    lines = write(tmp_path / "events.jsonl").splitlines()
    assert [msgspec.json.decode(line, type=CloudEvent).id for line in lines] == ["stream-1/1", "stream-1/2", "stream-1/3"]
    assert [path.name for path in tmp_path.iterdir()] == ["events.jsonl"]


def test_the_same_events_give_the_same_file(tmp_path: Path) -> None:
    assert write(tmp_path / "a.jsonl") == write(tmp_path / "b.jsonl")


def test_work_that_fails_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_text("old\n")
    with pytest.raises(ZeroDivisionError), EventFile(path, "kerb-1", "stream-1") as file:
        file.append([event("incident")])
        raise ZeroDivisionError
    assert path.read_text() == "old\n" and len(list(tmp_path.iterdir())) == 1
