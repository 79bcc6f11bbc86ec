"""What is answered, as types for openapi.json, as far as no command relies on it: for what they do see core/answers.py."""

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, field

from collector.core.answers import Alert, DeadLetter, Moment
from collector.core.standing import State
from collector.core.subscribing import Held, Wish
from event_contract.messages import LaneMinute, LineMinute

Ranges = Annotated[list[tuple[int, int]], Meta(description="First and last of each, inclusive.")]


class AlertsPage(Struct):
    alerts: list[Alert]
    next: int | None


class AlertChange(Struct):
    seq: int
    at: Moment
    action: str
    by: str
    reason: str
    state: State


class StillState(Struct, kw_only=True):
    """The one picture of an alert. off: this collector asks for none; failed: `why`, and `code` for programs. `taken_at`: when
    the camera saw what is there."""

    state: Literal["off", "none", "asked", "there", "failed"]
    code: str = ""
    why: str = ""
    asked_by: str = ""
    asked_at: str | None = None
    taken_at: str | None = None
    expires_at: str | None = None


class Evidence(Struct):
    """`link` leads into the city's own video system."""

    link: str | None
    still: StillState


class StillTaken(Struct):
    stored: bool


class AlertWithChanges(Struct):
    alert: Alert
    changes: list[AlertChange]
    evidence: Evidence


class Silence(Struct):
    n: int
    device: str | None
    camera: str | None
    lane: str | None
    kind: str | None
    begins: Moment
    ends: Moment
    reason: str
    author: str


class Silences(Struct):
    silences: list[Silence]


class Ended(Struct):
    n: int
    ended: bool


class ShiftNote(Struct):
    n: int
    at: Moment
    author: str
    text: str


class ShiftNotes(Struct):
    notes: list[ShiftNote]


class WholeDeadLetter(DeadLetter):
    device: str | None
    stream: str | None
    seq: int | None
    bytes: int
    first_at: str
    payload: str


class AnnouncedNumbers(Struct):
    """What the device said last of the numbers that it still has."""

    lowest: int | None
    highest: int | None


class StreamNumbers(Struct):
    """What became of each number of a stream; below `kept_from` nothing is kept."""

    device: str
    stream: str
    class_: str = field(name="class")
    stored: Annotated[int, Meta(description="How many.")]
    ranges: Annotated[Ranges, Meta(description="What is stored.")]
    dead_lettered: Ranges
    lost_notices: Annotated[Ranges, Meta(description="What the device itself says that it had to drop.")]
    missing: Ranges
    kept_from: int | None
    forked: bool
    announced: AnnouncedNumbers


class Streams(Struct):
    streams: list[StreamNumbers]


class TrafficMinute(Struct):
    device: str
    site: str
    camera: str
    from_: Moment = field(name="from")
    clock: Annotated[Literal["synced", "corrected", "unsynced"], Meta(description="How far `from` can be trusted.")]
    lanes: list[LaneMinute]
    lines: list[LineMinute]


class TrafficSum(Struct):
    """An hour or a day of a camera."""

    device: str
    site: str
    camera: str
    from_: Moment = field(name="from")
    observed_s: Annotated[float, Meta(description="How much of it was seen.")]
    corrected_s: Annotated[float, Meta(description="... by a device whose clock was set later.")]
    lanes: list[LaneMinute]
    lines: list[LineMinute]


class Traffic(Struct):
    """`minutes`, `hours` or `days`, as was asked for; `more`: there are more hours or days than `limit`."""

    minutes: list[TrafficMinute] | UnsetType = UNSET
    hours: list[TrafficSum] | UnsetType = UNSET
    days: list[TrafficSum] | UnsetType = UNSET
    more: bool | UnsetType = UNSET


class Subscription(Wish, frozen=True, kw_only=True):
    """What it asks for and how it stands. `secrets`: how many sign; `disabled`: why it is told nothing; `held`: of the messages
    that wait, those that quiet hours or its limit hold back."""

    added_at: Moment
    secrets: int
    disabled: str | None
    waiting: int
    held: int


class NewSecret(Subscription, frozen=True, kw_only=True):
    """`secret` is shown this once; null where nothing is signed."""

    secret: str | None


class Subscriptions(Struct):
    subscriptions: list[Subscription]


class TestMessage(Struct):
    """`outcome`: what the receiver answered, or why it could not be told."""

    delivered: bool
    outcome: str


class Delivery(Struct):
    """What became of one change of an alert for a subscriber. `due_at`: when it is tried next."""

    seq: int
    message_id: str
    state: Literal["waiting", "delivered", "given_up"]
    held: Held | None
    tries: int
    outcome: str | None
    queued_at: Moment
    tried_at: Moment | None
    due_at: Moment | None


class Deliveries(Struct):
    deliveries: list[Delivery]


class Alive(Struct):
    status: Literal["ok"]


class BrokerState(Struct):
    """`reason`: why it is not connected."""

    connected: bool
    reason: str
    refused: bool
    connections: int
    crashes: int
    restarts: int


class StoreState(Struct):
    """`unavailable`: why it takes nothing; `leading`: of several collectors this one does what one does for all."""

    unavailable: str | None
    leading: bool


class Ready(Struct):
    ready: bool
    broker: BrokerState
    store: StoreState
    messages: Annotated[dict[str, int], Meta(description="How many came, by what became of them.")]
    subscribers: Annotated[int, Meta(description="To the alert stream.")]


class Document(Struct):
    """OpenAPI 3.1."""

    openapi: str
    info: dict[str, Any]
    paths: dict[str, Any]
    components: dict[str, Any]
