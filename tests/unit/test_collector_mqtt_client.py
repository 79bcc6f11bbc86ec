"""The collector's MQTT client: packets whole however they are cut, answers gathered, never more under way than agreed."""

import itertools
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt.enums import MQTTErrorCode

from collector.broker.mqtt_client import FIRST_ID, Client, Message
from scripts.swarms import packets

MESSAGES = [
    packets.publish("roadside/v1/a/event/incident", b"x" * 300, 7, content_type="application/json"),
    packets.publish("roadside/v1/b/status", b"", 65_535),
    b"\x30\x05\x00\x01t\x00!",  # QoS 0
    b"\x32\x07\x00\x01\xff\x00\x09\x00?",  # a topic that is not UTF-8
]
WHOLE = [
    Message("roadside/v1/a/event/incident", b"x" * 300, 7, 1),
    Message("roadside/v1/b/status", b"", 65_535, 1),
    Message("t", b"!", 0, 0),
    Message("(not UTF-8)", b"?", 9, 1),
]


class Wired(Client):
    """A client whose socket is two lists: pieces to read, and what was sent."""

    def __init__(self) -> None:
        self.taken: list[Message] = []
        super().__init__("c", lambda _client, message: self.taken.append(message))
        self.pieces: list[bytes] = []
        self.sent = b""
        self._sock = socket.socket()

    def _sock_recv(self, bufsize: int) -> bytes:
        return self.pieces.pop(0)

    def _packet_queue(self, command: int, packet: bytes | bytearray, *_: object, **__: object) -> MQTTErrorCode:
        self.sent += packet
        return MQTTErrorCode.MQTT_ERR_SUCCESS


@given(st.lists(st.integers(1, 370), max_size=8))
def test_messages_are_whole_wherever_the_bytes_are_cut(cuts: list[int]) -> None:
    client, stream = Wired(), b"".join(MESSAGES)
    places = [0, *sorted({cut for cut in cuts if cut < len(stream)}), len(stream)]
    client.pieces = [stream[first:last] for first, last in itertools.pairwise(places)]
    while client.pieces:
        assert client.loop_read() == MQTTErrorCode.MQTT_ERR_SUCCESS
    assert client.taken == WHOLE


@pytest.mark.parametrize("broken", [b"\x32\xff\xff\xff\xff\x01", b"\x32\x03\x00\x09t", b"\x32\x05\x00\x01t\x00\x01"])
def test_what_no_broker_says_is_an_error(broken: bytes) -> None:
    client = Wired()
    client.pieces = [broken]
    with pytest.raises(ValueError, match="the broker sent"):
        client.loop_read()


def test_answers_go_out_together_and_wait_for_room() -> None:
    client = Wired()
    client.under_way = 2
    client.confirm((5, 300))
    assert all(client.tell(f"t/{n}", bytes([n])) for n in range(3))
    assert client.sent == b""
    client.flush()
    first, second, third = (packets.publish(f"t/{n}", bytes([n]), FIRST_ID + n) for n in range(3))
    assert client.sent == packets.puback(5) + packets.puback(300) + first + second
    client.flush()
    client.pieces = [packets.puback(FIRST_ID + 1)]
    client.loop_read()
    assert client.sent.endswith(first + second + third)
