"""The device's page, served for real: TLS, its own thread, its own files. What the agent would tell is made up here."""

import errno
import http.client
import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from edge_agent.core.health.snapshot import Health, Item
from edge_agent.web.accounts import Accounts
from edge_agent.web.application import application
from edge_agent.web.audit import Audit
from edge_agent.web.certificate import ensured, tls
from edge_agent.web.door import Door
from edge_agent.web.drawn import LaneSolved, SceneDeeds
from edge_agent.web.figures import ClockNow, LensAid, LinkNow, LogLine, Maintenance, OutboxNow, Overview, SeenNow, ToldEvent
from edge_agent.web.server import PageServer
from edge_agent.web.services import MOST_VIEWERS, Deeds, Live, Services, Shot
from edge_agent.web.sessions import Sessions
from tests.brokers import free_port

USER, PASSWORD = "technician", "a long enough password"
NO_ROOM = "no room"  # a reason for maintenance with which the disk is full
OVERVIEW = Overview(
    device="qn-01", site="Ngã tư", software="0.1.0", model="m", model_sha256="0", run="r", cameras=(),
    health=Health(
        at="2026-03-02T00:00:00.000Z", uptime_s=5.0, level="warn",
        items=(Item(id="clock", level="warn", said="clock.unsynced", todo="time"),),
    ),
    link=LinkNow(
        broker="b:8883", tls=True, connected=True, collector_online=True, said="", connections=1, resent=0, refused=0
    ),
    outbox=OutboxNow(pending=0, bytes=0, max_bytes=1, oldest_s=None, lost=0, unstored=0, rebuilt=0, disk_full=False),
    clock=ClockNow(now="2026-03-02T00:00:00.000Z", synced=False, error_ms=None), page=Door().now("off"),
)  # fmt: skip


@dataclass
class Viewers:
    """A camera whose picture changes with every look."""

    joined: int = 0
    index: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)
    picture: bytes = b"\xff\xd8picture\xff\xd9"

    def join(self, camera: str) -> bool:
        {"north": 0}[camera]
        with self.lock:
            if self.joined == MOST_VIEWERS:
                return False
            self.joined += 1
            return True

    def leave(self, camera: str) -> None:
        with self.lock:
            self.joined -= 1

    def shot(self, camera: str, after: int) -> Shot | None:
        with self.lock:
            self.index += 1
            return Shot(self.index, self.picture)


    def aid(self, camera: str) -> LensAid | None:
        return {"north": LensAid(sharpness=5.0, brightness=0.5, dark=0.0, bright=0.0), "dead": None}[camera]

    def seen(self, camera: str) -> SeenNow | None:
        told = SeenNow(index=self.index, calibrated=True, users=(), incidents=(), beside=0.0, turned=False)
        return {"north": told, "dead": None}[camera]


@dataclass
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class RunningPage:
    port: int
    folder: Path
    accounts: Accounts
    sessions: Sessions
    audit: Audit
    viewers: Viewers
    done: list[tuple[object, ...]]
    door: Door = field(default_factory=Door)
    applications: list[web.Application] = field(default_factory=list)

    def connect(self) -> http.client.HTTPSConnection:
        context = ssl.create_default_context(cafile=self.folder / "page.pem")
        return http.client.HTTPSConnection("127.0.0.1", self.port, context=context, timeout=20)

    def ask(self, method: str, path: str, *, cookie: str = "", body: bytes | None = None, **headers: str) -> Answer:
        """Header names are given with underscores."""
        connection = self.connect()
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if cookie:
            sent["Cookie"] = cookie
        connection.request(method, path, body, sent)
        answer = connection.getresponse()
        told = Answer(answer.status, dict(answer.getheaders()), answer.read())
        connection.close()
        return told

    def log_in(self, password: str = PASSWORD, user: str = USER) -> Answer:
        form = urlencode({"username": user, "password": password}).encode()
        return self.ask("POST", "/login", body=form, Content_Type="application/x-www-form-urlencoded")

    def cookie(self) -> str:
        return self.log_in().headers["Set-Cookie"].partition(";")[0]

    def post(self, cookie: str, path: str, content: Any = None) -> Answer:
        """As the page's own script does."""
        body = json.dumps({} if content is None else content).encode()
        return self.ask("POST", path, cookie=cookie, body=body, Content_Type="application/json", X_CSRF_Token=self.csrf(cookie))

    def csrf(self, cookie: str) -> str:
        token: str = self.ask("GET", "/api/v1/me", cookie=cookie).json["csrf"]
        return token


def no_scenes() -> SceneDeeds:
    def missing(*asked: object) -> Any:
        raise KeyError(asked[0])

    return SceneDeeds(missing, missing, missing, missing, lambda clicks: LaneSolved(problem="x"), missing, missing)


@contextmanager
def running_page(
    folder: Path,
    idle_s: float = 900.0,
    overview: Callable[[], Overview] = lambda: OVERVIEW,
    events: tuple[ToldEvent, ...] = (),
    log: tuple[LogLine, ...] = (),
    scenes: SceneDeeds | None = None,
    door: Door | None = None,
) -> Iterator[RunningPage]:
    accounts, sessions, audit, viewers = Accounts(folder), Sessions(idle_s), Audit(folder), Viewers()
    accounts.set_password(USER, PASSWORD)
    live = Live(viewers.join, viewers.leave, viewers.shot, viewers.aid, viewers.seen)
    names = frozenset({"qn-01.local", "localhost"})
    done: list[tuple[object, ...]] = []

    def begin(minutes: float, by: str, reason: str) -> Maintenance:
        if reason == NO_ROOM:
            raise OSError(errno.ENOSPC, NO_ROOM)
        done.append(("begin", minutes, by, reason))
        return Maintenance(until="u", by=by, reason=reason)

    deeds = Deeds(
        begin, lambda by: done.append(("end", by)), lambda by: done.append(("test", by)), lambda: done.append(("restart",)),
        lambda: b"zip",
    )  # fmt: skip
    services = Services(
        device="qn-01", names=names, accounts=accounts, sessions=sessions, audit=audit, overview=overview, trends=tuple,
        events=lambda: events, log=lambda: log, live=live, deeds=deeds, scenes=scenes or no_scenes(),
        door=door or Door(per_s=1e6, burst=1e6),
    )  # fmt: skip
    applications: list[web.Application] = []

    def build() -> web.Application:
        applications.append(application(services))
        return applications[0]

    port = free_port()
    server = PageServer(build, "127.0.0.1", port, tls(ensured(folder, "qn-01")), services.door)
    server.start()
    deadline_s = time.monotonic() + 20
    while server.problem and time.monotonic() < deadline_s:
        time.sleep(0.01)
    assert server.problem is None
    try:
        yield RunningPage(port, folder, accounts, sessions, audit, viewers, done, services.door, applications)
    finally:
        server.close()
