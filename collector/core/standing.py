"""How an alert stands: what its device tells of it and what people say of it are kept apart, and shown as one state.

    open -> acknowledged | confirmed | rejected -> resolved or, by its device, closed; and a person may open it again.
"""

from typing import Literal, get_args

from msgspec import Struct
from msgspec.structs import replace

from event_contract.kinds import SEVERITIES, Severity

State = Literal["open", "acknowledged", "confirmed", "rejected", "closed", "resolved"]
Told = Literal["open", "closed"]  # by its device, or by the collector of its own alarms
Verdict = Literal["confirmed", "rejected"]
Handling = Literal["acknowledged", "resolved"]
Deed = Literal["confirm", "reject", "acknowledge", "resolve", "reopen"]

OPEN: Told = "open"
CLOSED: Told = "closed"
LIVE: frozenset[State] = frozenset({"open", "acknowledged", "confirmed"})  # somebody has to look at it, or does
DEEDS: tuple[Deed, ...] = get_args(Deed)


class Said(Struct, frozen=True, kw_only=True):
    """What people say of an alert, and their newest deed: by whom, when, why, and as which change. `reopened`: against the
    device, which tells that it is over."""

    verdict: Verdict | None = None
    handling: Handling | None = None
    reopened: bool = False
    deed: Deed | Literal["undo"] | None = None
    by: str = ""
    at: str | None = None
    reason: str = ""
    seq: int = 0


NOTHING_SAID = Said()


def shown(told: Told, said: Said) -> State:
    """People's word counts more than the device's."""
    if said.verdict == "rejected":
        return "rejected"
    if said.handling == "resolved":
        return "resolved"
    if told == "closed" and not said.reopened:
        return "closed"
    if said.verdict == "confirmed":
        return "confirmed"
    return said.handling or "open"


def told_anew(before: Told, after: Told, said: Said) -> Said:
    """What stays of people's word when the device told more: of what begins again nobody has taken care yet."""
    return replace(said, handling=None, reopened=False) if (before, after) == ("closed", "open") else said


def worse(a: Severity, b: Severity) -> Severity:
    return max(a, b, key=SEVERITIES.index)
