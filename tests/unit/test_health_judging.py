"""What readings come to: each thing that can be unwell is named, has words in both languages, and faults begin and end once."""

from dataclasses import replace

import pytest

from edge_agent.core.health.chart import Chart, at_once
from edge_agent.core.health.faults import FaultChange, Faults
from edge_agent.core.health.judging import FAULTS, PATIENCE, judge
from edge_agent.core.health.reading import (
    AgentReading,
    BoardReading,
    CameraReading,
    DiskReading,
    MachineReading,
    NetworkReading,
)
from edge_agent.core.health.snapshot import Item
from edge_agent.core.health.words import SAID, TODO, TOPICS, todo_of
from event_contract.kinds import CAMERA_FAULTS, DEVICE_FAULTS

BOARD = BoardReading(temperature_c=50.0, undervoltage=False, throttled=False)
DISK = DiskReading(free_bytes=20_000_000_000, total_bytes=32_000_000_000, life_used=0.1)
ETHERNET = NetworkReading(("eth0",))
MACHINE = MachineReading(0.0, BOARD, DISK, 4_000_000_000, 3_000_000_000, 300_000_000, 0.4, 60 * 86_400.0, ETHERNET)
NORTH = CameraReading("north", "live", fps=9.8)
AGENT = AgentReading(0.0, 1_772_410_531.0, True, 3.0, True, True, cameras=(NORTH,))


def board(**changes: object) -> MachineReading:
    return replace(MACHINE, board=replace(BOARD, **changes))  # type: ignore[arg-type]


def disk(**changes: object) -> MachineReading:
    return replace(MACHINE, disk=replace(DISK, **changes))  # type: ignore[arg-type]


def agent(**changes: object) -> AgentReading:
    return replace(AGENT, **changes)  # type: ignore[arg-type]


UNWELL: list[tuple[MachineReading, AgentReading | None, str]] = [
    (MACHINE, None, "agent.absent"),
    (board(temperature_c=76.0), AGENT, "temperature.warm"),
    (board(temperature_c=85.0), AGENT, "temperature.hot"),
    (board(temperature_c=70.0, limit_c=80.0), AGENT, "temperature.warm"),
    (board(undervoltage=True), AGENT, "power.low_now"),
    (board(undervoltage_ever=True), AGENT, "power.low_before"),
    (board(throttled=True), AGENT, "throttling.now"),
    (board(throttled_ever=True), AGENT, "throttling.before"),
    (disk(free_bytes=900_000_000), AGENT, "disk.little"),
    (disk(free_bytes=100_000_000), AGENT, "disk.full"),
    (disk(free_bytes=80_000_000, total_bytes=500_000_000), AGENT, "disk.little"),
    (disk(writable=False), AGENT, "disk.read_only"),
    (disk(life_used=0.8), AGENT, "disk_wear.much"),
    (disk(life_used=1.0), AGENT, "disk_wear.used_up"),
    (disk(reserve_low=True), AGENT, "disk_wear.used_up"),
    (replace(MACHINE, memory_available_bytes=500_000_000), AGENT, "memory.little"),
    (replace(MACHINE, memory_available_bytes=100_000_000), AGENT, "memory.short"),
    (replace(MACHINE, network=NetworkReading()), AGENT, "network.down"),
    (replace(MACHINE, network=NetworkReading(("wlan0",), -80.0)), AGENT, "network.weak"),
    (replace(MACHINE, cpu_busy=0.97), AGENT, "processor.busy"),
    (MACHINE, agent(stuck=("camera north",)), "agent.stuck"),
    (MACHINE, agent(synced=False), "clock.unsynced"),
    (MACHINE, agent(wall_s=60.0), "clock.absurd"),
    (MACHINE, agent(connected=False), "link.down"),
    (MACHINE, agent(collector_online=False), "link.no_collector"),
    (MACHINE, agent(oldest_s=900.0), "outbox.waiting"),
    (MACHINE, agent(oldest_s=90_000.0), "outbox.stuck"),
    (MACHINE, agent(disk_full=True), "outbox.full"),
    (replace(MACHINE, certificate_s=10 * 86_400.0), AGENT, "certificate.ends_soon"),
    (replace(MACHINE, certificate_s=80_000.0), AGENT, "certificate.ends_now"),
    (replace(MACHINE, certificate_s=-1.0), AGENT, "certificate.over"),
    (MACHINE, agent(cameras=(replace(NORTH, state="waiting"),)), "camera.waiting"),
    (MACHINE, agent(cameras=(replace(NORTH, state="ended"),)), "camera.ended"),
    (MACHINE, agent(cameras=(replace(NORTH, state="failed"),)), "camera.no_frames"),
    *((MACHINE, agent(cameras=(replace(NORTH, fault=reason),)), f"camera.{reason}") for reason in CAMERA_FAULTS),
]


def test_a_well_device_has_an_item_for_each_topic_and_nothing_to_do() -> None:
    items = at_once(judge(MACHINE, AGENT))
    assert {item.id.partition("/")[0] for item in items} == TOPICS.keys() == PATIENCE.keys()
    assert {(item.level, item.todo) for item in items} == {("ok", "")}


@pytest.mark.parametrize(("machine", "working", "said"), UNWELL, ids=[said for _, _, said in UNWELL])
def test_what_is_unwell_comes_first_with_what_to_do(machine: MachineReading, working: AgentReading | None, said: str) -> None:
    first, *others = at_once(judge(machine, working))
    assert first.said == said and first.level != "ok" and TODO[first.todo]
    assert {item.level for item in others} == {"ok"}


def test_every_verdict_that_the_code_knows_has_words_and_none_is_idle() -> None:
    well = {item.said for item in at_once(judge(MACHINE, AGENT))}
    assert {said for _, _, said in UNWELL} | well == set(SAID)
    assert {todo_of(said) for _, _, said in UNWELL} == set(TODO)
    assert set(FAULTS) <= set(SAID) and set(FAULTS.values()) <= set(DEVICE_FAULTS)
    words = [*TOPICS.values(), *SAID.values(), *TODO.values()]
    assert all(one.vi and one.en for one in words)


def test_what_a_machine_does_not_tell_is_no_item() -> None:
    assert [item.id for item in at_once(judge(MachineReading(0.0), None))] == ["agent"]


def test_a_chart_is_patient_and_tells_since_when() -> None:
    chart = Chart()
    hot = judge(board(temperature_c=90.0), AGENT)
    assert chart.update(0.0, hot)  # the first time
    assert not chart.update(19.0, hot) and chart.level("temperature") == "ok"
    assert chart.update(20.0, hot) and chart.level("temperature") == "bad"
    first = chart.items(lambda at_s: f"at {at_s:g}")[0]
    assert (first.id, first.level, first.value, first.unit, first.since) == ("temperature", "bad", 90.0, "°C", "at 0")


def test_margins_go_by_what_stands() -> None:
    chart = Chart()
    for at_s in (0.0, 20.0):
        chart.update(at_s, judge(board(temperature_c=85.0), AGENT, chart.level))
    for at_s in (30.0, 200.0):
        chart.update(at_s, judge(board(temperature_c=83.0), AGENT, chart.level))
    assert chart.level("temperature") == "bad"


def test_what_is_no_longer_found_is_forgotten() -> None:
    chart = Chart()
    chart.update(0.0, judge(MACHINE, AGENT))
    assert not chart.update(1.0, judge(MACHINE, agent(cameras=())))
    assert "camera/north" not in {item.id for item in chart.items(str)}


def test_a_fault_begins_once_and_ends_once() -> None:
    faults = Faults()
    hot = Item(id="temperature", level="bad", said="temperature.hot")
    warm = Item(id="temperature", level="warn", said="temperature.warm")
    assert faults.update([warm]) == []
    assert faults.update([hot]) == [FaultChange("hot", "new", hot)]
    assert faults.update([hot]) == []
    assert faults.update([warm]) == [FaultChange("hot", "end", warm)]
    assert faults.update([warm]) == []


def test_faults_of_what_is_no_longer_looked_at_end() -> None:
    faults = Faults()
    faults.update([Item(id="power", level="bad", said="power.low_now"), Item(id="memory", level="bad", said="memory.short")])
    assert {(one.reason, one.phase) for one in faults.end()} == {("undervoltage", "end"), ("memory", "end")}
    assert faults.end() == []
