"""The health of a running agent: what is read of machine and agent, judged patiently, told, and acted upon.

The machine is read by a thread of its own, since a dying disk or a firmware may not answer; everything else is done in the main
loop, which brings its own figures about once a second.
"""

import threading
import time
from collections.abc import Callable, Iterable
from itertools import count

from msgspec.structs import replace

from edge_agent.app.trends import Trends
from edge_agent.core.health.chart import Chart, hanging
from edge_agent.core.health.faults import FaultChange, Faults
from edge_agent.core.health.judging import judge
from edge_agent.core.health.progress import Beat
from edge_agent.core.health.reading import AgentReading, MachineReading
from edge_agent.core.health.relief import Relief
from edge_agent.core.health.snapshot import Health, Measures, Trend, worst
from edge_agent.core.outgoing import Outgoing
from edge_agent.health.machine import Machine
from edge_agent.sinks.device_fault import DeviceFault
from edge_agent.sinks.origin import Origin
from event_contract.messages import DeviceStateData, ItemState, MachineHealth
from event_contract.times import format_time

READ_EVERY_S = 5.0
KEEP_EVERY_S = 1800.0
READ_WITHIN_S = 25.0  # a reading may take so long on a card that is busy
JUDGE_EVERY_S = 1.0
SUBJECT = "device"
HOLDS_TELEMETRY = ("disk.full", "disk.read_only", "outbox.full")  # what little the disk takes is for incidents
HEATS = ("temperature", "throttling", "power")
PAST = ("throttling.before", "power.low_before")  # until the next boot: no reason to look at fewer frames now


class HealthBoard:
    """`open`, `update` and `close` are the main loop's; `snapshot`, `trends` and `beat` may be asked by anybody."""

    def __init__(self, machine: Machine, trends: Trends, origin: Origin, stuck: Callable[[], Iterable[str]] = tuple) -> None:
        """`stuck` names the workers that make no progress."""
        self._machine, self._trends, self._origin, self._stuck = machine, trends, origin, stuck
        self._began_s = time.monotonic()
        self._chart, self._faults, self._relief = Chart(), Faults(), Relief()
        self._open: dict[str, DeviceFault] = {}
        self._names = count(1)
        self._measures = Measures()
        self._reading = MachineReading(self._began_s)
        self._due_s = 0.0
        self._health = Health(at=format_time(origin.read_wall_s()), uptime_s=0.0, level="ok", items=())
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._read, name="health", daemon=True)

    @property
    def beat(self) -> Beat:
        """Of the thread that reads the machine."""
        return Beat(self._reading.at_s, READ_WITHIN_S)

    @property
    def frame_share(self) -> float:
        """Of the frames that the agent should look at."""
        return self._measures.frame_share

    def snapshot(self) -> Health:
        """As the main loop has judged last; that it hangs is told all the same."""
        return hanging(self._health, self._stuck())

    def trends(self) -> tuple[Trend, ...]:
        """The last 24 h of each figure that this machine tells."""
        return self._trends.told()

    def open(self) -> None:
        self._trends.restore()
        self._thread.start()

    def close(self) -> list[Outgoing]:
        """What stands ends, as far as we know, with the agent."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join(READ_EVERY_S)  # a disk that does not answer may hold it, and what it would keep
        return [self._tell(change, ended_by="agent_stopped") for change in self._faults.end()]

    def is_due(self, now_s: float) -> bool:
        return now_s >= self._due_s

    def update(self, agent: AgentReading) -> list[Outgoing]:
        """What has become of the device since; it is due every second."""
        self._due_s = agent.at_s + JUDGE_EVERY_S
        reading = self._reading
        changed = self._chart.update(agent.at_s, judge(reading, agent, self._chart.level))
        items = self._chart.items(self._time_of)
        heat = worst(item.level for item in items if item.id in HEATS and item.said not in PAST)
        share = self._relief.update(agent.at_s, heat)
        delivers = agent.connected and agent.collector_online  # then nothing piles up, and silence would be an alarm
        telemetry = delivers or all(item.said not in HOLDS_TELEMETRY for item in items)
        self._measures = replace(self._measures, frame_share=share, telemetry=telemetry, unkept=self._trends.unkept)
        self._health = Health(
            at=format_time(self._origin.read_wall_s()), uptime_s=round(agent.at_s - self._began_s, 1),
            level=worst(item.level for item in items), items=items, measures=self._measures,
        )  # fmt: skip
        self._trends.add(reading, agent)
        events = [self._tell(change) for change in self._faults.update(items)]
        return [*events, self._state()] if changed else events

    def admit(self, events: Iterable[Outgoing]) -> list[Outgoing]:
        """Without telemetry while it would only pile up on a disk without room; how much was held back is counted."""
        told = list(events)
        if self._measures.telemetry:
            return told
        admitted = [event for event in told if event.event_class != "telemetry"]
        self._measures = replace(self._measures, held=self._measures.held + len(told) - len(admitted))
        return admitted

    def thinned(self) -> None:
        """A frame was not looked at, for the sake of the device."""
        self._measures = replace(self._measures, thinned=self._measures.thinned + 1)

    def machine_health(self) -> MachineHealth:
        """The newest figures, for the telemetry."""
        board, disk, reading = self._reading.board, self._reading.disk, self._reading
        return MachineHealth(
            temperature_c=board.temperature_c, throttled=board.throttled, undervoltage=board.undervoltage,
            disk_free_bytes=None if disk is None else disk.free_bytes, disk_worn=None if disk is None else disk.life_used,
            memory_available_bytes=reading.memory_available_bytes, own_bytes=reading.own_bytes,
            cpu_busy=None if reading.cpu_busy is None else round(reading.cpu_busy, 2),
        )  # fmt: skip

    def _read(self) -> None:
        kept_s, wait_s = time.monotonic(), 0.0
        while not self._stop.wait(wait_s):
            wait_s = READ_EVERY_S
            self._reading = self._machine.read()
            if self._reading.at_s - kept_s >= KEEP_EVERY_S:
                kept_s = self._reading.at_s
                self._trends.keep()
        self._trends.keep()

    def _tell(self, change: FaultChange, **more: str) -> Outgoing:
        if change.phase == "new":
            item = change.item
            value = {} if item is None or item.value is None else {"value": item.value, "unit": item.unit}
            fault = DeviceFault(self._origin, str(next(self._names)), {"reason": change.reason, **value}, SUBJECT)
            self._open[change.reason] = fault
            return fault.tell("new")
        return self._open.pop(change.reason).tell("end", **more)

    def _state(self) -> Outgoing:
        items = tuple(ItemState(id=item.id, level=item.level, said=item.said) for item in self._health.items)
        body = DeviceStateData(run=self._origin.run, level=self._health.level, items=items, clock=self._origin.read_clock())
        return Outgoing("state", SUBJECT, self._health.at, body)

    def _time_of(self, at_s: float) -> str:
        return format_time(self._origin.read_wall_s() - time.monotonic() + at_s)
