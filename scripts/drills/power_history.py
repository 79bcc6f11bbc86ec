"""What an outbox has promised over power cuts, and whether it was kept.

Every number that an `append` has given out must wait, or be acknowledged, or a `lost` notice must name it; it stands for one
message for ever, and one message has one number at a time.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from event_contract.messages import CloudEvent, IncidentData, LostData, decode_body, parse_message_id

Key = tuple[str, int]
Waiting = Mapping[Key, Any]  # a message's number -> its body


@dataclass(slots=True)
class History:
    """`lost` and `twice` are numbers and messages of broken promises; `broken` are the other promises, in words."""

    highest: dict[str, int] = field(default_factory=dict)  # stream -> the highest number that was promised
    confirmed: set[Key] = field(default_factory=set)  # the collector holds them, and their `delete` has returned
    confirming: set[Key] = field(default_factory=set)  # the collector holds them
    named: set[Key] = field(default_factory=set)
    meaning: dict[Key, str] = field(default_factory=dict)
    moving: set[str] = field(default_factory=set)  # messages that a fork takes to another stream
    lost: set[object] = field(default_factory=set)
    twice: set[object] = field(default_factory=set)
    broken: list[str] = field(default_factory=list)

    def promise(self, highest: Mapping[str, int]) -> None:
        """An `append` has returned."""
        self.highest |= highest

    def send(self, payloads: Iterable[bytes | None]) -> None:
        """These are in the collector's store, and its answer is on the way."""
        sent = read(payload for payload in payloads if payload is not None)
        self._hear(sent)
        self.confirming |= sent.keys()

    def deleted(self) -> None:
        """What was acknowledged is deleted, and stays so."""
        self.confirmed |= self.confirming
        self.confirming.clear()

    def look(self, connection: Any) -> None:
        """Compare with what the file holds now."""
        waiting = read(payload for (payload,) in connection.execute("SELECT payload FROM messages").fetchall())
        given = dict(connection.execute("SELECT stream, next_seq - 1 FROM streams").fetchall())
        self._hear(waiting)
        self.twice |= waiting.keys() & self.confirmed
        notes = [note(body) for body in waiting.values()]
        self.twice |= {said for said in notes if notes.count(said) > 1} if len(set(notes)) < len(notes) else set()
        self.lost |= self.moving - set(notes)
        self.moving.clear()
        kept = waiting.keys() | self.confirmed | self.confirming | self.named
        for stream in given.keys() | self.highest.keys():
            last = max(given.get(stream, 0), self.highest.get(stream, 0))
            self.lost |= {(stream, seq) for seq in range(1, last + 1)} - kept
        self.highest = given
        self.confirmed |= self.confirming - waiting.keys()
        self.confirming.clear()

    def _hear(self, messages: Waiting) -> None:
        for key, body in messages.items():
            said = note(body)
            before = self.meaning.setdefault(key, said)
            if before != said:
                self.broken.append(f"{key[0]}/{key[1]} stood for {before} and stands for {said} now")
            if isinstance(body, LostData):
                self.named |= {(body.stream, seq) for seq in range(body.first, body.last + 1)}


def read(payloads: Iterable[bytes]) -> Waiting:
    found: dict[Key, Any] = {}
    for payload in payloads:
        event = msgspec.json.decode(payload, type=CloudEvent)
        if key := parse_message_id(event.id):
            found[key] = decode_body(event.data)
    return found


def note(body: Any) -> str:
    """What a message of the drill is known by. A notice goes by where it begins: until it is sent it may grow."""
    match body:
        case LostData(stream=stream, first=first, reason=reason):
            return f"{reason} {stream}/{first}"
        case IncidentData(incident=incident):
            return incident
        case _:
            return str(body.run)


def unnamed(waiting: Waiting, given: Mapping[str, int]) -> int:
    """How many of the numbers that were `given` out, per stream, are neither there nor named."""
    named: set[Key] = set()
    for body in waiting.values():
        if isinstance(body, LostData):
            named |= {(body.stream, seq) for seq in range(body.first, body.last + 1)}
    return len({(stream, seq) for stream, last in given.items() for seq in range(1, last + 1)} - named - waiting.keys())
