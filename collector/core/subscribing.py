"""Who subscribes to alerts, how they are told, what of, when, and what happens when that fails."""

import hashlib
from typing import Annotated, Literal

from msgspec import Meta, Struct

from collector.core.alerts import Action, Alert, own_id
from event_contract.kinds import SEVERITIES, Severity
from event_contract.topics import COLLECTOR

# When the next try follows the one that failed: 10 tries over 75 hours and a half.
BACK_OFF_S = (5.0, 300.0, 1800.0, 7200.0, 18_000.0, 36_000.0, 50_400.0, 72_000.0, 86_400.0)
TRIES = len(BACK_OFF_S) + 1
LONGEST_RETRY_AFTER_S = 86_400.0
JITTER = 0.1
DAY_S = 86_400
ENDS = frozenset({"close", "reject", "resolve"})

Text = Annotated[str, Meta(min_length=1, max_length=200)]
Name = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
HoursOfDay = Annotated[str, Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]-([01][0-9]|2[0-3]):[0-5][0-9]$")]
Way = Literal["webhook", "mail", "mqtt"]
Held = Literal["quiet", "rate"]
Exercises = Literal["no", "also", "only"]


class Secret(Struct, frozen=True):
    """`until`: when a rotation ends it, in Unix seconds."""

    text: str
    until: float | None = None


class Wish(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a subscriber asks for. `url` says how it is told: https://... by webhook, mailto:... by e-mail, mqtt:TOPIC by MQTT.

    Empty filters let everything through; `least` is the lowest severity. `changes`: all of them, or what sounds and the end of
    it; unless told, e-mail is for what sounds. In its `quiet` hours, as in 22:00-06:00, and beyond `per_minute` messages it is
    told nothing but what is critical, and that only unless `hold_critical`; what was held comes as a summary afterwards.
    """

    name: Name
    url: Annotated[str, Meta(min_length=1, max_length=2000)]
    kinds: Annotated[tuple[Text, ...], Meta(max_length=50)] = ()
    sites: Annotated[tuple[Text, ...], Meta(max_length=200)] = ()
    least: Severity = "low"
    changes: Literal["all", "sounding"] | None = None
    quiet: HoursOfDay | None = None
    per_minute: Annotated[int, Meta(ge=1, le=60_000)] | None = None
    hold_critical: bool = False
    exercise: Exercises = "no"
    lang: Literal["vi", "en"] = "vi"

    @property
    def way(self) -> Way:
        match self.url.partition(":")[0]:
            case "mailto":
                return "mail"
            case "mqtt":
                return "mqtt"
            case _:
                return "webhook"


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
        return f"subscription/{self.wish.name}"

    def valid(self, now: float) -> tuple[str, ...]:
        return tuple(secret.text for secret in self.secrets if secret.until is None or now < secret.until)


def wants(subscriber: Subscriber, alert: Alert, action: Action) -> bool:
    """Never what is about itself: it would fail to hear that it fails."""
    wish = subscriber.wish
    return (
        (not wish.kinds or alert.kind in wish.kinds)
        and (not wish.sites or alert.site in wish.sites)
        and SEVERITIES.index(alert.severity) >= SEVERITIES.index(wish.least)
        and wish.exercise in (("also", "only") if alert.exercise else ("no", "also"))
        and (_every_change(wish) or action.audible or (alert.heard and action.name in ENDS) or _begins_exercise(alert, action))
        and alert.id != own_id(COLLECTOR, subscriber.alarm)
    )


def urgent(wish: Wish, severity: Severity) -> bool:
    """Is it told at once, in quiet hours and beyond the limit, too?"""
    return severity == "critical" and not wish.hold_critical


def quiet_until(subscriber: Subscriber, now: float) -> float | None:
    """When its quiet hours end; None outside of them."""
    if subscriber.wish.quiet is None:
        return None
    begins_s, ends_s = (_time_of_day(text) for text in subscriber.wish.quiet.split("-"))
    since_s = (now + subscriber.utc_offset_h * 3600 - begins_s) % DAY_S
    lasts_s = (ends_s - begins_s) % DAY_S
    return now + lasts_s - since_s if since_s < lasts_s else None


def next_try_at(tries: int, now: float, chance: float, retry_after_s: float | None) -> float | None:
    """After so many tries that failed; None: no more. `chance` from 0 to 1 spreads them."""
    if tries >= TRIES:
        return None
    asked_s = min(retry_after_s or 0.0, LONGEST_RETRY_AFTER_S)
    return now + max(asked_s, BACK_OFF_S[tries - 1]) * (1 + JITTER * chance)


def message_id(subscriber: str, seq: int, summary: int | None = None) -> str:
    """The same on every try, and another one for every subscriber and change; what is summed up shares that of its summary."""
    what = f"{subscriber}/{seq}" if summary is None else f"{subscriber}/summary/{summary}"
    return "msg_" + hashlib.sha256(what.encode()).hexdigest()[:32]


def _begins_exercise(alert: Alert, action: Action) -> bool:
    return alert.exercise and action.name == "open"


def _every_change(wish: Wish) -> bool:
    return (wish.changes or ("sounding" if wish.way == "mail" else "all")) == "all"


def _time_of_day(text: str) -> int:
    hours, minutes = text.split(":")
    return 3600 * int(hours) + 60 * int(minutes)
