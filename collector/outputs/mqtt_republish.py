"""Alerts on MQTT, for the city's own broker: the last state of each that stands is retained under its own topic.

    <prefix>/<alert id>     every change; retained while the alert stands, and cleared by an empty message when it does no more
    <prefix>/summary        what was held back, in one message, not retained

A message is done with when the broker has confirmed it (PUBACK); one that it refuses, or loses, is told again. What is told
late, after a newer state, is not retained. A lost connection is made again by itself, for a broker that was started anew may
have forgotten what it retained: all that stands is told again then.
"""

import asyncio
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from collector.broker.identity import identify
from collector.config.broker import Broker
from collector.core.errors import WrongUse
from collector.core.subscribing import Subscriber
from collector.outputs.carrying import Message, Reply, content, one_by_one
from event_contract.topics import ROOT

KEEPALIVE_S = 15
PATIENCE_S = 20.0
AGAIN_S = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0)  # until the next try to connect
LONGEST_PREFIX = 200

Publication = tuple[str, bytes, bool]  # topic, payload, retained?


class Refused(Exception):
    """The broker did not take it."""


class Republisher:
    """A carrier with one connection; belongs to the event loop, paho's thread only reports to it."""

    at_once = 32

    def __init__(self, broker: Broker, client_id: str) -> None:
        self._broker, self._client_id = broker, client_id
        self._connecting = asyncio.Lock()
        self._client: mqtt.Client | None = None
        self._under_way: dict[int, asyncio.Future[None]] = {}
        self._met, self._failures, self._due_s = 0, 0, 0.0
        self._meeting: asyncio.Task[None] | None = None

    def met(self) -> int:
        """How often it was connected."""
        idle = self._client is None and self._meeting is None
        if idle and asyncio.get_running_loop().time() >= self._due_s:
            self._meeting = asyncio.create_task(self._meet())
        return self._met

    async def carry(self, subscriber: Subscriber, message: Message) -> Reply:
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        properties.ContentType, properties.UserProperty = "application/json", [("message-id", message.id)]
        try:
            async with asyncio.timeout(PATIENCE_S):
                client = await self._connected()
                met = self._met
                told = [self._publish(client, one, properties) for one in publications(subscriber, message)]
                for failure in await asyncio.gather(*told, return_exceptions=True):
                    if failure is not None:
                        raise failure
            return Reply(True, "confirmed", met=met)
        except TimeoutError:
            await self._drop()
            return Reply(False, f"no confirmation within {PATIENCE_S:g} s")
        except (Refused, OSError, ValueError) as error:
            return Reply(False, f"{type(error).__name__}: {error}"[:200])

    async def close(self) -> None:
        if self._meeting is not None:
            self._meeting.cancel()
            await asyncio.gather(self._meeting, return_exceptions=True)
        await self._drop()

    async def _meet(self) -> None:
        try:
            async with asyncio.timeout(PATIENCE_S):
                await self._connected()
            self._failures = 0
        except (Refused, OSError, ValueError):  # a time-out is an OSError
            self._due_s = asyncio.get_running_loop().time() + AGAIN_S[min(self._failures, len(AGAIN_S) - 1)]
            self._failures += 1
        finally:
            self._meeting = None

    async def _drop(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            await asyncio.to_thread(_end, client)
        self._lose("the connection was closed")

    async def _connected(self) -> mqtt.Client:
        async with self._connecting:
            if self._client is None:
                self._client = await self._connect()
                self._met += 1
            return self._client

    async def _connect(self) -> mqtt.Client:
        loop, broker = asyncio.get_running_loop(), self._broker
        accepted: asyncio.Future[None] = loop.create_future()
        version = CallbackAPIVersion.VERSION2
        client = mqtt.Client(version, client_id=self._client_id, protocol=mqtt.MQTTv5, reconnect_on_failure=False)
        identify(client, broker)

        def on_connect(_client: Any, _userdata: Any, _flags: Any, reason: Any, _properties: Any) -> None:
            loop.call_soon_threadsafe(_settle, accepted, str(reason) if reason.is_failure else None)

        def on_publish(_client: Any, _userdata: Any, mid: int, reason: Any, _properties: Any) -> None:
            loop.call_soon_threadsafe(self._confirm, mid, str(reason) if reason.is_failure else None)

        def on_disconnect(_client: Any, _userdata: Any, _flags: Any, reason: Any, _properties: Any) -> None:
            loop.call_soon_threadsafe(self._end_of, client, str(reason), accepted)

        client.on_connect, client.on_publish, client.on_disconnect = on_connect, on_publish, on_disconnect
        await asyncio.to_thread(client.connect, broker.host, broker.port, KEEPALIVE_S, clean_start=True)
        client.loop_start()
        try:
            await accepted
        except BaseException:
            await asyncio.to_thread(_end, client)
            raise
        return client

    def _publish(self, client: mqtt.Client, told: Publication, properties: Properties) -> asyncio.Future[None]:
        topic, payload, retained = told
        confirmed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        sent = client.publish(topic, payload, qos=1, retain=retained, properties=properties)
        if sent.rc != mqtt.MQTT_ERR_SUCCESS:
            _settle(confirmed, mqtt.error_string(sent.rc))
        else:
            self._under_way[sent.mid] = confirmed  # paho's thread reports by way of the loop: after this
        return confirmed

    def _confirm(self, mid: int, failure: str | None) -> None:
        if (confirmed := self._under_way.pop(mid, None)) is not None:
            _settle(confirmed, failure)

    def _end_of(self, client: mqtt.Client, reason: str, accepted: asyncio.Future[None]) -> None:
        _settle(accepted, reason)
        if self._client is client:
            self._client = None
            self._lose(reason)

    def _lose(self, reason: str) -> None:
        while self._under_way:
            _settle(self._under_way.popitem()[1], reason)


def publications(subscriber: Subscriber, message: Message) -> Iterator[Publication]:
    """What a message becomes, in order."""
    prefix = subscriber.wish.url.removeprefix("mqtt:")
    if len(message.dues) != 1:
        yield f"{prefix}/{'summary' if message.dues else 'test'}", content(subscriber, message), False
    for one in one_by_one(message):
        [alert], [due] = one.alerts, one.dues
        topic = f"{prefix}/{quote(alert.id, safe='/')}"
        yield topic, content(subscriber, one), alert.live and bool(due.newest)
        if due.newest and not alert.live:
            yield topic, b"", True


def check_prefix(url: str) -> None:
    """Raises WrongUse for what is no topic, and for the devices' own."""
    prefix = url.removeprefix("mqtt:")
    fit = prefix and len(prefix) <= LONGEST_PREFIX and prefix.isprintable() and not set(prefix) & set("+#$ ")
    if not fit or "" in prefix.split("/") or f"{prefix}/".startswith(f"{ROOT.partition('/')[0]}/"):
        raise WrongUse(f"url {url[:80]!r}: expected mqtt:TOPIC as in mqtt:kerbwatch/alerts, none below roadside/")


def _settle(future: "asyncio.Future[None]", failure: str | None) -> None:
    if future.done():
        return
    if failure is None:
        future.set_result(None)
    else:
        future.set_exception(Refused(failure))


def _end(client: mqtt.Client) -> None:
    client.disconnect()
    client.loop_stop()
