"""The connections of many devices in one thread: non-blocking sockets, one selector. What happens goes to each device's `put`.

A `Wire` stands where the agent has a `Link` with a thread and a paho client of its own.
"""

import errno
import selectors
import socket
import time
from contextlib import suppress

from edge_agent.config import BrokerConfig
from edge_agent.sinks.link import Connected, Ended, Puback, PutInput, Received
from event_contract import topics
from event_contract.messages import CONTENT_TYPE
from scripts.swarms import packets

CONNECT_TIMEOUT_S = 10.0
HOUSEKEEPING_S = 1.0
FIRST_MID, LAST_MID = 2, 65535  # 1 is the subscription's
READ_BYTES = 65536


class Wire:
    """One MQTT connection, used once. `silenced`: nothing goes through any more, and nobody is told."""

    def __init__(self, wires: "Wires", broker: BrokerConfig, device: str, epoch: int, will: bytes, put: PutInput) -> None:
        self.alive, self.silenced = True, False
        self.device = device
        self._wires, self._put, self._epoch = wires, put, epoch
        self._keep_alive_s = broker.keepalive_s
        self._will = packets.Will(topics.status(device), will)
        self._reader = packets.Reader()
        self._out = bytearray()
        self._mid = LAST_MID
        self._accepted = False
        self._heard_at_s = self._said_at_s = time.monotonic()
        self.socket = socket.socket()
        self.socket.setblocking(False)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        reachable = device not in wires.unreachable
        code = self.socket.connect_ex((broker.host, broker.port)) if reachable else errno.ENETUNREACH
        if code not in (0, errno.EINPROGRESS):
            self.end(f"no connection: {errno.errorcode.get(code, code)}")
            return
        self._say(packets.connect(device, broker.keepalive_s, self._will))
        wires.watch(self, writing=True)

    def publish_event(self, topic: str, payload: bytes) -> int:
        return self._publish(topic, payload, content_type=CONTENT_TYPE)

    def publish_status(self, payload: bytes) -> int:
        return self._publish(topics.status(self.device), payload, retain=True)

    def give_up(self, reason: str) -> None:
        self._say(packets.disconnect())
        self.flush()
        self.end(reason)

    def wait(self, timeout_s: float) -> None:
        """Nothing to wait for: it ends at once."""

    def end(self, reason: str) -> None:
        """Without a farewell. Says so once."""
        if self.alive:
            self.alive = False
            self._wires.forget(self)
            self.socket.close()
            self._put(Ended(self._epoch, reason))

    def ready(self, events: int) -> None:
        """The selector says that something can be read or written."""
        try:
            if events & selectors.EVENT_WRITE:
                self.flush()
            if self.alive and events & selectors.EVENT_READ:
                self._read()
        except (OSError, packets.Malformed) as error:
            self.end(str(error))

    def flush(self) -> None:
        with suppress(BlockingIOError):
            if self._out and self.alive and not self.silenced:
                del self._out[: self.socket.send(self._out)]
        if self.alive and not self.silenced:
            self._wires.watch(self, writing=bool(self._out))

    def look_after(self, now_s: float) -> None:
        """Keep alive, and notice that nothing comes any more."""
        patience_s = self._keep_alive_s * 1.5 if self._accepted else CONNECT_TIMEOUT_S
        if now_s - self._heard_at_s > patience_s:
            self.end("no answer")
        elif self._accepted and now_s - min(self._heard_at_s, self._said_at_s) >= self._keep_alive_s - HOUSEKEEPING_S:
            self._say(packets.pingreq())

    def _publish(self, topic: str, payload: bytes, *, retain: bool = False, content_type: str | None = None) -> int:
        self._mid = self._mid + 1 if self._mid < LAST_MID else FIRST_MID
        self._say(packets.publish(topic, payload, self._mid, retain=retain, content_type=content_type))
        return self._mid

    def _say(self, packet: bytes) -> None:
        """It goes out with what else this turn has to say."""
        self._out += packet
        self._said_at_s = time.monotonic()
        self._wires.speaking.add(self)

    def _read(self) -> None:
        data = self.socket.recv(READ_BYTES)
        if not data:
            raise ConnectionError("connection lost")
        self._heard_at_s = time.monotonic()
        for packet in self._reader.feed(data):
            self._take(packet)

    def _take(self, packet: packets.Packet) -> None:
        match packet:
            case packets.Connack(reason=0, receive_maximum=maximum, keep_alive_s=keep_alive_s):
                self._accepted, self._keep_alive_s = True, keep_alive_s or self._keep_alive_s
                self._put(Connected(self._epoch, maximum))
                self._say(packets.subscribe(1, (topics.ack(self.device), topics.COLLECTORS_STATUS)))
            case packets.Publish(topic, payload, mid, _):
                self._put(Received(self._epoch, topic, payload))
                if mid is not None:
                    self._say(packets.puback(mid))
            case packets.Puback(mid, reason):
                self._put(Puback(self._epoch, mid, reason, f"{reason:#x}"))
            case packets.Suback(_, reasons) if max(reasons) < packets.FAILURE:
                pass
            case packets.Pingresp():
                pass
            case _:
                raise ConnectionError(f"broker refuses: {packet}")


class Wires:
    """All connections of this process. Devices in `unreachable` have no network: what they open fails."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._watched: dict[Wire, int] = {}
        self._looked_after_s = 0.0
        self.speaking: set[Wire] = set()
        self.unreachable: set[str] = set()

    def open(self, broker: BrokerConfig, device: str, epoch: int, will: bytes, put: PutInput) -> Wire:
        return Wire(self, broker, device, epoch, will, put)

    def take_network(self, device: str, *, silently: bool) -> None:
        """`silently`: packets vanish, and both ends go on waiting; else the connection breaks."""
        self.unreachable.add(device)
        for wire in [wire for wire in self._watched if wire.device == device]:
            if not silently:
                wire.end("network lost")
            elif not wire.silenced:
                wire.silenced = True
                self._selector.unregister(wire.socket)
                self._watched[wire] = 0

    def give_network(self, device: str) -> None:
        """A connection whose packets vanished stays dead: its broker has given it up, or will."""
        self.unreachable.discard(device)

    def turn(self, timeout_s: float) -> None:
        """Send what is to be said, wait for what comes, at most so long, and hand it out."""
        self._speak()
        for key, events in self._selector.select(max(0.0, timeout_s)):
            key.data.ready(events)
        now_s = time.monotonic()
        if now_s - self._looked_after_s >= HOUSEKEEPING_S:
            self._looked_after_s = now_s
            for wire in list(self._watched):
                wire.look_after(now_s)
        self._speak()

    def watch(self, wire: Wire, *, writing: bool) -> None:
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if writing else 0)
        known = self._watched.get(wire)
        if known is None:
            self._selector.register(wire.socket, events, wire)
        elif known != events:
            self._selector.modify(wire.socket, events, wire)
        self._watched[wire] = events

    def forget(self, wire: Wire) -> None:
        self.speaking.discard(wire)
        if self._watched.pop(wire, 0):
            self._selector.unregister(wire.socket)

    def _speak(self) -> None:
        speaking, self.speaking = self.speaking, set()
        for wire in speaking:
            wire.ready(selectors.EVENT_WRITE)
