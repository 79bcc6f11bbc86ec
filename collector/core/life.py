"""What people do with alerts: (alert, word) -> (alert, action), or why it cannot be done.

A deed that has its effect already changes nothing, so it may be sent twice. One that was decided on a state that somebody
else has changed since is refused.
"""

from dataclasses import dataclass
from typing import Any

from msgspec.structs import replace

from collector.core.alerts import Action, Alert, with_state
from collector.core.standing import LIVE, Deed, State

LONGEST_REASON = 500
MOST_AT_ONCE = 200

_FROM: dict[Deed, frozenset[State]] = {
    "confirm": LIVE | {"rejected", "closed", "resolved"},
    "reject": LIVE | {"closed", "resolved"},
    "acknowledge": frozenset({"open"}),
    "resolve": LIVE,
    "reopen": frozenset({"rejected", "closed", "resolved"}),
}


@dataclass(frozen=True, slots=True)
class Word:
    """One deed of one person. `seen`: the newest change that the person knew of; None when it does not matter."""

    deed: Deed
    by: str
    at: str
    reason: str = ""
    seen: int | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    why: str


Outcome = tuple[Alert, Action | None] | Refusal


def act(alert: Alert, word: Word) -> Outcome:
    """The alert after a person's word; what people do makes no sound."""
    if _is_done(alert, word.deed):
        return alert, None
    if word.seen is not None and word.seen < alert.said.seq:
        return Refusal(f"{alert.said.by} has changed it meanwhile: it is {alert.state}")
    if alert.state not in _FROM[word.deed]:
        return Refusal(f"cannot {word.deed} what is {alert.state}")
    said = replace(alert.said, **_effect(alert, word.deed), deed=word.deed, by=word.by, at=word.at, reason=word.reason)
    return with_state(replace(alert, said=said)), Action(word.deed, audible=False)


def undo(alert: Alert, before: Alert | None, by: str, at: str) -> Outcome:
    """People's word as it was `before` the alert's newest deed, which has to be the same person's."""
    if before is None or alert.said.by != by or alert.said.deed in (None, "undo"):
        return Refusal("the newest word on it is not yours; nothing to undo")
    said = replace(before.said, deed="undo", by=by, at=at, reason="")
    return with_state(replace(alert, said=said)), Action("undo", audible=False)


def _is_done(alert: Alert, deed: Deed) -> bool:
    """Is it so already, or more than it?"""
    match deed:
        case "confirm":
            return alert.said.verdict == "confirmed"
        case "reject":
            return alert.said.verdict == "rejected"
        case "acknowledge":
            return alert.state in ("acknowledged", "confirmed")
        case "resolve":
            return alert.state == "resolved"
        case "reopen":
            return alert.state in LIVE


def _effect(alert: Alert, deed: Deed) -> dict[str, Any]:
    """Fields of Said that the deed sets. A rejected alert that is opened again is one that nobody has judged."""
    match deed:
        case "confirm":
            return {"verdict": "confirmed"}
        case "reject":
            return {"verdict": "rejected"}
        case "acknowledge":
            return {"handling": "acknowledged"}
        case "resolve":
            return {"handling": "resolved", "reopened": False}
        case "reopen":
            kept = None if alert.said.verdict == "rejected" else alert.said.verdict
            return {"verdict": kept, "handling": None, "reopened": alert.told == "closed"}
