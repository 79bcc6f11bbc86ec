"""An event as the bytes that cross the wire: a CloudEvent in structured JSON, encoded once."""

import msgspec

from edge_agent.core.outgoing import Outgoing
from event_contract.messages import CloudEvent, encode, event_type, message_id, source

ENVELOPE_BYTES = 400  # what the envelope adds to a body, at most, for names of usual length


def seal(device: str, stream: str, seq: int, event: Outgoing, body: bytes | None = None) -> bytes:
    """The event under its number. `body` is its encoded body where that is at hand."""
    return encode(
        CloudEvent(
            id=message_id(stream, seq),
            source=source(device),
            type=event_type(event.event_class, event.body.kind),
            subject=event.subject,
            time=event.time,
            data=msgspec.Raw(encode(event.body) if body is None else body),
        )
    )


def renumber(payload: bytes, stream: str, seq: int) -> bytes:
    """The same event under another number; its body stays as it is, byte for byte."""
    event = msgspec.json.decode(payload, type=CloudEvent)
    return encode(msgspec.structs.replace(event, id=message_id(stream, seq)))
