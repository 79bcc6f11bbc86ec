"""Stills that were asked for and have not come: whose, of which alert, and why none came. One attempt per alert at a time."""

import hashlib
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from hmac import compare_digest
from typing import Protocol

from event_contract.commands import CommandResponse

PATIENCE_S = 30.0


class NotTaken(Exception):
    """Why an upload is refused."""


@dataclass(frozen=True, slots=True)
class Asked:
    """`digest` is that of its token. `why` and its `code`: it failed. `used`: an upload with its token has begun."""

    id: str
    digest: str
    alert: str
    device: str
    camera: str
    by: str
    at: float
    used: bool = False
    code: str = ""
    why: str = ""

    def told_at(self, now: float) -> "Asked":
        """One without an answer has failed when its time is over."""
        if self.code or not _over(self, now):
            return self
        why = (
            f"device {self.device} sent nothing within {PATIENCE_S:.0f} s; is it online, does its site.toml have [stills], "
            "and does it reach the collector by HTTPS?"
        )
        return replace(self, code="no_answer", why=why)


class Page(Protocol):
    """Requests, one of each alert at most."""

    def of(self, alert: str) -> Asked | None: ...
    def by_id(self, request_id: str) -> Asked | None: ...
    def put(self, asked: Asked) -> None:
        """In place of what was asked of that alert before."""

    def drop(self, alert: str) -> None: ...


class Shelf(Protocol):
    """Where they are kept."""

    def reading(self) -> AbstractContextManager[Page]: ...
    def changing(self) -> AbstractContextManager[Page]:
        """Nobody else changes any in the meantime."""


class StillRequests:
    """From any thread. `now` is in Unix seconds. Raises what its shelf raises."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def ask(self, asked: Asked) -> bool:
        """False: one of that alert is on its way already."""
        with self._shelf.changing() as page:
            before = page.of(asked.alert)
            if before is not None and not before.told_at(asked.at).code:
                return False
            page.drop(asked.alert)
            page.put(asked)
            return True

    def of(self, alert: str, now: float) -> Asked | None:
        with self._shelf.reading() as page:
            asked = page.of(alert)
        return asked and asked.told_at(now)

    def heard(self, device: str, response: CommandResponse) -> None:
        """What a device answers counts for what it was asked only, and while no picture has come."""
        with self._shelf.changing() as page:
            asked = page.by_id(response.id)
            if asked is not None and asked.device == device and response.outcome != "done" and not asked.code:
                why = response.reason[:300] or "the device does not say why"
                page.put(replace(asked, code=response.code[:40] or response.outcome, why=why))

    def begin(self, request_id: str, token: str, now: float) -> Asked:
        """An upload with this token begins; it cannot begin again. Raises NotTaken."""
        with self._shelf.reading() as page:
            _checked(page.by_id(request_id), token, now)  # strangers keep nobody waiting
        with self._shelf.changing() as page:
            begun = replace(_checked(page.by_id(request_id), token, now), used=True)
            page.put(begun)
            return begun

    def spoilt(self, asked: Asked, why: str) -> None:
        """What was uploaded is no still."""
        with self._shelf.changing() as page:
            if (stands := page.by_id(asked.id)) is not None:
                page.put(replace(stands, code="bad_picture", why=why))

    def done(self, asked: Asked) -> None:
        """It has come, or is not asked for after all."""
        with self._shelf.changing() as page:
            if page.by_id(asked.id) is not None:
                page.drop(asked.alert)


def digest_of(token: str) -> str:
    """Of 256 random bits, so that a fast one will do."""
    return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()


def _checked(asked: Asked | None, token: str, now: float) -> Asked:
    if asked is None or not compare_digest(asked.digest, digest_of(token)):
        raise NotTaken("no still was asked for with this token")
    if asked.used:
        raise NotTaken("the token was used already")
    if _over(asked, now):
        raise NotTaken(f"the token was good for {PATIENCE_S:.0f} s")
    return asked


def _over(asked: Asked, now: float) -> bool:
    """A clock that was set back does not make a token good for longer."""
    return not 0 <= now - asked.at <= PATIENCE_S
