"""What may be asked: the parameters of the questions that the API answers. Texts and limits go into openapi.json."""

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from collector.core.subscribing import Exercises
from collector.store.questions.queries import PAGE_LIMIT

MOST_SUMS = 10_000  # hours or days in one answer

Number = Annotated[int, Meta(ge=0, lt=2**62)]
Page = Annotated[int, Meta(ge=1, le=PAGE_LIMIT, description="At most so many.")]
Before = Annotated[Number | None, Meta(description="The `next` of the page before: what is older than that.")]
Moment = Annotated[
    str, Meta(max_length=40, description="A time with its offset.", extra_json_schema={"format": "date-time"})
]
Text = Annotated[str, Meta(max_length=200, pattern=r"^[^\x00]*$")]
Listed = Annotated[Text, Meta(description="One, or several with commas.")]
Area = Annotated[Text, Meta(description="west,south,east,north in degrees; over the 180th meridian west is greater.")]


class Span(Struct, kw_only=True):
    from_: Moment | None = field(name="from", default=None)
    to: Moment | None = None


class AlertsAsked(Span, kw_only=True):
    """Alerts, the one that changed last first. All that is given has to hold."""

    state: Annotated[
        Literal["all", "open", "closed", "acknowledged", "confirmed", "rejected", "resolved"],
        Meta(description="open: all that calls for people, acknowledged or not; closed: all that does not any more."),
    ] = "all"
    kind: Listed | None = None
    severity: Listed | None = None
    device: Listed | None = None
    site: Listed | None = None
    bbox: Area | None = None
    limit: Page = 100
    before: Before = None


class EventsAsked(Span, kw_only=True):
    """Events in the order of their commits."""

    after: Number = 0
    limit: Page = 100
    device: Text | None = None
    class_: Text | None = field(name="class", default=None)
    kind: Text | None = None


class DevicesAsked(Struct):
    streams: Annotated[bool, Meta(description="false leaves out the streams, which are most of the answer.")] = True


class StreamsAsked(Struct):
    device: Text | None = None


class TrafficAsked(Span, kw_only=True):
    """`minutes` with by=minute; `from`, `to` and `limit` with hour and day."""

    by: Literal["minute", "hour", "day"] = "minute"
    device: Text | None = None
    camera: Text | None = None
    minutes: Annotated[int, Meta(ge=1, le=120)] = 1
    limit: Annotated[int, Meta(ge=1, le=MOST_SUMS)] = MOST_SUMS


class LettersAsked(Span, kw_only=True):
    device: Text | None = None
    reason: Annotated[Text, Meta(description="A part of it.")] | None = None
    limit: Page = 100
    before: Before = None


class AuditAsked(Span, kw_only=True):
    order: Annotated[Literal["oldest", "newest"], Meta(description="Which come first.")] = "oldest"
    after: Number = 0
    before: Before = None
    text: Annotated[Text, Meta(description="A part of what an entry says.")] = ""
    limit: Page = 100


Exercise = Annotated[Exercises, Meta(description="Staged alerts: none of them, also, or nothing else.")]


class StreamAsked(Struct):
    last_event_id: Annotated[Text, Meta(description="For who cannot send Last-Event-ID: a seq.")] | None = None
    exercise: Exercise = "no"


class SocketAsked(Struct):
    after: Number | None = None
    exercise: Exercise = "no"


class DeliveriesAsked(Struct):
    limit: Page = 100
    before: Before = None


class FeedAsked(Struct):
    limit: Page = PAGE_LIMIT
    before: Before = None
    exercise: Annotated[Literal["no", "only"], Meta(description="only: staged alerts, instead of those that are so.")] = "no"


class NgsiAsked(FeedAsked):
    type: Annotated[Text, Meta(description="Some of Alert, Device, TrafficFlowObserved.")] | None = None


class OpenDataAsked(Span, kw_only=True):
    road: Text | None = None
