"""One connection to the broker at a time: MQTT 5, manual acknowledgement, our own thread around paho's loop.

Each connection has a paho client of its own, so nothing of an older one (message ids, acknowledgements, queues) can leak
into a newer. An exception anywhere in paho's loop, our callbacks included, ends the connection and is counted: paho's own
thread would die in silence and go on saying that it is connected.
"""

import random
import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from collector.broker import paho_loop
from collector.broker.identity import identify
from collector.broker.mqtt_client import UNDER_WAY, Client, Message
from collector.config.broker import Broker
from event_contract import topics
from event_contract.messages import MAX_MESSAGE_BYTES, encode
from event_contract.presence import CollectorStatus

RECEIVE_MAXIMUM = 2000  # what is under way while one batch is committed is the next one
MAX_PACKET_BYTES = 4 * MAX_MESSAGE_BYTES  # up to here a message too large is read, and becomes a dead letter
KEEPALIVE_S = 15
FIRST_WAIT_S, LONGEST_WAIT_S = 0.25, 10.0

OnMessage = Callable[[Client, Message], None]


@dataclass(frozen=True, slots=True)
class LinkState:
    """What a person may ask of the link. `reason` says why it is down; `refused`: one of the two sides said no."""

    connected: bool = False
    reason: str = "not connected yet"
    refused: bool = False
    connections: int = 0
    crashes: int = 0


class BrokerLink:
    """Connects, subscribes, says online, and starts again when the connection ends, until `stop`.

    `on_failure` is called when its thread dies all the same: no event arrives without it. `also`: further topics to hear.
    """

    def __init__(
        self,
        broker: Broker,
        instance: str,
        on_message: OnMessage,
        on_change: Callable[[LinkState], None],
        on_failure: Callable[[str], None],
        also: tuple[str, ...] = (),
    ) -> None:
        self._broker = broker
        self._also = also
        self._topic = topics.collector_status(instance)
        self._online = encode(CollectorStatus(online=True, instance=instance))
        self._offline = encode(CollectorStatus(online=False, instance=instance))
        self._client_id = f"collector-{instance}"
        self._on_message = on_message
        self._on_change = on_change
        self._on_failure = on_failure
        self._stopping = threading.Event()
        self._client: Client | None = None
        self._refusal: str | None = None
        self._thread = threading.Thread(target=self._run, name="broker link", daemon=True)
        self.state = LinkState()

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Say offline, disconnect and wait for the thread."""
        self._stopping.set()
        client = self._client
        if client is not None and self.state.connected:
            farewell = client.publish(self._topic, self._offline, qos=1, retain=True)
            with suppress(RuntimeError, ValueError):  # the connection ended by itself: the broker gives out the will
                farewell.wait_for_publish(2)
            client.disconnect()
        self._thread.join(10)

    def tell(self, topic: str, payload: bytes) -> bool:
        """Publish with QoS 1, once, from any thread; False while there is no connection."""
        client = self._client
        if client is None or not self.state.connected:
            return False
        told = client.tell(topic, payload)
        client.flush()
        return told

    def _run(self) -> None:
        try:
            self._keep_connected()
        except Exception as error:  # noqa: BLE001 - the thread's boundary: the process ends, and is started again
            self._on_failure(f"broker link: {type(error).__name__}: {error}")

    def _keep_connected(self) -> None:
        wait_s = FIRST_WAIT_S
        while not self._stopping.is_set():
            self._client = client = self._new_client()
            self._refusal = None
            try:
                self._connect(client)
                code = paho_loop.run(client)
                reason = mqtt.error_string(code) if self.state.connected else _turned_away(self._broker)
            except ssl.SSLError as error:
                reason = f"TLS: {error.verify_message}" if isinstance(error, ssl.SSLCertVerificationError) else f"TLS: {error}"
                if not isinstance(error, ssl.SSLEOFError):  # that is a broker that goes down
                    self._refusal = f"{reason}; check broker.tls"
            except (OSError, ValueError) as error:
                reason = f"{error}" or type(error).__name__
            except Exception as error:  # noqa: BLE001 - the thread's boundary: counted, and the connection starts anew
                self.state = replace(self.state, crashes=self.state.crashes + 1)
                reason = f"internal error: {type(error).__name__}: {error}"
            finally:
                _close(client)
            wait_s = FIRST_WAIT_S if self.state.connected else min(wait_s * 2, LONGEST_WAIT_S)
            if self._stopping.is_set():
                break
            self._tell(connected=False, reason=self._refusal or reason, refused=self._refusal is not None)
            self._stopping.wait(random.uniform(wait_s / 2, wait_s))  # noqa: S311 - spreads reconnects, no secret
        self.state = replace(self.state, connected=False, reason="stopped")

    def _new_client(self) -> Client:
        client = Client(self._client_id, self._on_message)
        client.on_socket_open = _send_at_once
        client.will_set(self._topic, self._offline, qos=1, retain=True)
        client.on_connect = self._connected
        client.on_subscribe = self._subscribed
        return client

    def _connect(self, client: Client) -> None:
        broker = self._broker
        identify(client, broker)
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = 0
        properties.ReceiveMaximum = RECEIVE_MAXIMUM
        properties.MaximumPacketSize = MAX_PACKET_BYTES
        client.connect(broker.host, broker.port, KEEPALIVE_S, clean_start=True, properties=properties)

    def _connected(self, client: mqtt.Client, _userdata: Any, _flags: Any, reason: Any, properties: Any) -> None:
        if reason.is_failure:
            self._refusal = f"refused: {reason}; check broker.username and broker.password_file"
            return
        if self._client is not None:
            self._client.under_way = min(UNDER_WAY, getattr(properties, "ReceiveMaximum", UNDER_WAY))
        options = SubscribeOptions(qos=1)
        group = self._broker.share_group
        events = f"$share/{group}/{topics.EVENTS_OF_ALL}" if group else topics.EVENTS_OF_ALL
        client.subscribe([(topic, options) for topic in (topics.STATUS_OF_ALL, events, *self._also)])

    def _subscribed(self, client: mqtt.Client, _userdata: Any, _mid: int, reasons: list[Any], _properties: Any) -> None:
        """Only now does every event reach us; only now are agents told to send."""
        refusals = [reason for reason in reasons if reason.is_failure]
        if refusals:
            self._refusal = f"refused the subscription: {refusals[0]}; check the broker's access rules"
            client.disconnect()
            return
        client.publish(self._topic, self._online, qos=1, retain=True)
        self._tell(connected=True, reason="", refused=False, connections=self.state.connections + 1)

    def _tell(self, **news: Any) -> None:
        before, self.state = self.state, replace(self.state, **news)
        if (before.connected, before.reason) != (self.state.connected, self.state.reason):
            self._on_change(self.state)


def _turned_away(broker: Broker) -> str:
    """Brokers that miss a client's certificate say so by hanging up."""
    hint = "; does it want broker.tls.cert?" if broker.tls and broker.tls.cert is None else ""
    return f"closed the connection before accepting it{hint}"


def _send_at_once(_client: mqtt.Client, _userdata: Any, sock: Any) -> None:
    """Acknowledgements are small; Nagle's algorithm would hold each back for 40 ms."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _close(client: mqtt.Client) -> None:
    """Close the socket without a farewell, so that the broker gives out the will."""
    sock = client.socket()
    if sock is not None:
        sock.close()
