"""What the handlers need, and how they reach it: one typed key in the aiohttp application."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from aiohttp import web

from edge_agent.core.health.snapshot import Trend
from edge_agent.web.accounts import Accounts
from edge_agent.web.audit import Audit
from edge_agent.web.door import Door
from edge_agent.web.drawn import SceneDeeds
from edge_agent.web.figures import LensAid, LogLine, Maintenance, Overview, SeenNow, ToldEvent
from edge_agent.web.sessions import Attempts, Session, Sessions

MOST_VIEWERS = 2


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture; `index` is its frame's."""

    index: int
    jpeg: bytes


@dataclass(frozen=True, slots=True)
class Live:
    """`join` False: as many look already as may; KeyError: there is no such camera. `shot`: the newest one, None where it is
    the one of this number. `aid`, `seen` None: no picture comes."""

    join: Callable[[str], bool]
    leave: Callable[[str], None]
    shot: Callable[[str, int], Shot | None]
    aid: Callable[[str], LensAid | None]
    seen: Callable[[str], SeenNow | None]


@dataclass(frozen=True, slots=True)
class Deeds:
    """What can be done: `begin(minutes, by, reason)` and `end(by)` of maintenance, which raise OSError; `test(by)`."""

    begin: Callable[[float, str, str], Maintenance]
    end: Callable[[str], None]
    test: Callable[[str], None]
    restart: Callable[[], None]
    diagnostics: Callable[[], bytes]


@dataclass(frozen=True, slots=True)
class Services:
    """`names` in a Host header that are ours, beside the address that was connected to. The callables are the agent's."""

    device: str
    names: frozenset[str]
    accounts: Accounts
    sessions: Sessions
    audit: Audit
    overview: Callable[[], Overview]
    trends: Callable[[], Sequence[Trend]]
    events: Callable[[], Sequence[ToldEvent]]
    log: Callable[[], Sequence[LogLine]]
    live: Live
    deeds: Deeds
    scenes: SceneDeeds
    door: Door = field(default_factory=Door)
    attempts: Attempts = field(default_factory=Attempts)


SERVICES = web.AppKey("services", Services)
SESSION: web.RequestKey[Session | None] = web.RequestKey("session", Session)
ASKED: web.RequestKey[object] = web.RequestKey("asked", object)  # the query, as the Struct that its route declares
