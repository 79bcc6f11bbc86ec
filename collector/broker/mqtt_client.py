"""paho's client, with the path that every event takes at a fraction of the cost.

paho asks the socket for single bytes, gives way to other threads at each, unpacks properties by their names, and wakes its loop
for every acknowledgement. Here bytes are read in bulk, PUBLISH packets are taken apart as MQTT 5 says (3.3), and what is to be
answered is gathered and goes out together. Everything else is paho's.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator

import paho.mqtt.client as mqtt
from msgspec import Struct
from paho.mqtt import MQTTException
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes

READ_BYTES = 64 * 1024
UNDER_WAY = 400  # messages of ours that the broker has not confirmed
FIRST_ID, LAST_ID = 0x8000, 0xFFFF  # of these; paho counts its own from 1
_PUBLISH, _PUBACK = PacketTypes.PUBLISH << 4, PacketTypes.PUBACK << 4


class Message(Struct, frozen=True, gc=False):
    """What a subscriber gets; `topic` is "(not UTF-8)" where it is none."""

    topic: str
    payload: bytes
    mid: int
    qos: int


class Client(mqtt.Client):
    """`take` gets every message, in the loop's thread. `confirm` and `tell` only gather, `flush` sends: from any thread."""

    def __init__(self, client_id: str, take: "Callable[[Client, Message], None]") -> None:
        super().__init__(
            CallbackAPIVersion.VERSION2,
            client_id=client_id,
            protocol=mqtt.MQTTv5,
            manual_ack=True,
            reconnect_on_failure=False,
        )
        self.under_way = UNDER_WAY
        self._take_message = take
        self._held = bytearray()
        self._gathering = threading.Lock()
        self._confirmations = bytearray()
        self._untold: deque[tuple[bytes, bytes]] = deque()
        self._unconfirmed: set[int] = set()
        self._last_id = LAST_ID

    def confirm(self, mids: Iterable[int]) -> None:
        """Messages of QoS 1 are done with."""
        packets = b"".join([b"\x40\x02" + mid.to_bytes(2, "big") for mid in mids])
        with self._gathering:
            self._confirmations += packets

    def tell(self, topic: str, payload: bytes) -> bool:
        """Publish with QoS 1, in order and not again; False when there is no connection."""
        with self._gathering:
            self._untold.append((topic.encode(), payload))
        return self._sock is not None

    def flush(self) -> None:
        with self._gathering:
            gathered, self._confirmations = self._confirmations, bytearray()
            while self._untold and len(self._unconfirmed) < self.under_way:
                gathered += self._publication(*self._untold.popleft())
        if gathered and self._sock is not None:
            self._packet_queue(_PUBACK, bytes(gathered), 0, 0)

    def loop_read(self, max_packets: int = 1) -> MQTTErrorCode:
        try:
            data = self._sock_recv(READ_BYTES)
        except BlockingIOError:
            return MQTTErrorCode.MQTT_ERR_SUCCESS
        except OSError:
            data = b""
        if not data:
            return self._loop_rc_handle(MQTTErrorCode.MQTT_ERR_CONN_LOST)
        with self._msgtime_mutex:
            self._last_bytes_received = time.monotonic()
        self._held += data
        for command, body in self._packets():
            code = self._take(command, body)
            if code != MQTTErrorCode.MQTT_ERR_SUCCESS:
                return self._loop_rc_handle(code)
        if self._untold:
            self.flush()  # there may be room now
        return MQTTErrorCode.MQTT_ERR_SUCCESS

    def _packets(self) -> Iterator[tuple[int, bytes]]:
        """Those that are complete, as first byte and body; what is left stays for the next read."""
        held, start = bytes(self._held), 0
        while (found := _variable(held, start + 1)) and found[1] + found[0] <= len(held):
            length, at = found
            yield held[start], held[at : at + length]
            start = at + length
        del self._held[:start]

    def _take(self, command: int, body: bytes) -> MQTTErrorCode:
        kind = command & 0xF0
        if kind == _PUBLISH:
            self._take_message(self, _message(command, body))
            return MQTTErrorCode.MQTT_ERR_SUCCESS
        if kind == _PUBACK and (mid := int.from_bytes(body[:2], "big")) >= FIRST_ID:
            with self._gathering:
                self._unconfirmed.discard(mid)
            return MQTTErrorCode.MQTT_ERR_SUCCESS
        return self._leave_to_paho(command, body)

    def _leave_to_paho(self, command: int, body: bytes) -> MQTTErrorCode:
        self._in_packet |= {"command": command, "remaining_length": len(body), "packet": bytearray(body), "pos": 0}
        try:
            return self._packet_handle()
        except MQTTException:
            return MQTTErrorCode.MQTT_ERR_PROTOCOL

    def _publication(self, topic: bytes, payload: bytes) -> bytes:
        self._last_id = self._last_id + 1 if self._last_id < LAST_ID else FIRST_ID
        self._unconfirmed.add(self._last_id)
        body = b"".join((len(topic).to_bytes(2, "big"), topic, self._last_id.to_bytes(2, "big"), b"\0", payload))
        return b"\x32" + _length(len(body)) + body


def _message(command: int, body: bytes) -> Message:
    """Raises ValueError for what is no PUBLISH."""
    at = 2 + int.from_bytes(body[:2], "big")
    name, qos = body[2:at], command >> 1 & 3
    mid = int.from_bytes(body[at : at + 2], "big") if qos else 0
    properties = _variable(body, at + 2 if qos else at)
    if properties is None or sum(properties) > len(body):
        raise ValueError("the broker sent a PUBLISH that ends too early")
    try:
        topic = name.decode()
    except UnicodeDecodeError:
        topic = "(not UTF-8)"
    return Message(topic, body[sum(properties) :], mid, qos)


def _variable(data: bytes, at: int) -> tuple[int, int] | None:
    """A variable byte integer (1.5.5) and where it ends; None when it is cut off."""
    if at < len(data) and data[at] < 0x80:
        return data[at], at + 1
    number = 0
    for place, byte in enumerate(data[at : at + 4]):
        number |= (byte & 0x7F) << 7 * place
        if byte < 0x80:
            return number, at + place + 1
    if len(data) >= at + 4:
        raise ValueError("the broker sent a length of more than four bytes")
    return None


def _length(number: int) -> bytes:
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)
