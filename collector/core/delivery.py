"""What a received message is, and what becomes of it: pure decisions, no store and no broker in sight."""

from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from event_contract import topics
from event_contract.kinds import EventClass
from event_contract.messages import (
    MAX_MESSAGE_BYTES,
    Body,
    CloudEvent,
    IncidentData,
    LostData,
    MaintenanceData,
    TrafficMinuteData,
    decode_body,
    parse_message_id,
    source,
)
from event_contract.presence import Birth, Will
from event_contract.times import parse_time

SEQ_LIMIT = 10**18
EARLIEST_S, LATEST_S = 0.0, 7_258_118_400.0  # the years 1970 to 2199: what is outside is no time of an event
LONGEST_UPTIME_S = 1e10
LATE_AFTER_S = 600.0  # an event older than this at ingest pages nobody

Range = tuple[int, int]  # first and last `seq`, inclusive
Verdict = Literal["store", "duplicate", "fork", "below_mark"]
ClockState = Literal["synced", "corrected", "unsynced", "unknown"]  # unknown: a body that cannot be read tells nothing


class Received(Struct, frozen=True, gc=False):
    """A message as the broker delivered it; `received_at` in Unix seconds."""

    topic: str
    payload: bytes
    received_at: float


class Event(Struct, frozen=True, gc=False):
    """An event that may be stored. `at` is its time in Unix seconds; `time` the text that the device gave it."""

    device: str
    stream: str
    seq: int
    event_class: EventClass
    kind: str
    camera: str | None
    time: str
    at: float
    body: Body | None  # None: of a kind that this collector does not know
    clock: ClockState
    payload: bytes
    received_at: float

    @property
    def is_late(self) -> bool:
        """Older than 10 minutes at ingest. A clock that was never set tells no age: such an event is not called late."""
        return self.clock != "unsynced" and self.received_at - self.at > LATE_AFTER_S


class Status(Struct, frozen=True):
    """A device's birth or will."""

    device: str
    message: Birth | Will
    received_at: float


class DeadLetter(Struct, frozen=True):
    """A message that cannot be stored as an event, and why. `key` = (stream, seq) where its id can still be read."""

    device: str | None
    key: tuple[str, int] | None
    reason: str
    received: Received


def read(received: Received) -> Event | Status | DeadLetter:
    """Decode and check one message; whatever it holds, the answer is one of the three."""
    address = topics.parse_event(received.topic)
    device = address[0] if address else topics.parse_status(received.topic)
    try:
        if len(received.payload) > MAX_MESSAGE_BYTES:
            raise ValueError(f"{len(received.payload)} bytes, expected <= {MAX_MESSAGE_BYTES}")
        received.payload.decode()  # msgspec does not look into the strings that it skips
        if address:
            return _event(received, *address)
        if device:
            return Status(device, _status(received.payload), received.received_at)
        raise ValueError("topic: expected roadside/v1/<device>/event/<class> or roadside/v1/<device>/status")
    except (ValueError, OverflowError, RecursionError) as error:  # msgspec's and Unicode's errors are ValueErrors
        key = _salvage_key(received.payload) if address else None
        return DeadLetter(device, key, f"{type(error).__name__}: {error}"[:300], received)


def judge(payload: bytes, known: bytes | None, seq: int, kept_from: int) -> Verdict:
    """`known` is what the store holds under the same key, `kept_from` the stream's retention mark."""
    if known is not None:
        return "duplicate" if known == payload else "fork"
    return "below_mark" if seq < kept_from else "store"


def correct(event: Event, offset_s: float) -> Event:
    """The event with its time taken from the monotonic clock; `offset_s` = Unix time less monotonic time in that boot.

    Raises ValueError when the two make no time of an event.
    """
    if event.body is None:
        return event
    return replace(event, at=_bounded(offset_s + event.body.clock.mono_s, "corrected time"), clock="corrected")


def coalesce(seqs: Iterable[int]) -> tuple[Range, ...]:
    """Sequence numbers in any order, repeats allowed -> ascending ranges that neither touch nor overlap."""
    return union((seq, seq) for seq in seqs)


def union(ranges: Iterable[Range]) -> tuple[Range, ...]:
    merged: list[Range] = []
    for first, last in sorted(ranges):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(last, merged[-1][1]))
        else:
            merged.append((first, last))
    return tuple(merged)


def missing(first: int, last: int, present: Iterable[Range]) -> tuple[Range, ...]:
    """The part of first..last (inclusive) that `present` leaves out."""
    gaps: list[Range] = []
    cursor = first
    for low, high in union(present):
        if cursor < low and cursor <= last:
            gaps.append((cursor, min(low - 1, last)))
        cursor = max(cursor, high + 1)
    if cursor <= last:
        gaps.append((cursor, last))
    return tuple(gaps)


def size(ranges: Sequence[Range]) -> int:
    return sum(last - first + 1 for first, last in ranges)


def _event(received: Received, device: str, event_class: EventClass) -> Event:
    envelope = _ENVELOPE.decode(received.payload)
    key = parse_message_id(envelope.id)
    if key is None:
        raise ValueError(f"id {envelope.id[:80]!r}: expected <stream>/<seq>")
    if envelope.source != source(device):
        raise ValueError(f"source {envelope.source[:80]!r}: the topic says {source(device)!r}")
    body = decode_body(envelope.data)
    if isinstance(body, IncidentData):
        for text in (body.started_at, body.updated_at, body.ended_at or body.updated_at):
            _moment(text)
    if isinstance(body, MaintenanceData) and body.until is not None:
        _moment(body.until)
    if body is not None and not 0.0 <= body.clock.mono_s < LONGEST_UPTIME_S:
        raise ValueError(f"clock.mono_s {body.clock.mono_s}: expected 0 <= mono_s < {LONGEST_UPTIME_S:.0f}")
    if isinstance(body, LostData) and not 1 <= body.first <= body.last < SEQ_LIMIT:
        raise ValueError(f"lost {body.first}..{body.last}: expected 1 <= first <= last < {SEQ_LIMIT}")
    return Event(
        device=device,
        stream=key[0],
        seq=key[1],
        event_class=event_class,
        kind=msgspec.json.decode(envelope.data, type=_Kind).kind if body is None else body.kind,
        camera=body.camera if isinstance(body, IncidentData | TrafficMinuteData) else None,
        time=envelope.time,
        at=_moment(envelope.time),
        body=body,
        clock="unknown" if body is None else "synced" if body.clock.synced else "unsynced",
        payload=received.payload,
        received_at=received.received_at,
    )


def _moment(text: str) -> float:
    return _bounded(parse_time(text), f"time {text[:80]!r}")


def _bounded(unix_s: float, what: str) -> float:
    if not EARLIEST_S <= unix_s < LATEST_S:
        raise ValueError(f"{what}: expected a year from 1970 to 2199")
    return unix_s


def _status(payload: bytes) -> Birth | Will:
    if not msgspec.json.decode(payload, type=_Online).online:
        return msgspec.json.decode(payload, type=Will)
    birth = msgspec.json.decode(payload, type=Birth)
    for stream in birth.streams:
        if not 0 <= stream.lowest <= stream.highest + 1 <= SEQ_LIMIT:
            raise ValueError(f"streams[{stream.stream[:64]}]: expected 0 <= lowest <= highest + 1 <= {SEQ_LIMIT}")
    return birth


def _salvage_key(payload: bytes) -> tuple[str, int] | None:
    try:
        return parse_message_id(msgspec.json.decode(payload, type=_Id).id)
    except (ValueError, RecursionError):
        return None


class _Id(Struct):
    id: str


class _Kind(Struct):
    kind: str


class _Online(Struct):
    online: bool


_ENVELOPE = msgspec.json.Decoder(CloudEvent)
