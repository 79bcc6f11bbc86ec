"""What the commands rely on in the API's answers. An answer may hold more; one that holds less is no collector's."""

from datetime import datetime
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field

from collector.core.standing import DEEDS, State
from event_contract.kinds import Severity

Moment = Annotated[datetime, Meta(tz=True)]


class Title(Struct):
    vi: str
    en: str


class Alert(Struct):
    seq: int
    device: str
    camera: str | None
    sensor: str | None
    lane: str | None
    severity: Severity
    state: State
    title: Title
    started_at: Moment
    updated_at: Moment
    ended_at: Moment | None
    late: bool
    detail: dict[str, Any] = {}


class Alerts(Struct):
    alerts: list[Alert]


class Done(Struct):
    id: str
    outcome: Literal["changed", "unchanged", "refused", "unknown"]
    why: str | None = None
    alert: Alert | None = None


class AllDone(Struct):
    alerts: list[Done]


class Problem(Struct):
    """RFC 9457, as far as it is read."""

    detail: str


class Scores(Struct):
    """Shares from 0 to 1; intervals at 95 %; `delay_s` is the median. What cannot be told is null."""

    kind: str
    alerts: int
    confirmed: int
    rejected: int
    unjudged: int
    precision: float | None
    precision_95: tuple[float, float] | None
    camera_days: float | None
    false_per_camera_day: float | None
    false_per_camera_day_95: tuple[float, float] | None
    delay_s: float | None


class RuleScores(Scores):
    device: str
    camera: str
    rule_version: int
    model: str | None


class TrialScores(Struct):
    """A rule on trial: the live alerts that it told as well, by verdict; what it told `alone`; what it did not tell."""

    kind: str
    device: str
    camera: str
    rule_version: int
    incidents: int
    confirmed: int
    rejected: int
    unjudged: int
    alone: int
    missed_confirmed: int
    spared_rejected: int


class Scorecard(Struct):
    rules: list[RuleScores]
    totals: list[Scores]
    shadow: list[TrialScores]


class Event(Struct):
    n: int
    device: str
    stream: str
    seq: int
    class_: str = field(name="class")
    kind: str
    at: str
    received_at: str
    clock: str
    late: bool
    shadow: bool
    event: dict[str, Any]


class Events(Struct):
    """`newest` when a span of time was asked for."""

    events: list[Event]
    next: int
    newest: int | None = None


class Announced(Struct):
    lowest: int | None


class Stream(Struct):
    stream: str
    class_: str = field(name="class")
    missing: list[tuple[int, int]]
    announced: Announced


class Outbox(Struct):
    messages: int
    oldest_s: float | None


class Condition(Struct):
    """One thing of a device: `id` as in temperature or camera/north, what it is called and how it is."""

    id: str
    level: Literal["ok", "warn", "bad"]
    name: Title
    words: Title


class DeviceHealth(Struct):
    """By the device's own word; `level` is that of the worst. A list of devices has only the `items` that are not well."""

    level: Literal["ok", "warn", "bad"]
    told_at: str
    items: list[Condition]


class Maintenance(Struct):
    """Somebody works at the device."""

    until: Moment
    since: Moment
    by: str
    reason: str


class Device(Struct):
    device: str
    online: bool
    site: str | None
    cameras: list[str]
    events: int
    missing: int
    last_event_at: str | None
    streams: list[Stream]
    clock: str | None = None
    silent: bool = False
    outbox: Outbox | None = None
    health: DeviceHealth | None = None
    maintenance: Maintenance | None = None


class Gap(Struct):
    device: str
    stream: str
    class_: str = field(name="class")
    missing: list[tuple[int, int]]


class Gaps(Struct):
    gaps: list[Gap]


class StreamWrittenOff(Struct):
    stream: str
    ranges: list[tuple[int, int]]


class WrittenOff(Struct):
    device: str
    messages: int
    streams: list[StreamWrittenOff]


class Devices(Struct):
    devices: list[Device]


class DeadLetter(Struct):
    n: int
    last_at: str
    times: int
    topic: str
    reason: str


class Replayed(Struct):
    n: int
    outcome: str
    reason: str | None = None


class DeadLetters(Struct):
    dead_letters: list[DeadLetter]


class Summary(Struct):
    newest_event: int


ANSWERS: dict[str, type[Struct]] = {
    "/api/v1/alerts": Alerts,
    **{f"/api/v1/alerts/{deed}": AllDone for deed in DEEDS},
    "/api/v1/events": Events,
    "/api/v1/devices": Devices,
    "/api/v1/gaps": Gaps,
    "/api/v1/gaps/write-off": WrittenOff,
    "/api/v1/dead-letters": DeadLetters,
    "/api/v1/dead-letters/{n}": DeadLetter,
    "/api/v1/dead-letters/{n}/replay": Replayed,
    "/api/v1/summary": Summary,
    "/api/v1/scorecard": Scorecard,
}
