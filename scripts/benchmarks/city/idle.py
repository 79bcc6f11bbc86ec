"""Subscribers that do nothing with events but confirm them: one with as little as possible around it, and one of paho."""

import argparse
import json
import time

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from event_contract import topics
from scripts.benchmarks.city.connection import Connection
from scripts.swarms import packets

RECEIVE_MAXIMUM = 2000  # the collector's


def bare(port: int, events: int) -> float:
    """Seconds from the first to the last."""
    connection, count, first = Connection(port, "idle", (topics.EVENTS_OF_ALL,)), 0, 0.0
    while count < events:
        for packet in connection.turn(1.0):
            if isinstance(packet, packets.Suback):
                print("ready", flush=True)
            if isinstance(packet, packets.Publish):
                first = first or time.monotonic()
                count += 1
    return time.monotonic() - first


def of_paho(port: int, events: int) -> float:
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="idle", protocol=mqtt.MQTTv5)
    times: list[float] = []
    count = 0

    def on_message(*_: object) -> None:
        nonlocal count
        count += 1
        if count in (1, events):
            times.append(time.monotonic())
            if count == events:
                client.disconnect()

    client.on_message = on_message
    client.on_subscribe = lambda *_: print("ready", flush=True)
    client.on_connect = lambda *_: client.subscribe(topics.EVENTS_OF_ALL, qos=1)
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    properties.ReceiveMaximum = RECEIVE_MAXIMUM
    client.connect("127.0.0.1", port, properties=properties)
    client.loop_forever()
    return times[1] - times[0]


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("events", type=int)
    parser.add_argument("--paho", action="store_true")
    options = parser.parse_args()
    print(json.dumps({"seconds": (of_paho if options.paho else bare)(options.port, options.events)}))
