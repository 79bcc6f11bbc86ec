"""The agent at work: cameras -> detector -> rules -> outbox, for as long as nobody stops it.

One thread (the caller's) owns the session, the trackers and the incidents. Cameras fill the mailbox, the sink's thread owns
the outbox. A thread that crashes ends the process, and the service manager starts it again: no silent death.
"""

import secrets
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path

from edge_agent import __version__
from edge_agent.app.asked import build_desk
from edge_agent.app.detecting import build_detector, build_look, build_trial
from edge_agent.app.eye import Eye
from edge_agent.app.gate import build_gate
from edge_agent.app.page import Watch, build_page
from edge_agent.app.paths import made, resolved_broker, resolved_detector
from edge_agent.app.scenes import load_scene, private_masks
from edge_agent.app.status import AgentStatus
from edge_agent.app.stills import build_stills
from edge_agent.app.views import Views
from edge_agent.app.vitals import Vitals
from edge_agent.config import AgentConfig, CameraConfig, resolve
from edge_agent.core.health.progress import Beat
from edge_agent.core.outgoing import Outgoing
from edge_agent.core.pipeline import Pipeline
from edge_agent.core.scene_format import SceneFile, scene_sha256
from edge_agent.core.types import Frame
from edge_agent.core.wire import Voice, outgoing
from edge_agent.field.recent import Recent
from edge_agent.sinks.clock import boot_id, read_clock
from edge_agent.sinks.mqtt import EventSink, SinkStopped
from edge_agent.sinks.origin import Origin
from edge_agent.sinks.outbox import Outbox
from edge_agent.sources.camera import CaptureSource
from edge_agent.sources.mailbox import Mailbox
from event_contract.messages import Clock, HealthData
from event_contract.presence import CameraBirth
from event_contract.times import format_time

TAKE_S = 0.25  # how often the loop looks up when no frame comes
FLUSH_S = 5.0  # at a clean stop the collector has so long to take what waits
KEEP_S = 600.0  # how often what is known of the cameras' views is written down
OUTBOX_FILE = "outbox.db"


class AgentCrashed(Exception):
    """A worker of the agent died. The process must end, so that it is started again."""


class Agent:
    """Built from a validated configuration. Raises SceneError, ModelError, WrongInput, OutboxError before all else."""

    def __init__(self, config: AgentConfig, config_file: Path) -> None:
        self._config = config
        self._run, self._boot = secrets.token_hex(4), boot_id()
        self._started_s = time.monotonic()
        scenes = [load_scene(resolve(config_file, camera.scene)) for camera in config.cameras]
        self._detector = build_detector(resolved_detector(config.detector, config_file))
        model = self._detector.model
        births = tuple(
            CameraBirth(name=camera.name, scene_sha256=scene_sha256(text), model=model.name, model_sha256=model.sha256)
            for camera, (_, text) in zip(config.cameras, scenes, strict=True)
        )
        data_dir = made(resolve(config_file, config.data_dir))
        self._views = Views(data_dir)
        origin = Origin(config.device, self._run, self._boot, config.site, __version__, self._clock, births)
        self._mailbox = Mailbox(camera.name for camera in config.cameras)
        self._eyes = {
            camera.name: self._eye(
                camera, scene, scene_sha256(text), CaptureSource(camera, config_file, self._mailbox, private_masks(scene))
            )
            for camera, (scene, text) in zip(config.cameras, scenes, strict=True)
        }
        self._crash: BaseException | None = None
        self._stopping, self.restart_asked = threading.Event(), False
        outbox = Outbox.open(data_dir / OUTBOX_FILE, origin, config.outbox)
        self._trial = build_trial(resolved_detector(config.detector, config_file), self._eyes, self._run)
        self._recent = Recent(self._eyes)
        texts = dict(zip(self._eyes, (text for _, text in scenes), strict=True))
        self._desk = build_desk(data_dir, self._recent, texts, model, lambda: self._vitals.board.snapshot())
        files = dict(zip(self._eyes, (scene for scene, _ in scenes), strict=True))
        self._stills = build_stills(config.stills, config_file, files, self._recent)
        self._page = build_page(config, config_file, origin, files, self._detector.input_px)
        broker = resolved_broker(config.broker, config_file)
        self._sink = EventSink(outbox, broker, origin, self._on_crash, on_command=self._stills.take)
        self._vitals = Vitals(config, config_file, origin, self._eyes, self._sink, self._beats)

    @property
    def status(self) -> AgentStatus:
        cameras = {name: eye.source.status for name, eye in self._eyes.items()}
        dropped = {name: self._mailbox.dropped(name) for name in cameras}
        spared = {name: eye.spared for name, eye in self._eyes.items()}
        unable = self._views.unkept, self._desk.problem, self._trial.problem, self._page.problem
        return AgentStatus(cameras, dropped, spared, self._sink.stats(), *unable, self._vitals.board.snapshot())

    def stop(self) -> None:
        """May be called from any thread or a signal handler; `run` then returns after a clean end."""
        self._stopping.set()

    def _restart(self) -> None:
        """Somebody at the device wants it."""
        self.restart_asked = True
        self._stopping.set()

    def run(self, report: Callable[[Outgoing], None] = lambda event: None) -> None:
        """Until `stop`. `report` hears every event that goes to the outbox. Raises AgentCrashed."""
        threading.excepthook = lambda died: self._on_crash(died.exc_value or died.exc_type())
        self._sink.start()
        self._desk.open()
        self._stills.open(self._sink.respond)
        self._page.open(Watch(self._eyes, lambda: self.status, self._vitals.board.trends, self._restart))
        for eye in self._eyes.values():
            eye.source.start()
        self._vitals.open()
        try:
            self._watch(report)
        except SinkStopped as error:
            raise AgentCrashed(str(error)) from error
        except OSError:  # the terminal that `report` writes to
            raise
        except Exception as error:  # this thread's boundary, detector and rules: the process ends and is started again
            raise AgentCrashed(f"the main loop died: {_in_words(error)}") from error
        if self._crash is not None:
            raise AgentCrashed(f"a worker died: {_in_words(self._crash)}") from self._crash

    def _watch(self, report: Callable[[Outgoing], None]) -> None:
        def say(told: list[Outgoing]) -> None:
            events = self._vitals.board.admit(told)
            self._sink.submit(events)
            self._page.hear(events)
            for event in events:
                report(event)

        health_due_s = time.monotonic() + self._config.health_every_s
        keep_due_s = time.monotonic() + KEEP_S
        try:
            while not self._stopping.is_set() and self._crash is None:
                frame = self._mailbox.take(TAKE_S)
                events = [] if frame is None or not self._vitals.lets(frame) else self._look(frame)
                events += self._vitals.turn() + self._miss() + self._trial.tell(self._clock) + self._page.say()
                if time.monotonic() >= health_due_s:
                    health_due_s = time.monotonic() + self._config.health_every_s
                    events.append(self._health())
                if time.monotonic() >= keep_due_s:
                    keep_due_s = time.monotonic() + KEEP_S
                    self._keep_views()
                say(events)
        finally:
            self._desk.close()
            self._stills.close()
            self._page.close()
            for eye in self._eyes.values():
                eye.source.close()
            if self._crash is None:
                say(self._vitals.stopping() + self._last_words() + self._page.say())
                self._keep_views()
                self._sink.close(FLUSH_S)
            self._vitals.close()

    def _beats(self) -> dict[str, Beat | None]:
        """Of the workers that are not the watch itself."""
        return {"desk": self._desk.beat, "stills": self._stills.beat, "page": self._page.beat}

    def _miss(self) -> list[Outgoing]:
        """What there is to say of cameras that give no frame."""
        now_s, events = time.monotonic(), []
        for eye in self._eyes.values():
            events += [outgoing(one, eye.voice) for one in eye.pipeline.away(now_s)]
            if eye.source.status.state != "ended":
                events += [outgoing(one, eye.voice) for one in eye.pipeline.miss(now_s)]
        return events

    def _keep_views(self) -> None:
        for eye in self._eyes.values():
            self._views.keep(eye.name, eye.scene_sha256, eye.check, eye.pipeline)

    def _last_words(self) -> list[Outgoing]:
        """Nothing stays open when nobody watches it any longer."""
        now_s, events = time.monotonic(), []
        for eye in self._eyes.values():
            events += [outgoing(one, eye.voice) for one in eye.pipeline.end_incidents(now_s, "agent_stopped")]
            events += [outgoing(one, eye.voice) for one in eye.pipeline.flush()]
        return events + self._trial.tell(self._clock, last=True)

    def _look(self, frame: Frame) -> list[Outgoing]:
        eye = self._eyes[frame.camera]
        detections = eye.detect(frame)
        if detections is not None:
            self._trial.offer(frame, detections)
        self._recent.remember(eye.name, frame.at_s, detections)
        reading = eye.check.look(frame.at_s, frame.pixels)
        events = [outgoing(said, eye.voice) for said in eye.pipeline.update(frame.at_s, detections, reading)]
        self._stills.keep(eye, frame, detections, events)
        self._page.see(eye, frame)
        return events

    def _eye(self, camera: CameraConfig, scene: SceneFile, sha256: str, source: CaptureSource) -> Eye:
        name = camera.name
        check, registered = self._views.open(name, scene, sha256)
        # minutes of the traffic state begin with the wall clock's, though frames count monotonic time
        pipeline = Pipeline(scene, minute_offset_s=lambda: _wall_s(0.0) % 60, registered=registered)
        voice = Voice(self._run, name, _wall_s, self._clock_at, pipeline.origin)
        look = build_look(self._detector, camera, pipeline.scene)
        return Eye(name, pipeline, check, sha256, voice, source, look, build_gate(camera.attention, scene))

    def _clock(self) -> Clock:
        return read_clock(self._boot)

    def _clock_at(self, at_s: float) -> Clock:
        now = self._clock()
        return Clock(mono_s=round(at_s, 3), boot=now.boot, synced=now.synced, error_ms=now.error_ms)

    def _health(self) -> Outgoing:
        """The agent's own figures, as telemetry."""
        sink, uptime_s = self._sink.stats(), time.monotonic() - self._started_s
        body = HealthData(
            run=self._run,
            uptime_s=round(uptime_s, 1),
            cameras=tuple(eye.health(uptime_s, self._mailbox.dropped(name)) for name, eye in self._eyes.items()),
            outbox_messages=sink.outbox.pending,
            outbox_bytes=sink.outbox.bytes,
            oldest_unacknowledged_s=None if sink.outbox.oldest_age_s is None else round(sink.outbox.oldest_age_s, 1),
            disk_full=sink.outbox.disk_full,
            unstored=sink.unstored,
            frame_share=self._vitals.board.frame_share,
            machine=self._vitals.board.machine_health(),
            clock=self._clock(),
        )
        return Outgoing("telemetry", "agent", format_time(time.time()), body)

    def _on_crash(self, error: BaseException) -> None:
        self._crash = error
        self._mailbox.close()


def _wall_s(at_s: float) -> float:
    """A moment of the monotonic clock in Unix seconds, as the wall clock is set now."""
    return time.time() - time.monotonic() + at_s


def _in_words(error: BaseException) -> str:
    """One line, with the place: whoever repairs it has nothing else."""
    place = traceback.extract_tb(error.__traceback__)[-1:]
    said = f"{type(error).__name__}: {error}".split("\n", 1)[0][:200]
    return said + "".join(f" ({Path(line.filename).name}:{line.lineno})" for line in place)
