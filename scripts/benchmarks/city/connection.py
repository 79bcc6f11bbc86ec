"""A connection to a broker with as little as possible around it, so that the benchmark's own parts cost little."""

import select
import socket
from collections.abc import Iterator

from scripts.swarms import packets

READ_BYTES = 1 << 18


class Connection:
    """Blocking to connect, non-blocking from then on. What is said goes out with the next `turn`."""

    def __init__(self, port: int, client_id: str, topics: tuple[str, ...]) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._reader = packets.Reader()
        self._out = bytearray(packets.connect(client_id, 3600))
        self._out += packets.subscribe(1, topics) if topics else b""
        self._socket.setblocking(False)

    def say(self, packet: bytes) -> None:
        self._out += packet

    def turn(self, patience_s: float) -> Iterator[packets.Packet]:
        """Send what waits, and give what has come; messages of QoS 1 are confirmed with the next turn."""
        readable, writable, _ = select.select([self._socket], [self._socket] if self._out else [], [], patience_s)
        if writable:
            try:
                del self._out[: self._socket.send(self._out)]
            except BlockingIOError:
                pass
        if not readable:
            return
        data = self._socket.recv(READ_BYTES)
        if not data:
            raise ConnectionError("the broker has hung up")
        for packet in self._reader.feed(data):
            if isinstance(packet, packets.Publish) and packet.mid is not None:
                self._out += packets.puback(packet.mid)
            yield packet
