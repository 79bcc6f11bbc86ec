"""The device's own page: what it is made from, and when it is there."""

import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from edge_agent.app.announcement import build_announcer
from edge_agent.app.diagnostics import bundle
from edge_agent.app.eye import Eye
from edge_agent.app.journal import Journal, secrets_in
from edge_agent.app.maintenance import MaintenanceBook
from edge_agent.app.overview import overview
from edge_agent.app.preview import Preview
from edge_agent.app.scene_desk import SceneDesk
from edge_agent.app.status import AgentStatus
from edge_agent.config import AgentConfig, WebConfig, resolve
from edge_agent.core.failure import WrongInput
from edge_agent.core.health.progress import Beat
from edge_agent.core.health.snapshot import Trend
from edge_agent.core.outgoing import Outgoing
from edge_agent.core.scene_format import SceneFile
from edge_agent.core.types import Frame
from edge_agent.sinks.origin import Origin
from edge_agent.web.accounts import Accounts
from edge_agent.web.application import application
from edge_agent.web.audit import Audit
from edge_agent.web.certificate import ensured, fingerprint, tls
from edge_agent.web.door import Door
from edge_agent.web.drawn import SceneDeeds
from edge_agent.web.figures import Overview, ToldEvent
from edge_agent.web.server import PageServer
from edge_agent.web.services import Deeds, Live, Services
from edge_agent.web.sessions import Sessions
from event_contract.messages import IncidentData

WEB_FOLDER = "web"
SCENES_FOLDER = "scenes"
SESSIONS_FILE = "sessions.json"
MAINTENANCE_FILE = "maintenance.json"
EVENTS_KEPT, AUDIT_BUNDLED = 500, 200


@dataclass(frozen=True, slots=True)
class Watch:
    """The agent as its page sees it. `restart` asks it to end, so that it is started again."""

    eyes: Mapping[str, Eye]
    status: Callable[[], AgentStatus]
    trends: Callable[[], Sequence[Trend]]
    restart: Callable[[], None]


class Page:
    """`see` after each frame, `hear` of each event and `say`, from the watch; `open` and `close` as a pair."""

    def __init__(
        self, config: AgentConfig, web: WebConfig, config_file: Path, origin: Origin, scenes: Mapping[str, SceneFile],
        input_px: tuple[int, int],
    ) -> None:  # fmt: skip
        """Raises WrongInput, OSError."""
        self._config, self._origin = config, origin
        self._started_s = time.monotonic()
        self._watch: Watch
        self._told: deque[ToldEvent] = deque(maxlen=EVENTS_KEPT)
        self._lock, self._door = Lock(), Door()
        folder = resolve(config_file, config.data_dir) / WEB_FOLDER
        self._secrets = secrets_in(config, config_file)
        self._journal, self._book = Journal(self._secrets), MaintenanceBook(folder / MAINTENANCE_FILE, origin)
        self._preview, self._audit = Preview(scenes), Audit(folder)
        self._sessions, self._sessions_file = Sessions(web.idle_min * 60.0), folder / SESSIONS_FILE
        self._files = {camera.name: resolve(config_file, camera.scene) for camera in config.cameras}
        runs = {camera.name: camera.scene_sha256 for camera in origin.cameras}
        kept = resolve(config_file, config.data_dir) / SCENES_FOLDER
        desk = SceneDesk(self._files, runs, kept, input_px, self._preview.keepsake)
        certificate = ensured(folder, config.device, web.names)
        context = tls(certificate)
        services = Services(
            device=config.device, names=frozenset({f"{config.device}.local", config.device, "localhost", *web.names}),
            accounts=Accounts(folder), sessions=self._sessions, audit=self._audit, overview=self._overview,
            trends=lambda: self._watch.trends(), events=self._events, log=self._journal.lines,
            live=Live(self._preview.join, self._preview.leave, self._preview.shot, self._preview.aid, self._preview.seen),
            deeds=Deeds(
                self._book.begin, self._book.end, self._book.test, lambda: self._watch.restart(), self._diagnostics
            ),
            scenes=SceneDeeds(desk.read, desk.version, desk.check, desk.save, desk.lane, self._preview.still, desk.then),
            door=self._door,
        )  # fmt: skip
        self._announcer = build_announcer(config, web, fingerprint(certificate))
        beside = None if self._announcer is None else self._announcer.run
        self._server = PageServer(lambda: application(services), web.host, web.port, context, self._door, beside)

    @property
    def problem(self) -> str | None:
        return self._server.problem

    @property
    def beat(self) -> Beat | None:
        """Of its thread."""
        return self._server.beat

    def open(self, watch: Watch) -> None:
        self._watch = watch
        self._journal.open()
        self._sessions.resume(self._sessions_file, self._origin.boot)
        self._server.start()

    def close(self) -> None:
        self._server.close()
        self._sessions.keep(self._sessions_file, self._origin.boot)
        self._journal.close()

    def see(self, eye: Eye, frame: Frame) -> None:
        self._preview.keep(eye, frame)

    def hear(self, events: Iterable[Outgoing]) -> None:
        with self._lock:
            self._told.extend(_told(event) for event in events)

    def say(self) -> list[Outgoing]:
        """What has been done here that the collector should know."""
        return self._book.turn()

    def _events(self) -> list[ToldEvent]:
        with self._lock:
            return list(self._told)

    def _overview(self) -> Overview:
        watch, uptime_s = self._watch, time.monotonic() - self._started_s
        standing, connected = self._book.now(), self._door.now("off" if self._announcer is None else self._announcer.state)
        return overview(self._config, self._origin, watch.eyes, watch.status(), uptime_s, standing, connected)

    def _diagnostics(self) -> bytes:
        scenes = {name: _read(file) for name, file in self._files.items()}
        audit = self._audit.newest(AUDIT_BUNDLED)
        told = self._overview(), self._watch.trends(), self._events(), self._journal.lines(), audit
        return bundle(*told, self._config, scenes, self._secrets)


class NoPage:
    """Where the site has none, or cannot: `problem` says why."""

    beat: Beat | None = None

    def __init__(self, problem: str | None = None) -> None:
        self.problem = problem

    def open(self, watch: Watch) -> None:
        pass

    def close(self) -> None:
        pass

    def see(self, eye: Eye, frame: Frame) -> None:
        pass

    def hear(self, events: Iterable[Outgoing]) -> None:
        pass

    def say(self) -> list[Outgoing]:
        return []


def build_page(
    config: AgentConfig, config_file: Path, origin: Origin, scenes: Mapping[str, SceneFile], input_px: tuple[int, int]
) -> Page | NoPage:
    """`input_px` of the detector. A certificate that cannot be used or made is a problem of the page, not of the watch."""
    if config.web is None:
        return NoPage()
    try:
        return Page(config, config.web, config_file, origin, scenes, input_px)
    except (WrongInput, OSError) as error:
        return NoPage(f"web: {error}")


def _read(file: Path) -> bytes:
    """As it is, or why it cannot be read: then the rest of the diagnostics is wanted most."""
    try:
        return file.read_bytes()
    except OSError as error:
        return str(error.strerror).encode()


def _told(event: Outgoing) -> ToldEvent:
    body = event.body
    if not isinstance(body, IncidentData):
        camera = getattr(body, "camera", None)
        return ToldEvent(at=event.time, kind=body.kind, event_class=event.event_class, camera=camera)
    reason = body.detail.get("reason")
    return ToldEvent(
        at=event.time, kind=body.kind, event_class=event.event_class, camera=body.camera, lane=body.lane, phase=body.phase,
        incident=body.incident, reason=None if reason is None else str(reason), severity=body.severity,
    )  # fmt: skip
