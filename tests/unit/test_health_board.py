"""The health of an agent, from a board that overheats to what is told, shown and done about it."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from edge_agent.app.health import HealthBoard
from edge_agent.app.thinning import Thinning
from edge_agent.app.trends import TRENDS_FILE, Trends
from edge_agent.core.health.reading import AgentReading, BoardReading
from edge_agent.core.outgoing import Outgoing
from edge_agent.core.types import Frame
from edge_agent.health.machine import Machine
from event_contract.messages import DeviceStateData, IncidentData
from tests.unit.outbox_parts import event, origin

WELL = AgentReading(0.0, 1_772_410_531.0, True, 3.0, True, True, outbox_messages=2)


@dataclass
class SteeredBoard:
    """A board whose heat the test sets."""

    reading: BoardReading = field(default_factory=lambda: BoardReading(50.0, 85.0, throttled=False))
    reads: int = 0

    def read(self) -> BoardReading:
        self.reads += 1
        return self.reading


@dataclass
class Device:
    """A health board in time that the test moves; its machine is read once for each change."""

    steered: SteeredBoard
    board: HealthBoard
    now_s: float = 0.0

    def becomes(self, **reading: object) -> None:
        self.steered.reading = replace(self.steered.reading, **reading)  # type: ignore[arg-type]
        self.board._reading = self.board._machine.read()

    def passes(self, seconds: int, agent: AgentReading = WELL) -> list[Outgoing]:
        told = []
        for _ in range(seconds):
            self.now_s += 1
            told += self.board.update(replace(agent, at_s=self.now_s))
        return told


@pytest.fixture
def device(tmp_path: Path) -> Iterator[Device]:
    steered = SteeredBoard()
    machine, trends = Machine(steered, tmp_path, None, tmp_path, tmp_path), Trends(tmp_path, lambda: WELL.wall_s)
    device = Device(steered, HealthBoard(machine, trends, origin()))
    device.becomes()
    yield device


def faults(told: list[Outgoing]) -> list[IncidentData]:
    return [one.body for one in told if isinstance(one.body, IncidentData)]


def states(told: list[Outgoing]) -> list[DeviceStateData]:
    return [one.body for one in told if isinstance(one.body, DeviceStateData)]


def test_a_well_device_says_so_once(device: Device) -> None:
    told = device.passes(100)
    (state,) = states(told)
    assert len(told) == 1 and told[0].event_class == "state"
    assert state.level == "ok" and {"temperature", "disk", "clock", "link", "outbox"} <= {item.id for item in state.items}
    health = device.board.snapshot()
    assert health.level == "ok" and health.measures.frame_share == 1.0


def test_heat_is_told_as_a_fault_that_ends_and_costs_frames_meanwhile(device: Device) -> None:
    device.passes(1)
    device.becomes(temperature_c=90.0)
    told = device.passes(30)
    (new,) = faults(told)
    assert (new.kind, new.phase, new.detail) == ("device_fault", "new", {"reason": "hot", "value": 90.0, "unit": "°C"})
    assert new.incident == "run1/device/1" and [state.level for state in states(told)] == ["bad"]
    first = device.board.snapshot().items[0]
    assert (first.id, first.said, first.todo) == ("temperature", "temperature.hot", "air") and first.since is not None
    assert device.board.frame_share < 1
    device.becomes(temperature_c=50.0)
    told = device.passes(80)
    (end,) = faults(told)
    assert (end.incident, end.phase, end.revision) == (new.incident, "end", 2) and end.ended_at is not None
    device.passes(1000)
    assert device.board.frame_share == 1.0


def test_what_a_board_remembers_until_its_next_boot_costs_no_frames(device: Device) -> None:
    device.becomes(undervoltage=True, undervoltage_ever=True, throttled=True, throttled_ever=True)
    device.passes(30)
    assert device.board.frame_share < 1
    device.becomes(undervoltage=False, throttled=False)
    device.passes(1000)
    health = device.board.snapshot()
    assert {item.said for item in health.items if item.level == "warn"} >= {"throttling.before", "power.low_before"}
    assert health.measures.frame_share == 1.0


def test_what_stands_ends_with_the_agent(device: Device) -> None:
    device.becomes(undervoltage=True)
    device.passes(10)
    (end,) = faults(device.board.close())
    assert (end.phase, end.detail["reason"], end.detail["ended_by"]) == ("end", "undervoltage", "agent_stopped")


def test_a_disk_without_room_is_for_incidents(device: Device) -> None:
    events = [event("incident"), event("state"), event("telemetry")]
    device.passes(20)
    assert device.board.admit(events) == events
    device.passes(20, replace(WELL, disk_full=True))
    assert device.board.admit(events) == events  # the collector takes it at once
    device.passes(1, replace(WELL, disk_full=True, collector_online=False))
    assert [one.event_class for one in device.board.admit(events)] == ["incident", "state"]
    device.passes(60)
    assert device.board.admit(events) == events
    assert device.board.snapshot().measures.held == 1


def test_a_main_loop_that_hangs_is_told_though_it_judges_no_longer(device: Device) -> None:
    device.passes(1)
    board = HealthBoard(device.board._machine, device.board._trends, origin(), lambda: ["main loop"])
    board._health = device.board.snapshot()
    first, *others = board.snapshot().items
    assert (first.id, first.said, first.value, first.todo) == ("agent", "agent.stuck", "main loop", "restart")
    assert board.snapshot().level == "bad" and "agent" not in {item.id for item in others}


def test_figures_become_trends(device: Device) -> None:
    device.board.update(replace(WELL, at_s=time.monotonic()))
    trends = {trend.id: trend for trend in device.board.trends()}
    assert trends.keys() == {"temperature", "throttling", "disk", "outbox"}  # what this machine tells
    (point,) = trends["temperature"].points
    assert (point.low, point.mean, point.high) == (50.0, 50.0, 50.0) and trends["temperature"].unit == "°C"
    assert trends["outbox"].points[0].high == 2


def test_trends_outlast_a_restart_and_show_the_gap(device: Device, tmp_path: Path) -> None:
    wall_s = [WELL.wall_s]
    before = Trends(tmp_path, lambda: wall_s[0])
    before.add(device.board._machine.read(), replace(WELL, at_s=time.monotonic()))
    before.keep()
    wall_s[0] += 3600
    after = Trends(tmp_path, lambda: wall_s[0])
    after.restore()
    after.add(device.board._machine.read(), replace(WELL, at_s=time.monotonic()))
    trends = {trend.id: trend for trend in after.told()}
    old, new = trends["temperature"].points
    assert (old.low, old.mean, old.high) == (50.0, 50.0, 50.0) and old.ago_s - new.ago_s == pytest.approx(3600, abs=301)
    (tmp_path / TRENDS_FILE).write_bytes(b"x" * 100)  # a card that is failing
    again = Trends(tmp_path, lambda: wall_s[0])
    again.restore()
    assert again.told() == ()


def test_trends_that_cannot_be_kept_are_counted_and_told(device: Device, tmp_path: Path) -> None:
    (tmp_path / TRENDS_FILE).mkdir()  # in the way
    device.board._trends.keep()
    device.passes(1)
    assert device.board.snapshot().measures.unkept == 1


def test_figures_travel_with_the_telemetry(device: Device) -> None:
    told = device.board.machine_health()
    assert (told.temperature_c, told.throttled, told.cpu_busy) == (50.0, False, None)
    assert told.disk_free_bytes is not None and told.disk_free_bytes > 0


def test_the_machine_is_read_by_a_thread_of_its_own(device: Device) -> None:
    device.board.open()
    while device.steered.reads < 2:
        time.sleep(0.01)
    assert device.board.close() == [] and not device.board._thread.is_alive()


def frame(at_s: float, camera: str = "north") -> Frame:
    return Frame(camera, 0, at_s, np.empty((1, 1, 3), np.uint8))


def test_frames_are_spared_evenly_and_for_each_camera_by_itself() -> None:
    thinning = Thinning({"north": 10.0, "south": 2.0})
    times = [index / 10 for index in range(100)]
    assert all(thinning.lets(frame(at_s), 1.0) for at_s in times)
    kept = [at_s for at_s in times if thinning.lets(frame(at_s), 0.5)]
    assert len(kept) == 50 and max(b - a for a, b in pairwise(kept)) < 0.31
    assert sum(thinning.lets(frame(at_s), 0.25) for at_s in times) in range(24, 35)
    south = [index / 2 for index in range(20)]
    assert sum(thinning.lets(frame(at_s, "south"), 0.25) for at_s in south) == 10  # one a second is the least
