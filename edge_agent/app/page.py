"""The device's own page: what it is made from, and when it is there."""

import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from threading import Lock

from edge_agent.app.eye import Eye
from edge_agent.app.overview import overview
from edge_agent.app.preview import Preview
from edge_agent.app.status import AgentStatus
from edge_agent.config import AgentConfig, WebConfig
from edge_agent.core.health.snapshot import Trend
from edge_agent.core.outgoing import Outgoing
from edge_agent.core.scene_format import SceneFile
from edge_agent.core.types import Frame
from edge_agent.sinks.origin import Origin
from edge_agent.web.accounts import Accounts
from edge_agent.web.application import application
from edge_agent.web.audit import Audit
from edge_agent.web.certificate import ensured, tls
from edge_agent.web.figures import Overview, ToldEvent
from edge_agent.web.server import PageServer
from edge_agent.web.services import Live, Services
from edge_agent.web.sessions import Sessions
from event_contract.messages import IncidentData

WEB_FOLDER = "web"
EVENTS_KEPT = 500


class Page:
    """`see` after each frame and `hear` of each event, from the watch; `open` and `close` as a pair."""

    def __init__(
        self, config: AgentConfig, web: WebConfig, data_dir: Path, origin: Origin, scenes: Mapping[str, SceneFile]
    ) -> None:
        """Raises WrongInput, OSError."""
        self._config, self._origin, self._started_s = config, origin, time.monotonic()
        self._eyes: Mapping[str, Eye] = {}
        self._status: Callable[[], AgentStatus]
        self._trends: Callable[[], Sequence[Trend]] = tuple
        self._told: deque[ToldEvent] = deque(maxlen=EVENTS_KEPT)
        self._lock = Lock()
        self._preview = Preview(scenes)
        folder = data_dir / WEB_FOLDER
        context = tls(ensured(folder, config.device, web.names))
        names = frozenset({f"{config.device}.local", config.device, "localhost", *web.names})
        self._services = Services(
            names, Accounts(folder), Sessions(web.idle_min * 60.0), Audit(folder), self._overview, lambda: self._trends(),
            self._events, Live(self._preview.join, self._preview.leave, self._preview.shot),
        )  # fmt: skip
        self._server = PageServer(lambda: application(self._services), web.host, web.port, context)

    @property
    def problem(self) -> str | None:
        return self._server.problem

    def open(
        self, eyes: Mapping[str, Eye], status: Callable[[], AgentStatus], trends: Callable[[], Sequence[Trend]]
    ) -> None:
        self._eyes, self._status, self._trends = eyes, status, trends
        self._server.start()

    def close(self) -> None:
        self._server.close()

    def see(self, eye: Eye, frame: Frame) -> None:
        self._preview.keep(eye, frame)

    def hear(self, events: Iterable[Outgoing]) -> None:
        with self._lock:
            self._told.extend(_told(event) for event in events)

    def _events(self) -> list[ToldEvent]:
        with self._lock:
            return list(self._told)

    def _overview(self) -> Overview:
        return overview(self._config, self._origin, self._eyes, self._status(), time.monotonic() - self._started_s)


class NoPage:
    """Where the site has none."""

    problem: str | None = None

    def open(
        self, eyes: Mapping[str, Eye], status: Callable[[], AgentStatus], trends: Callable[[], Sequence[Trend]]
    ) -> None:
        pass

    def close(self) -> None:
        pass

    def see(self, eye: Eye, frame: Frame) -> None:
        pass

    def hear(self, events: Iterable[Outgoing]) -> None:
        pass


def build_page(config: AgentConfig, data_dir: Path, origin: Origin, scenes: Mapping[str, SceneFile]) -> Page | NoPage:
    return NoPage() if config.web is None else Page(config, config.web, data_dir, origin, scenes)


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
