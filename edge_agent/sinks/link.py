"""One MQTT 5 connection, from the first packet to its end, in a thread of its own.

A link is used once: paho keeps a queue over reconnects and sends it again past its in-flight cap, so each connection
gets a new client. What paho says goes as small messages into the inbox of the sink's worker; nothing is decided here.
"""

import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from paho.mqtt.client import MQTT_ERR_SUCCESS, Client, ConnectFlags, DisconnectFlags, MQTTMessage, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from edge_agent.config import BrokerConfig
from event_contract import topics
from event_contract.messages import CONTENT_TYPE, MAX_MESSAGE_BYTES

CONNECT_TIMEOUT_S = 10.0
MQTT_RECEIVE_MAXIMUM = 65535  # MQTT 5, 3.2.2.3.3: where the broker names none


@dataclass(frozen=True, slots=True)
class Connected:
    """`receive_maximum`: publishes that the broker takes before it must confirm one; paho does not look at it."""

    epoch: int
    receive_maximum: int


@dataclass(frozen=True, slots=True)
class Puback:
    epoch: int
    mid: int
    reason_code: int
    reason: str


@dataclass(frozen=True, slots=True)
class Received:
    epoch: int
    topic: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Ended:
    """The connection is over. `reason` says why, in words."""

    epoch: int
    reason: str


LinkInput = Connected | Puback | Received | Ended
PutInput = Callable[[LinkInput], bool]


class Link:
    """`put` takes what happens and returns False when there is no room for it: then the link gives up. `commands` are heard
    where somebody wants them."""

    def __init__(
        self, broker: BrokerConfig, device: str, epoch: int, will: bytes, put: PutInput, *, commands: bool = False
    ) -> None:
        self.epoch = epoch
        self._broker = broker
        self._device = device
        self._put = put
        self._commands = commands
        self._reason = ""
        self._client = Client(
            CallbackAPIVersion.VERSION2, client_id=device, protocol=MQTTv5, reconnect_on_failure=False
        )
        self._client.connect_timeout = CONNECT_TIMEOUT_S
        self._client.max_inflight_messages_set(0)  # no second window behind ours
        self._client.will_set(topics.status(device), will, qos=1, retain=True)
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = self._on_subscribe
        self._client.on_publish = self._on_publish
        self._client.on_message = self._on_message
        self._client.on_disconnect = self._on_disconnect
        self._client.on_socket_open = _send_at_once
        # With this set, publish() leaves the socket to the link's thread instead of writing from the caller's.
        self._client.on_socket_register_write = lambda client, userdata, sock: None
        self._thread = threading.Thread(target=self._run, name=f"mqtt-{epoch}", daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    def publish_event(self, topic: str, payload: bytes) -> int:
        """Returns the packet's identifier, which its PUBACK will name."""
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        properties.ContentType = CONTENT_TYPE
        return self._client.publish(topic, payload, qos=1, properties=properties).mid

    def publish_status(self, payload: bytes) -> int:
        return self._client.publish(topics.status(self._device), payload, qos=1, retain=True).mid

    def publish_response(self, payload: bytes) -> int:
        """Once, and outside the broker's window: who asked asks again where it is lost."""
        return self._client.publish(topics.command_response(self._device), payload, qos=0).mid

    def give_up(self, reason: str) -> None:
        """Disconnect; the first reason given stands."""
        self._reason = self._reason or reason
        self._client.disconnect()

    def wait(self, timeout_s: float) -> None:
        self._thread.join(timeout_s)

    def _run(self) -> None:
        """The thread's boundary: whatever goes wrong in here, paho's own faults included, ends this link and no more."""
        try:
            self._open()
            while self._client.loop(timeout=1.0) == MQTT_ERR_SUCCESS:
                pass
            reason = self._reason or "connection lost"
        except (OSError, ValueError) as error:
            reason = self._reason or in_words(error, self._broker)
        except Exception as error:  # noqa: BLE001 - the thread's boundary: paho's own faults end the link, a new one follows
            reason = f"fault in the MQTT client: {error!r}"
        self._put(Ended(self.epoch, reason))

    def _open(self) -> None:
        """Certificates and password are read for every connection: they may have been renewed."""
        broker = self._broker
        if broker.ca:
            self._client.tls_set_context(tls_context(broker.ca, broker.cert, broker.key))
        if broker.username:
            password = Path(broker.password_file).read_text(encoding="utf-8").strip() if broker.password_file else None
            self._client.username_pw_set(broker.username, password)
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = 0
        properties.MaximumPacketSize = MAX_MESSAGE_BYTES
        self._client.connect(broker.host, broker.port, broker.keepalive_s, clean_start=True, properties=properties)

    def _tell(self, happened: LinkInput) -> None:
        if not self._put(happened):
            self.give_up("more messages arrive than can be worked off")

    def _on_connect(
        self, client: Client, userdata: Any, flags: ConnectFlags, reason: ReasonCode, properties: Properties | None
    ) -> None:
        if reason.is_failure:
            self.give_up(f"broker refuses: {str(reason).lower()}; check username, password_file and certificates")
            return
        receive_maximum = getattr(properties, "ReceiveMaximum", MQTT_RECEIVE_MAXIMUM)
        self._tell(Connected(self.epoch, receive_maximum))  # before anything that the subscription brings
        also = [(topics.command_request(self._device), 1)] if self._commands else []
        client.subscribe([(topics.ack(self._device), 1), (topics.COLLECTORS_STATUS, 1), *also])

    def _on_subscribe(
        self, client: Client, userdata: Any, mid: int, reasons: list[ReasonCode], properties: Properties | None
    ) -> None:
        if refused := next((reason for reason in reasons if reason.is_failure), None):
            self.give_up(f"broker refuses to subscribe {self._device}: {str(refused).lower()}; check its access rules")

    def _on_publish(
        self, client: Client, userdata: Any, mid: int, reason: ReasonCode, properties: Properties | None
    ) -> None:
        self._tell(Puback(self.epoch, mid, reason.value, str(reason).lower()))

    def _on_message(self, client: Client, userdata: Any, message: MQTTMessage) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:
            return  # a collector's name that is no text: nobody we know
        self._tell(Received(self.epoch, topic, bytes(message.payload)))

    def _on_disconnect(
        self, client: Client, userdata: Any, flags: DisconnectFlags, reason: ReasonCode, properties: Properties | None
    ) -> None:
        self._reason = self._reason or f"disconnected: {str(reason).lower()}"


def tls_context(ca: str, cert: str | None, key: str | None) -> ssl.SSLContext:
    """Raises OSError that names the file, and ssl.SSLError."""
    for name in filter(None, (ca, cert, key)):
        Path(name).open("rb").close()  # unlike ssl's, this error names the file
    context = ssl.create_default_context(cafile=ca)
    if cert and key:
        context.load_cert_chain(cert, key)
    return context


def _send_at_once(client: Client, userdata: Any, sock: Any) -> None:
    """Small packets do not wait for the acknowledgement of the packet before."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def in_words(error: OSError | ValueError, broker: BrokerConfig) -> str:
    """Why there is no connection, with the next step."""
    where = f"{broker.host}:{broker.port}"
    match error:
        case ConnectionRefusedError():
            return f"connection refused by {where}; is a broker running there?"
        case ssl.SSLCertVerificationError():
            return f"{where}: its certificate is not trusted ({error.verify_message}); check broker.ca and the clock"
        case ssl.SSLError():
            return f"{where}: no TLS connection ({error.reason}); check port, ca, cert and key"
        case TimeoutError():
            return f"no answer from {where}; check the network and the address"
        case OSError(filename=str() as name):
            return f"{name}: {error.strerror}; check the broker's files in the configuration"
        case socket.gaierror():
            return f"unknown host {broker.host}; check broker.host and the name server"
        case _:
            return f"no connection to {where}: {error}"
