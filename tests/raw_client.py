"""A client that waits for its answers, for tests of what a broker lets through: one TLS connection, MQTT 5 packet by packet."""

import socket
import ssl
from collections import deque
from collections.abc import Sequence
from contextlib import suppress

from scripts.swarms import packets

PATIENCE_S = 20.0
AT_ONCE = 100  # publishes under way


class Refused(Exception):
    """The broker does not take this client."""


class RawClient:
    """Connected when it is made. `received` holds what was published to it, in order."""

    def __init__(
        self, port: int, context: ssl.SSLContext, client_id: str, will: packets.Will | None = None, username: str | None = None
    ) -> None:
        """Raises Refused."""
        self.received: deque[packets.Publish] = deque()
        self._reader = packets.Reader()
        self._answers: deque[packets.Packet] = deque()
        plain = socket.create_connection(("127.0.0.1", port), PATIENCE_S)
        try:
            self._socket = context.wrap_socket(plain, server_hostname="127.0.0.1")
            self._socket.sendall(packets.connect(client_id, 60, will, username))
            answer = self._answer()
        except OSError as error:
            plain.close()
            raise Refused(str(error)) from error
        if not isinstance(answer, packets.Connack) or answer.reason:
            self.cut()
            raise Refused(str(answer))

    def publish(self, topics: Sequence[str], retain: bool = False, payload: bytes = b"x") -> dict[str, int]:
        """Topic -> reason of the PUBACK."""
        reasons = {}
        for start in range(0, len(topics), AT_ONCE):
            some = dict(enumerate(topics[start : start + AT_ONCE], start=1))
            sent = [packets.publish(topic, payload, mid, retain=retain) for mid, topic in some.items()]
            self._socket.sendall(b"".join(sent))
            while some:
                answer = self._answer()
                assert isinstance(answer, packets.Puback), answer
                reasons[some.pop(answer.mid)] = answer.reason
        return reasons

    def subscribe(self, *filters: str) -> tuple[int, ...]:
        self._socket.sendall(packets.subscribe(1, filters))
        answer = self._answer()
        assert isinstance(answer, packets.Suback), answer
        return answer.reasons

    def take_until(self, topic: str) -> list[packets.Publish]:
        """What has come up to a message on `topic`, that one left out."""
        taken: list[packets.Publish] = []
        while True:
            while not self.received:
                self._read()
            if (one := self.received.popleft()).topic == topic:
                return taken
            taken.append(one)

    def cut(self) -> None:
        """Gone without a word: the broker gives out the will."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def close(self) -> None:
        with suppress(OSError):
            self._socket.sendall(packets.disconnect())
        self._socket.close()

    def _answer(self) -> packets.Packet:
        """The next packet that is no publish."""
        while not self._answers:
            self._read()
        return self._answers.popleft()

    def _read(self) -> None:
        """What is published is put aside and acknowledged."""
        data = self._socket.recv(65536)
        if not data:
            raise ConnectionError("the broker hangs up")
        for packet in self._reader.feed(data):
            if not isinstance(packet, packets.Publish):
                self._answers.append(packet)
                continue
            self.received.append(packet)
            if packet.mid is not None:
                self._socket.sendall(packets.puback(packet.mid))
