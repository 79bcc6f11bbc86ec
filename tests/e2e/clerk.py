"""A stand-in for the collector at the other end of a real broker: it acknowledges only what it is told to."""

import queue
import threading
from typing import Any

import msgspec
import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from event_contract import topics
from event_contract.messages import Ack, CloudEvent, encode, parse_message_id
from event_contract.presence import CollectorStatus

PATIENCE_S = 20.0


class Clerk:
    """`events` are the (stream, seq) that arrived, `statuses` what devices say of themselves."""

    def __init__(self, port: int, device: str = "kerb-1", username: str | None = None, password: str | None = None) -> None:
        self.events: queue.Queue[tuple[str, int]] = queue.Queue()
        self.statuses: queue.Queue[dict[str, Any]] = queue.Queue()
        self._device = device
        self._subscribed = threading.Event()
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="clerk", protocol=mqtt.MQTTv5)
        if username:
            self._client.username_pw_set(username, password)
        self._client.on_connect = lambda client, *_: client.subscribe([(topics.EVENTS_OF_ALL, 1), (topics.STATUS_OF_ALL, 1)])
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._client.on_message = self._on_message
        self._client.reconnect_delay_set(1, 1)
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        assert self._subscribed.wait(PATIENCE_S)

    def online(self, instance: str = "c1", online: bool = True) -> None:
        self.say(topics.collector_status(instance), encode(CollectorStatus(online=online, instance=instance)), retain=True)

    def acknowledge(self, stream: str, *ranges: tuple[int, int], forked: bool = False) -> None:
        self.say(topics.ack(self._device), encode(Ack(stream=stream, ranges=ranges, forked=forked)))

    def say(self, topic: str, payload: bytes, retain: bool = False) -> None:
        self._client.publish(topic, payload, qos=1, retain=retain).wait_for_publish(PATIENCE_S)

    def next_event(self) -> tuple[str, int]:
        return self.events.get(timeout=PATIENCE_S)

    def next_status(self) -> dict[str, Any]:
        return self.statuses.get(timeout=PATIENCE_S)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _on_message(self, client: mqtt.Client, userdata: Any, message: mqtt.MQTTMessage) -> None:
        if topics.parse_status(message.topic):
            self.statuses.put(msgspec.json.decode(message.payload))
        elif key := parse_message_id(msgspec.json.decode(message.payload, type=CloudEvent).id):
            self.events.put(key)
