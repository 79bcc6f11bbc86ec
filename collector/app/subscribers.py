"""Whom the collector tells of alerts, and by which ways: the sender of the subscribers, and what it carries."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import TypeVar

from collector.app.ending import Ending
from collector.config import Config
from collector.core.subscribing import Way
from collector.ingest import Ingest
from collector.outputs.carrying import Carrier, Carriers
from collector.outputs.deep_links import DeepLinks
from collector.outputs.delivering import Sender
from collector.outputs.mail import Post
from collector.outputs.mqtt_republish import Republisher
from collector.outputs.telling import Desk
from collector.outputs.webhook import Webhook
from collector.store.alerts.alert_book import AlertBook
from collector.store.event_store import EventStore
from collector.web.services import Reader

T = TypeVar("T")


def start_sender(
    config: Config, reader: Reader, ingest: Ingest, events: EventStore, ending: Ending, parts: AsyncExitStack
) -> Sender:
    """Sends from here on; when it no longer can, the collector ends."""
    async def perform(work: Callable[[AlertBook], T]) -> T:
        return await asyncio.wrap_future(ingest.perform(work))

    def ended(task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            ending.fail(f"subscriptions: {type(error).__name__}: {error}")

    async def stop() -> None:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    sender = Sender(reader.ask, perform, lambda: events.leading, _carriers(config))
    task = asyncio.create_task(sender.run())
    task.add_done_callback(ended)
    parts.push_async_callback(stop)
    return sender


def _carriers(config: Config) -> Carriers:
    """The ways that this collector can tell subscribers by."""
    carriers: dict[Way, Carrier] = {"webhook": Webhook(config.webhooks)}
    if config.mail is not None:
        carriers["mail"] = Post(config.mail, desk_of(config))
    if config.republish is not None:
        carriers["mqtt"] = Republisher(config.republish, f"alerts-{config.instance}")
    return carriers


def desk_of(config: Config) -> Desk:
    links = DeepLinks(config.evidence, config.utc_offset_h)
    return Desk(config.feeds, {site.site: site for site in config.sites}, config.utc_offset_h, links)
