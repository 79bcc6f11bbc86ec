"""Who has logged in, and until when. Times are arguments, monotonic: they outlive a restart of the agent, not a boot."""

import hashlib
import secrets
from collections import deque
from contextlib import suppress
from pathlib import Path

import msgspec
from msgspec import Struct

from edge_agent.files import write_secret

LONGEST_S = 12 * 3600.0
SESSIONS = 16  # one more, and the one that was used longest ago ends
FAILURES_ALLOWED = 5
FAILURES_WITHIN_S = 15 * 60.0
NAMES_WATCHED = 10_000


class Session(Struct):
    """`mark` is its account's when it began; `csrf` goes with every request that changes something."""

    name: str
    mark: str
    csrf: str
    opened_s: float
    used_s: float


class _Kept(Struct):
    """The monotonic clock begins anew with every boot."""

    boot: str
    sessions: dict[str, Session]


class Sessions:
    """By a digest of their cookies, which are 256 random bits."""

    def __init__(self, idle_s: float) -> None:
        self._idle_s = idle_s
        self._sessions: dict[str, Session] = {}

    def open(self, name: str, mark: str, now_s: float) -> str:
        """Its cookie."""
        token = secrets.token_urlsafe(32)
        self._sessions[_digest(token)] = Session(name, mark, secrets.token_urlsafe(32), now_s, now_s)
        while len(self._sessions) > SESSIONS:
            del self._sessions[min(self._sessions, key=lambda one: self._sessions[one].used_s)]
        return token

    def find(self, token: str, now_s: float, *, use: bool) -> Session | None:
        """None when it has ended or was left. `use`: somebody is there; a page that looks by itself is nobody."""
        session = self._sessions.get(_digest(token))
        if session is None:
            return None
        if now_s - session.used_s >= self._idle_s or now_s - session.opened_s >= LONGEST_S:
            self.close(token)
            return None
        if use:
            session.used_s = now_s
        return session

    def close(self, token: str) -> None:
        self._sessions.pop(_digest(token), None)

    def keep(self, file: Path, boot: str) -> None:
        """For the agent that is started next. On a full disk everybody has to log in again."""
        with suppress(OSError):
            write_secret(file, msgspec.json.encode(_Kept(boot, self._sessions)))

    def resume(self, file: Path, boot: str) -> None:
        """Those that were kept in this boot, once."""
        with suppress(OSError, ValueError):
            kept = msgspec.json.decode(file.read_bytes(), type=_Kept)
            file.unlink()
            if kept.boot == boot:
                self._sessions = kept.sessions


class Attempts:
    """Failed log-ins by account and by address: after 5 within 15 minutes both are locked until they are past."""

    def __init__(self) -> None:
        self._failures: dict[str, deque[float]] = {}

    def locked(self, names: tuple[str, ...], now_s: float) -> bool:
        return any(len(self._recent(name, now_s)) >= FAILURES_ALLOWED for name in names)

    def fail(self, names: tuple[str, ...], now_s: float) -> None:
        for name in names:
            recent = self._recent(name, now_s)
            recent.append(now_s)
            self._failures.pop(name, None)
            self._failures[name] = recent
        while len(self._failures) > NAMES_WATCHED:
            self._failures.pop(next(iter(self._failures)))

    def forget(self, names: tuple[str, ...]) -> None:
        for name in names:
            self._failures.pop(name, None)

    def _recent(self, name: str, now_s: float) -> deque[float]:
        failures = self._failures.get(name, ())
        return deque((at for at in failures if now_s - at < FAILURES_WITHIN_S), FAILURES_ALLOWED)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()
