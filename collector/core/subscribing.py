"""Who subscribes to alerts and is told of them: what of, when, and what happens when that fails."""

import hashlib
from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta, Struct

from collector.core.alerts import Alert, own_id
from event_contract.kinds import Severity
from event_contract.topics import COLLECTOR

# When the next try follows the one that failed: 10 tries over 75 hours and a half.
BACK_OFF_S = (5.0, 300.0, 1800.0, 7200.0, 18_000.0, 36_000.0, 50_400.0, 72_000.0, 86_400.0)
TRIES = len(BACK_OFF_S) + 1
LONGEST_RETRY_AFTER_S = 86_400.0
JITTER = 0.1
SEVERITIES: tuple[Severity, ...] = ("low", "medium", "high", "critical")
DAY_S = 86_400
FAILURES_IN_A_ROW = 3  # then the receiver is taken to be away, and is only tried now and then
HOLDS_S = (5.0, 10.0, 20.0, 40.0, 60.0)

Text = Annotated[str, Meta(min_length=1, max_length=200)]
Name = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
HoursOfDay = Annotated[str, Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]-([01][0-9]|2[0-3]):[0-5][0-9]$")]


class Secret(Struct, frozen=True):
    """`until`: when a rotation ends it, in Unix seconds."""

    text: str
    until: float | None = None


class Wish(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a subscriber asks for. Empty filters let everything through; `least` is the lowest severity.

    In its `quiet` hours, as in 22:00-06:00, only what is critical is told at once; the rest waits for their end.
    """

    name: Name
    url: Annotated[str, Meta(min_length=1, max_length=2000)]
    kinds: Annotated[tuple[Text, ...], Meta(max_length=50)] = ()
    sites: Annotated[tuple[Text, ...], Meta(max_length=200)] = ()
    least: Severity = "low"
    quiet: HoursOfDay | None = None
    per_minute: Annotated[int, Meta(ge=1, le=60_000)] | None = None


class Subscriber(Struct, frozen=True, kw_only=True):
    """`disabled`: why nothing is queued for it any more."""

    id: str
    wish: Wish
    secrets: tuple[Secret, ...]
    utc_offset_h: float
    added_at: float
    disabled: str | None = None

    @property
    def alarm(self) -> str:
        """The name of the alarm that it was given up on."""
        return f"webhook/{self.wish.name}"

    def valid(self, now: float) -> tuple[str, ...]:
        return tuple(secret.text for secret in self.secrets if secret.until is None or now < secret.until)


def wants(subscriber: Subscriber, alert: Alert) -> bool:
    """Never what is about itself: it would fail to hear that it fails."""
    wish = subscriber.wish
    return (
        (not wish.kinds or alert.kind in wish.kinds)
        and (not wish.sites or alert.site in wish.sites)
        and SEVERITIES.index(alert.severity) >= SEVERITIES.index(wish.least)
        and alert.id != own_id(COLLECTOR, subscriber.alarm)
    )


def due_at(subscriber: Subscriber, alert: Alert, now: float) -> float:
    """When the subscriber is to hear of a change at `now`."""
    if subscriber.wish.quiet is None or alert.severity == "critical":
        return now
    begins_s, ends_s = (_time_of_day(text) for text in subscriber.wish.quiet.split("-"))
    since_s = (now + subscriber.utc_offset_h * 3600 - begins_s) % DAY_S
    lasts_s = (ends_s - begins_s) % DAY_S
    return now + lasts_s - since_s if since_s < lasts_s else now


def next_try_at(tries: int, now: float, chance: float, retry_after_s: float | None) -> float | None:
    """After so many tries that failed; None: no more. `chance` from 0 to 1 spreads them."""
    if tries >= TRIES:
        return None
    asked_s = min(retry_after_s or 0.0, LONGEST_RETRY_AFTER_S)
    return now + max(asked_s, BACK_OFF_S[tries - 1]) * (1 + JITTER * chance)


def message_id(subscriber: str, seq: int) -> str:
    """The same on every try, and another one for every subscriber and change."""
    return "msg_" + hashlib.sha256(f"{subscriber}/{seq}".encode()).hexdigest()[:32]


@dataclass(slots=True)
class Patience:
    """With one receiver: when may it be told how much? Failures hold everything back, and `per_minute` bounds the rest."""

    per_minute: int | None
    failures: int = 0
    held_until: float = 0.0
    _told: float = 0.0  # of the minute's allowance, used up
    _at: float = 0.0

    @property
    def doubts(self) -> bool:
        return self.failures >= FAILURES_IN_A_ROW

    def allows(self, now: float) -> bool:
        """Use up one of the allowance, if there is one."""
        if now < self.held_until:
            return False
        if self.per_minute is not None:
            self._told = max(0.0, self._told - (now - self._at) * self.per_minute / 60)
            self._at = now
            if self._told + 1 > self.per_minute:
                return False
            self._told += 1
        return True

    def succeed(self) -> bool:
        """True when it is back after it was away."""
        back = self.doubts
        self.failures, self.held_until = 0, 0.0
        return back

    def fail(self, now: float, chance: float, retry_after_s: float | None) -> None:
        self.failures += 1
        hold_s = min(retry_after_s or 0.0, LONGEST_RETRY_AFTER_S)
        if self.doubts:
            hold_s = max(hold_s, HOLDS_S[min(self.failures - FAILURES_IN_A_ROW, len(HOLDS_S) - 1)])
        self.held_until = max(self.held_until, now + hold_s * (1 + JITTER * chance))


def _time_of_day(text: str) -> int:
    hours, minutes = text.split(":")
    return 3600 * int(hours) + 60 * int(minutes)
