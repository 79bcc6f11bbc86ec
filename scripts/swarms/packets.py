"""As much of MQTT 5 as a device needs, sans-IO: packets to bytes, bytes to packets. Clauses are those of the OASIS standard."""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

CONNECT, CONNACK, PUBLISH, PUBACK, SUBSCRIBE, SUBACK, PINGREQ, PINGRESP, DISCONNECT = 1, 2, 3, 4, 8, 9, 12, 13, 14
SESSION_EXPIRY, CONTENT_TYPE, SERVER_KEEP_ALIVE, RECEIVE_MAXIMUM, MAXIMUM_PACKET_SIZE = 0x11, 0x03, 0x13, 0x21, 0x27
WHERE_NONE_IS_NAMED = 65535  # 3.2.2.3.3, receive maximum
FAILURE = 0x80

# 2.2.2.2: what follows a property's identifier
_BYTES = {1: 1, 2: 4, 17: 4, 19: 2, 23: 1, 24: 4, 25: 1, 33: 2, 34: 2, 35: 2, 36: 1, 37: 1, 39: 4, 40: 1, 41: 1, 42: 1}
_TEXTS = {3: 1, 8: 1, 9: 1, 18: 1, 21: 1, 22: 1, 26: 1, 28: 1, 31: 1, 38: 2}
_SUBSCRIPTION_IDENTIFIER = 11


class Malformed(ValueError):
    """These bytes are no MQTT 5."""


@dataclass(frozen=True, slots=True)
class Connack:
    reason: int
    receive_maximum: int = WHERE_NONE_IS_NAMED
    keep_alive_s: int | None = None


@dataclass(frozen=True, slots=True)
class Publish:
    """`mid` is None for QoS 0."""

    topic: str
    payload: bytes
    mid: int | None
    retained: bool


@dataclass(frozen=True, slots=True)
class Puback:
    mid: int
    reason: int


@dataclass(frozen=True, slots=True)
class Suback:
    mid: int
    reasons: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Pingresp:
    pass


@dataclass(frozen=True, slots=True)
class Disconnect:
    reason: int


Packet = Connack | Publish | Puback | Suback | Pingresp | Disconnect


@dataclass(frozen=True, slots=True)
class Will:
    """QoS 1, retained."""

    topic: str
    payload: bytes


def connect(client_id: str, keep_alive_s: int, will: Will | None = None, username: str | None = None) -> bytes:
    """Clean start, session expiry 0: nothing of the broker's memory is relied on."""
    flags = 0b10 | (0b0010_1100 if will else 0) | (0b1000_0000 if username is not None else 0)
    head = _text("MQTT") + struct.pack("!BBH", 5, flags, keep_alive_s) + _properties(struct.pack("!BI", SESSION_EXPIRY, 0))
    last_words = b"" if will is None else _properties() + _text(will.topic) + _binary(will.payload)
    return _packet(CONNECT, 0, head + _text(client_id) + last_words + (b"" if username is None else _text(username)))


def publish(topic: str, payload: bytes, mid: int, *, retain: bool = False, content_type: str | None = None) -> bytes:
    """QoS 1."""
    properties = b"" if content_type is None else bytes([CONTENT_TYPE]) + _text(content_type)
    return _packet(PUBLISH, 0b10 | retain, _text(topic) + struct.pack("!H", mid) + _properties(properties) + payload)


def puback(mid: int) -> bytes:
    return _packet(PUBACK, 0, struct.pack("!H", mid))


def subscribe(mid: int, filters: Sequence[str]) -> bytes:
    """QoS 1 for each."""
    asked = b"".join(_text(one) + b"\x01" for one in filters)
    return _packet(SUBSCRIBE, 0b10, struct.pack("!H", mid) + _properties() + asked)


def pingreq() -> bytes:
    return _packet(PINGREQ, 0, b"")


def disconnect() -> bytes:
    """Normal: the broker drops the will."""
    return _packet(DISCONNECT, 0, b"")


class Reader:
    """Takes bytes as they come and gives out the packets that are complete."""

    def __init__(self) -> None:
        self._held = bytearray()

    def feed(self, data: bytes) -> Iterator[Packet]:
        """Raises Malformed; the connection is then to be closed."""
        self._held += data
        while (found := _length(self._held)) is not None:
            start, length = found
            if len(self._held) < start + length:
                return
            kind, body = self._held[0], bytes(self._held[start : start + length])
            del self._held[: start + length]
            try:
                yield _parse(kind, body)
            except (IndexError, struct.error, UnicodeDecodeError) as error:
                raise Malformed(f"packet of type {kind >> 4} with {length} bytes: {error}") from error


def _parse(kind: int, body: bytes) -> Packet:
    match kind >> 4:
        case 2:
            told = _read_properties(body, 2)[0]
            maximum = told.get(RECEIVE_MAXIMUM, WHERE_NONE_IS_NAMED)
            return Connack(body[1], maximum, told.get(SERVER_KEEP_ALIVE))
        case 3:
            return _parse_publish(kind, body)
        case 4:
            return Puback(_mid(body, 0), body[2] if len(body) > 2 else 0)
        case 9:
            return Suback(_mid(body, 0), tuple(body[_read_properties(body, 2)[1] :]))
        case 13:
            return Pingresp()
        case 14:
            return Disconnect(body[0] if body else 0)
    raise Malformed(f"packet of type {kind >> 4}: none that a broker sends to such a client")


def _parse_publish(kind: int, body: bytes) -> Publish:
    size = _mid(body, 0)
    topic, at = body[2 : 2 + size].decode(), 2 + size
    mid = _mid(body, at) if kind & 0b110 else None
    _, start = _read_properties(body, at if mid is None else at + 2)
    return Publish(topic, body[start:], mid, bool(kind & 1))


def _read_properties(body: bytes, at: int) -> tuple[dict[int, int], int]:
    """The numbers among the properties, and where what follows begins."""
    found = _variable(body, at)
    if found is None:
        raise IndexError("ends before its properties")
    at, length = found
    end, told = at + length, {}
    while at < end:
        name, at = body[at], at + 1
        if size := _BYTES.get(name):
            told[name] = int.from_bytes(body[at : at + size], "big")
            at += size
        elif name == _SUBSCRIPTION_IDENTIFIER:
            at = (_variable(body, at) or (end, 0))[0]
        elif name in _TEXTS:
            for _ in range(_TEXTS[name]):
                at += 2 + _mid(body, at)
        else:
            raise Malformed(f"property {name:#x}: is none of MQTT 5")
    return told, end


def _packet(kind: int, flags: int, body: bytes) -> bytes:
    return bytes([kind << 4 | flags]) + _size(len(body)) + body


def _properties(encoded: bytes = b"") -> bytes:
    return _size(len(encoded)) + encoded


def _text(text: str) -> bytes:
    return _binary(text.encode())


def _binary(data: bytes) -> bytes:
    return struct.pack("!H", len(data)) + data


def _mid(body: bytes, at: int) -> int:
    number: int = struct.unpack_from("!H", body, at)[0]
    return number


def _size(number: int) -> bytes:
    """1.5.5: seven bits a byte, the lowest first."""
    encoded = bytearray()
    while number > 127:
        encoded.append(number & 127 | 128)
        number >>= 7
    return bytes([*encoded, number])


def _length(held: bytes | bytearray) -> tuple[int, int] | None:
    """Where the first packet's body begins, and how long it is; None while its head is not complete."""
    return _variable(held, 1)


def _variable(data: bytes | bytearray, at: int) -> tuple[int, int] | None:
    number = 0
    for place in range(4):
        if at + place >= len(data):
            return None
        number |= (data[at + place] & 127) << 7 * place
        if data[at + place] < 128:
            return at + place + 1, number
    raise Malformed("a length of more than four bytes")
