"""What the main loop does for the health of its device: bring its figures, spare frames, prove that every worker goes on."""

import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from edge_agent.app.eye import Eye
from edge_agent.app.health import HealthBoard
from edge_agent.app.machine import build_machine
from edge_agent.app.thinning import Thinning
from edge_agent.app.trends import Trends
from edge_agent.config import AgentConfig, resolve
from edge_agent.core.health.progress import Beat, stuck
from edge_agent.core.health.reading import AgentReading, CameraReading
from edge_agent.core.outgoing import Outgoing
from edge_agent.core.types import Frame
from edge_agent.health.service_manager import ServiceManager
from edge_agent.health.watchdog import Watchdog
from edge_agent.sinks.mqtt import EventSink, SinkStats
from edge_agent.sinks.origin import Origin
from event_contract.messages import Clock

OVER_S = 30.0  # frames a second are counted over so long
MAIN_WITHIN_S = 25.0  # the slowest machine looks at one frame in far less
SINK_WITHIN_S = 25.0  # a worn card may take long to write


class FrameRates:
    """Frames a second that each camera's detector has had, over the last half minute."""

    def __init__(self) -> None:
        self._counts: dict[str, deque[tuple[float, int]]] = {}

    def update(self, name: str, at_s: float, frames: int) -> float | None:
        """None until there is something to divide by."""
        counts = self._counts.setdefault(name, deque())
        counts.append((at_s, frames))
        while counts[0][0] < at_s - OVER_S:
            counts.popleft()
        first_s, first = counts[0]
        return None if at_s <= first_s else round((frames - first) / (at_s - first_s), 1)


def read_agent(
    eyes: Iterable[Eye], sink: SinkStats, clock: Clock, rates: FrameRates, overdue: Iterable[str] = ()
) -> AgentReading:
    """Of now. `overdue`: workers that make no progress."""
    now_s, outbox, link = time.monotonic(), sink.outbox, sink.link
    return AgentReading(
        at_s=now_s, wall_s=time.time(), synced=clock.synced, clock_error_ms=clock.error_ms, connected=link.connected,
        collector_online=link.collector_online, outbox_messages=outbox.pending, oldest_s=outbox.oldest_age_s,
        disk_full=outbox.disk_full, unstored=sink.unstored,
        cameras=tuple(CameraReading(eye.name, eye.source.status.state, fault_of(eye), rates.update(eye.name, now_s, eye.frames))
                      for eye in eyes),
        stuck=tuple(overdue),
    )  # fmt: skip


def fault_of(eye: Eye) -> str | None:
    """The reason of the camera_fault that stands, which is a key of CAMERA_FAULTS."""
    open_now = list(eye.pipeline.open_incidents.values())
    return next((str(one.detail.get("reason")) for one in open_now if one.kind == "camera_fault"), None)


class Vitals:
    """The main loop's care for the device: `turn` at each of its turns, `lets` before each frame, `admit` before events go out.

    Systemd hears that the agent is ready, and its watchdog is fed, from `open` to `close`.
    """

    def __init__(
        self, config: AgentConfig, config_file: Path, origin: Origin, eyes: Mapping[str, Eye], sink: EventSink,
        others: Callable[[], Mapping[str, Beat | None]] = dict,
    ) -> None:  # fmt: skip
        """`others`: the workers that some sites have; None where a site has not."""
        trends = Trends(resolve(config_file, config.data_dir), origin.read_wall_s)
        self.board = HealthBoard(build_machine(config, config_file), trends, origin, self.overdue)
        self._origin, self._eyes, self._sink, self._others = origin, eyes, sink, others
        self._rates, self._thinning = FrameRates(), Thinning({camera.name: camera.fps for camera in config.cameras})
        self._manager = ServiceManager()
        self._watchdog = Watchdog(self._manager, self.beats)
        self._turn_s, self._status = time.monotonic(), ""

    def open(self) -> None:
        self._turn_s = time.monotonic()
        self.board.open()
        self._watchdog.start()
        self._manager.ready()

    def turn(self) -> list[Outgoing]:
        """The main loop goes on; about once a second this tells what has become of the device."""
        self._turn_s = time.monotonic()
        if not self.board.is_due(self._turn_s):
            return []
        clock, stats = self._origin.read_clock(), self._sink.stats()
        events = self.board.update(read_agent(self._eyes.values(), stats, clock, self._rates, self.overdue()))
        self._status = self._say(", ".join(item.said for item in self.board.snapshot().items if item.level != "ok") or "well")
        return events

    def lets(self, frame: Frame) -> bool:
        """False where the frame must not be looked at, for the sake of the device."""
        lets = self._thinning.lets(frame, self.board.frame_share)
        if not lets:
            self.board.thinned()
        return lets

    def stopping(self) -> list[Outgoing]:
        """The last that there is to say."""
        self._manager.stopping()
        return self.board.close()

    def close(self) -> None:
        self._watchdog.close()

    def _say(self, status: str) -> str:
        """What `systemctl status` shows."""
        if status != self._status:
            self._manager.say(status)
        return status

    def overdue(self) -> tuple[str, ...]:
        """The workers that make no progress now."""
        return tuple(stuck(time.monotonic(), self.beats()))

    def beats(self) -> dict[str, Beat]:
        """Of every worker that must go on."""
        cameras = {
            f"camera {eye.name}": Beat(eye.source.status.beat_s, eye.source.beats_within_s)
            for eye in self._eyes.values()
            if eye.source.status.state != "ended"
        }
        main, sink = Beat(self._turn_s, MAIN_WITHIN_S), Beat(self._sink.beat_s, SINK_WITHIN_S)
        others = {name: beat for name, beat in self._others().items() if beat is not None}
        return {"main loop": main, "event-sink": sink, "health": self.board.beat, **cameras, **others}
