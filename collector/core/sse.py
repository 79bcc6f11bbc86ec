"""Server-sent events (WHATWG HTML, 9.2) without a socket: render an event to bytes, parse bytes to events."""

from dataclasses import dataclass

KEEP_ALIVE = b": still here\n\n"
RESET = b"event: reset\ndata: {}\n\n"  # without an id: a place is that of an alert


@dataclass(frozen=True, slots=True)
class ServerEvent:
    id: str
    name: str
    data: str


def render(seq: int, name: str, data: bytes) -> bytes:
    """`data` is JSON on one line."""
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (seq, name.encode(), data)


def retry(milliseconds: int) -> bytes:
    return b"retry: %d\n\n" % milliseconds


class Parser:
    """Give it lines as they come; it answers with an event when one is complete."""

    def __init__(self) -> None:
        self._id = ""
        self._name = ""
        self._data: list[str] = []

    def line(self, line: str) -> ServerEvent | None:
        line = line.rstrip("\r\n")
        if not line:
            event = ServerEvent(self._id, self._name or "message", "\n".join(self._data)) if self._data else None
            self._name, self._data = "", []
            return event
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        match field:
            case "id":
                self._id = value
            case "event":
                self._name = value
            case "data":
                self._data.append(value)
        return None
