"""The swarm's MQTT 5: bytes as the standard has them, in any portions, and nothing but Malformed for what is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.swarms.packets import (
    Connack,
    Disconnect,
    Malformed,
    Pingresp,
    Puback,
    Publish,
    Reader,
    Suback,
    Will,
    connect,
    disconnect,
    pingreq,
    puback,
    publish,
    subscribe,
)  # fmt: skip

SPOKEN = bytes.fromhex(
    "20 0b 00 00 08 21 0014 13 003c 24 01"  # CONNACK: receive maximum 20, keep alive 60, maximum QoS 1
    "90 05 0001 00 01 87"  # SUBACK: granted, refused
    "40 02 0007  40 03 0008 87  40 04 0009 10 00"  # PUBACK: short; refused; with a reason and no properties
    "32 0f 0003 612f62 000a 05 0b 8001 01 01 6869"  # PUBLISH, QoS 1: subscription identifier 128, payload format 1
    "31 0d 0001 61 07 26 0001 6b 0001 76 2d2d"  # PUBLISH, QoS 0, retained, with a user property
    "d0 00  e0 01 8e  e0 00"  # PINGRESP, DISCONNECT: taken over; normal
)
PACKETS = [
    Connack(0, 20, 60), Suback(1, (1, 0x87)), Puback(7, 0), Puback(8, 0x87), Puback(9, 0x10), Publish("a/b", b"hi", 10, False),
    Publish("a", b"--", None, True), Pingresp(), Disconnect(0x8E), Disconnect(0),
]  # fmt: skip


@pytest.mark.parametrize("portion", [1, 3, 1000])
def test_packets_come_out_however_the_bytes_come_in(portion: int) -> None:
    reader = Reader()
    assert [packet for at in range(0, len(SPOKEN), portion) for packet in reader.feed(SPOKEN[at : at + portion])] == PACKETS


@given(st.binary(max_size=60), st.integers(0, len(SPOKEN)))
def test_what_is_no_mqtt_is_malformed(noise: bytes, at: int) -> None:
    try:
        list(Reader().feed(SPOKEN[:at] + noise + SPOKEN[at:]))
    except Malformed:
        pass


def test_a_length_without_end_is_malformed_at_once() -> None:
    with pytest.raises(Malformed):
        list(Reader().feed(b"\x30\xff\xff\xff\xff"))


def test_what_is_said_is_as_the_standard_has_it() -> None:
    assert connect("kerb-1", 15).hex(" ") == "10 18 00 04 4d 51 54 54 05 02 00 0f 05 11 00 00 00 00 00 06 6b 65 72 62 2d 31"
    assert connect("k", 15, Will("s", b"w"))[9:10] == b"\x2e"  # user name no, will retained with QoS 1, clean start
    assert publish("a/b", b"hi", 10).hex(" ") == "32 0a 00 03 61 2f 62 00 0a 00 68 69"
    assert publish("a", b"", 1, retain=True)[:1] == b"\x33"
    assert publish("a", b"x" * 200, 1)[1:3] == b"\xce\x01"  # 206 in two bytes
    assert subscribe(1, ["a", "b"]).hex(" ") == "82 0b 00 01 00 00 01 61 01 00 01 62 01"
    assert (puback(7) + pingreq() + disconnect()).hex(" ") == "40 02 00 07 c0 00 e0 00"
