"""Stills that were asked for and have not come: whose, of which alert, and why none came. One attempt per alert at a time.

Known in memory only: after a restart of the collector a still has to be asked for again.
"""

from dataclasses import dataclass, replace
from hmac import compare_digest

from event_contract.commands import CommandResponse

PATIENCE_S = 30.0
MOST = 1000  # then the oldest is forgotten


class NotTaken(Exception):
    """Why an upload is refused."""


@dataclass(frozen=True, slots=True)
class Asked:
    """`why` and its `code`: it failed. `used`: an upload with its token has begun."""

    id: str
    token: str
    alert: str
    device: str
    camera: str
    by: str
    at: float
    used: bool = False
    code: str = ""
    why: str = ""


class StillRequests:
    """For one thread. `now` is in Unix seconds."""

    def __init__(self) -> None:
        self._of_alert: dict[str, Asked] = {}

    def ask(self, asked: Asked) -> None:
        """In place of what was asked of that alert before."""
        self._of_alert.pop(asked.alert, None)
        self._of_alert[asked.alert] = asked
        while len(self._of_alert) > MOST:
            del self._of_alert[next(iter(self._of_alert))]

    def of(self, alert: str, now: float) -> Asked | None:
        """One without an answer has failed when its time is over."""
        asked = self._of_alert.get(alert)
        if asked is None or asked.code or not _over(asked, now):
            return asked
        why = (
            f"device {asked.device} sent nothing within {PATIENCE_S:.0f} s; is it online, does its site.toml have [stills], "
            "and does it reach the collector by HTTPS?"
        )
        return self._fail(asked, "no_answer", why)

    def heard(self, device: str, response: CommandResponse) -> None:
        """What a device answers counts for what it was asked only, and while no picture has come."""
        asked = self._by_id(response.id)
        if asked is not None and asked.device == device and response.outcome != "done" and not asked.code:
            self._fail(asked, response.code[:40] or response.outcome, response.reason[:300] or "the device does not say why")

    def begin(self, request_id: str, token: str, now: float) -> Asked:
        """An upload with this token begins; it cannot begin again. Raises NotTaken."""
        asked = self._by_id(request_id)
        if asked is None or not compare_digest(asked.token.encode(), token.encode(errors="surrogatepass")):
            raise NotTaken("no still was asked for with this token")
        if asked.used:
            raise NotTaken("the token was used already")
        if _over(asked, now):
            raise NotTaken(f"the token was good for {PATIENCE_S:.0f} s")
        self._of_alert[asked.alert] = begun = replace(asked, used=True)
        return begun

    def spoilt(self, asked: Asked, why: str) -> None:
        """What was uploaded is no still."""
        self._fail(asked, "bad_picture", why)

    def done(self, asked: Asked) -> None:
        self._of_alert.pop(asked.alert, None)

    def _by_id(self, request_id: str) -> Asked | None:
        return next((one for one in self._of_alert.values() if one.id == request_id), None)

    def _fail(self, asked: Asked, code: str, why: str) -> Asked:
        failed = replace(asked, code=code, why=why)
        self._of_alert[asked.alert] = failed
        return failed


def _over(asked: Asked, now: float) -> bool:
    """A clock that was set back does not make a token good for longer."""
    return not 0 <= now - asked.at <= PATIENCE_S


