"""An event as the bytes that cross the wire: a CloudEvent in structured JSON, encoded once."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import msgspec

from edge_agent.core.outgoing import Outgoing
from event_contract.messages import CloudEvent, encode, event_type, message_id, source

ENVELOPE_BYTES = 400  # what the envelope adds to a body, at most, for names of usual length


@dataclass(frozen=True, slots=True)
class Encoded:
    """An event whose body is encoded already; `bytes` is about what it will take."""

    event: Outgoing
    body: bytes

    @property
    def bytes(self) -> int:
        return len(self.body) + ENVELOPE_BYTES


def encode_body(event: Outgoing) -> Encoded:
    return Encoded(event, encode(event.body))


def seal(device: str, stream: str, seq: int, encoded: Encoded) -> bytes:
    """The event under its number."""
    event = encoded.event
    return encode(
        CloudEvent(
            id=message_id(stream, seq),
            source=source(device),
            type=event_type(event.event_class, event.body.kind),
            subject=event.subject,
            time=event.time,
            data=msgspec.Raw(encoded.body),
        )
    )


def renumber(payload: bytes, stream: str, seq: int) -> bytes:
    """The same event under another number; its body stays as it is, byte for byte."""
    event = msgspec.json.decode(payload, type=CloudEvent)
    return encode(msgspec.structs.replace(event, id=message_id(stream, seq)))


def portions(events: Iterable[Encoded], portion_bytes: int) -> Iterator[list[Encoded]]:
    """The events in groups of about `portion_bytes`, in order."""
    portion: list[Encoded] = []
    for encoded in events:
        portion.append(encoded)
        if sum(one.bytes for one in portion) >= portion_bytes:
            yield portion
            portion = []
    if portion:
        yield portion
