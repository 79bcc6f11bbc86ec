"""The outbox on a disk that is full: a small disk in memory, on which SQLite and the reserve want room."""

from collections.abc import Iterator

import pytest

from edge_agent.config import OutboxConfig
from edge_agent.core.delivery import Delete
from edge_agent.sinks.outbox import Outbox
from event_contract.messages import IncidentData, LostData
from scripts.drills.crash_disk import Disk
from scripts.drills.crash_vfs import CrashConnection
from scripts.drills.power import mounted
from scripts.drills.power_history import read
from tests.unit.outbox_parts import event, origin

CAPS = OutboxConfig(max_bytes=40_000_000)


class ReserveOnDisk:
    """Stands in for the file that Reserve keeps on a real disk."""

    bytes = 1_000_000

    def __init__(self, disk: Disk) -> None:
        self._disk = disk

    def make(self) -> bool:
        disk = self._disk
        if "/reserve" in disk.files:
            return True
        if disk.room_bytes is not None and disk.room_bytes - disk.used_bytes < 2 * self.bytes:
            return False
        disk.write(disk.open("/reserve"), 0, bytes(self.bytes))
        return True

    def give_up(self) -> None:
        if "/reserve" in self._disk.files:
            self._disk.delete("/reserve")


@pytest.fixture
def disk() -> Disk:
    return Disk()


@pytest.fixture
def connection(disk: Disk) -> Iterator[CrashConnection]:
    with mounted(disk) as connection:
        yield connection


@pytest.fixture
def outbox(disk: Disk, connection: CrashConnection) -> Outbox:
    return Outbox(connection, origin(), CAPS, reserve=ReserveOnDisk(disk))  # type: ignore[arg-type]


def fill(disk: Disk) -> None:
    """Another program writes until nothing is left."""
    disk.room_bytes = disk.used_bytes


def held(connection: CrashConnection) -> list[object]:
    return list(read(payload for (payload,) in connection.execute("SELECT payload FROM messages").fetchall()).values())


def incidents(connection: CrashConnection) -> set[str]:
    return {body.incident for body in held(connection) if isinstance(body, IncidentData) and body.kind != "device_fault"}


def disk_faults(connection: CrashConnection) -> list[str]:
    faults = [body for body in held(connection) if isinstance(body, IncidentData) and body.kind == "device_fault"]
    assert all(body.detail["reason"] == "disk" for body in faults)
    return [f"{body.phase} {body.revision}" for body in faults]


def test_incidents_go_on_and_telemetry_makes_way(disk: Disk, connection: CrashConnection, outbox: Outbox) -> None:
    for n in range(100):
        outbox.append([event("telemetry", f"{n}", bulk=2000)])
    fill(disk)
    full_at = disk.used_bytes
    for n in range(300):
        assert outbox.append([event("incident", f"{n}", bulk=1000)]) == 1
        assert outbox.append([event("telemetry", f"later {n}", bulk=1000)]) == 1
    assert incidents(connection) == {f"run1/north/{n}" for n in range(300)}
    assert disk.used_bytes <= full_at
    assert any(isinstance(body, LostData) and body.reason == "outbox_full" for body in held(connection))
    assert outbox.stats().disk_full


def test_a_full_disk_is_told_and_so_is_its_end(disk: Disk, connection: CrashConnection, outbox: Outbox) -> None:
    outbox.append([event("incident", "before")])
    assert not outbox.stats().disk_full
    fill(disk)
    while not outbox.stats().disk_full:
        outbox.append([event("state")])
    outbox.expire()
    outbox.expire()
    assert disk_faults(connection) == ["new 1"]
    disk.room_bytes = None
    outbox.expire()
    assert disk_faults(connection) == ["new 1", "end 2"]
    assert not outbox.stats().disk_full and "/reserve" in disk.files
    before = outbox.stats().lost
    for _ in range(200):
        outbox.append([event("telemetry", bulk=5000)])
    assert outbox.stats().lost == before, "it stayed small though there was room again"


def test_started_on_a_full_disk(disk: Disk, connection: CrashConnection) -> None:
    Outbox(connection, origin(), CAPS)  # type: ignore[arg-type]
    disk.room_bytes = disk.used_bytes + 100_000  # too little for a reserve
    outbox = Outbox(connection, origin(), CAPS, reserve=ReserveOnDisk(disk))  # type: ignore[arg-type]
    assert outbox.stats().disk_full and disk_faults(connection) == ["new 1"]


def test_what_the_disk_does_not_take_is_not_there_and_not_half(disk: Disk, connection: CrashConnection, outbox: Outbox) -> None:
    """Even the reserve is eaten up by others."""
    outbox.append([event("incident", "kept")])
    fill(disk)
    outbox.append([event("incident", "from the reserve")])
    fill(disk)
    stored = [n for n in range(100) if outbox.append([event("incident", f"{n}", bulk=30_000)])]
    assert len(stored) < 100
    kept = {"run1/north/kept", "run1/north/from the reserve", *(f"run1/north/{n}" for n in stored)}
    named = outbox.stats().lost
    assert len(incidents(connection)) == len(kept) - named and incidents(connection) <= kept
    disk.room_bytes = None
    outbox.expire()
    assert outbox.append([event("incident", "after", bulk=30_000)]) == 1


def test_acknowledged_messages_are_deleted_on_a_full_disk(disk: Disk, connection: CrashConnection, outbox: Outbox) -> None:
    for n in range(100):
        outbox.append([event("state", f"{n}", bulk=2000)])
    fill(disk)
    stream = next(birth.stream for birth in outbox.streams() if birth.event_class == "state")
    for first in range(1, 100, 10):
        outbox.delete([Delete(stream, first, first + 9)])
    assert outbox.pending(stream, 0, 10) == []
