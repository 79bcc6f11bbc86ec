"""What the agent wants to say, before the outbox numbers it."""

from dataclasses import dataclass

from event_contract.kinds import EventClass
from event_contract.messages import Body


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One event without its id. `time` is RFC 3339; `subject` is what it speaks of, as in `north/lane/2`."""

    event_class: EventClass
    subject: str
    time: str
    body: Body
