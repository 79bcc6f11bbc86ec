"""The collector put together: store, broker, ingest and web, started in this order and stopped in the other."""

import asyncio
import dataclasses
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack, closing
from pathlib import Path
from typing import Any

from msgspec.structs import asdict

from collector.app.databases import Publish, open_accounts, open_stills, open_store
from collector.app.ending import Ending
from collector.app.first_start import TOKEN_FILE, Credentials, api_token, prepare_accounts
from collector.app.listening import hosts, listen
from collector.app.subscribers import desk_of, start_sender
from collector.broker.embedded import EmbeddedBroker
from collector.broker.link import BrokerLink, LinkState
from collector.config import Config
from collector.config.map import read_roads
from collector.core.attention import Policy
from collector.data_dir import held
from collector.ingest import Ingest
from collector.store.event_store import EventStore
from collector.store.questions import queries
from collector.upkeep import Rules, Upkeep
from collector.web.feed import AlertFeed
from collector.web.server import application
from collector.web.services import Reader, Services

SWITCH_S = 0.001  # each write to a stream gives the interpreter away; with Python's 5 ms a busy writer thread delayed them all

Say = Callable[[str], None]


async def serve(config: Config, password: str | None, say: Say) -> int:
    """Run until a signal; the exit code: 0 after SIGTERM, 130 after Ctrl-C. Raises Told."""
    sys.setswitchinterval(SWITCH_S)
    data_dir = Path(config.data_dir)
    ending = Ending()
    async with AsyncExitStack() as parts:  # stopped in the reverse order of their start
        parts.enter_context(held(data_dir))
        accounts = parts.enter_context(closing(await asyncio.to_thread(open_accounts, config, data_dir)))
        credentials = await asyncio.to_thread(prepare_accounts, accounts, password)
        feed = AlertFeed(lambda after, limit: reader.ask(queries.alert_changes, after, limit))
        store = await open_store(config, _publisher(feed), ending, parts)
        reader = parts.enter_context(closing(Reader(store.readers)))

        broker = await _start_embedded_broker(config, data_dir, ending, parts) if config.embedded_broker else None
        events = EventStore(store.engine, Policy(**asdict(config.alerts)))
        upkeep = Upkeep(events, _rules(config))
        ingest = Ingest(events, upkeep, store.on_changes, ending.fail)
        ingest.start()
        parts.push_async_callback(asyncio.to_thread, ingest.stop)
        teller = _link_teller(config, upkeep, ending, say)
        stills = open_stills(config, data_dir, accounts) if config.evidence.stills else None
        receive = stills.beside(ingest.receive) if stills else ingest.receive
        link = BrokerLink(config.broker, config.instance, receive, teller, ending.fail, stills.topics if stills else ())

        sender = start_sender(config, reader, ingest, events, ending, parts)
        feed.on_news = sender.wake
        services = Services(
            reader=reader,
            feed=feed,
            accounts=accounts,
            api_token=api_token(data_dir),
            allowed_hosts=hosts(config),
            status=lambda: _status(link, broker, ingest, events, feed),
            writer=ingest,
            behind_proxy=config.http.plaintext,
            desk=desk_of(config),
            webhooks=config.webhooks,
            sender=sender,
            stills=await parts.enter_async_context(stills.open(link, ending.fail)) if stills else None,
            map=config.map,
            roads=read_roads(config.map),
        )
        address = await listen(application(services), config, parts)
        _introduce(config, address, credentials, data_dir, say)
        link.start()
        parts.push_async_callback(asyncio.to_thread, link.stop)
        return await ending.outcome


async def _start_embedded_broker(config: Config, data_dir: Path, ending: Ending, parts: AsyncExitStack) -> EmbeddedBroker:
    broker = EmbeddedBroker(data_dir, config.broker.port, ending.fail)
    await asyncio.to_thread(broker.start)
    parts.push_async_callback(asyncio.to_thread, broker.stop)
    return broker


def _status(
    link: BrokerLink, broker: EmbeddedBroker | None, ingest: Ingest, events: EventStore, feed: AlertFeed
) -> dict[str, Any]:
    """How the running parts are, for whoever asks over HTTP."""
    return {
        "broker": {**dataclasses.asdict(link.state), "restarts": broker.restarts if broker else 0},
        "store": {"unavailable": ingest.unavailable, "leading": events.leading},
        "messages": dict(ingest.counts),
        "subscribers": feed.subscribers,
    }


def _publisher(feed: AlertFeed) -> Publish:
    loop = asyncio.get_running_loop()

    def publish(changes: Sequence[tuple[int, bytes]]) -> None:
        loop.call_soon_threadsafe(feed.publish, changes)

    return publish


def _rules(config: Config) -> Rules:
    return Rules(asdict(config.keep_days), config.max_bytes, config.utc_offset_h * 3600, config.silent_after_s)


def _link_teller(config: Config, upkeep: Upkeep, ending: Ending, say: Say) -> Callable[[LinkState], None]:
    """Says how the link fares; a broker that refuses from the start is no matter of waiting."""

    def tell(state: LinkState) -> None:
        upkeep.listening_since = time.time() if state.connected else None
        if state.refused and state.connections == 0:
            ending.fail(_link_line(config, state))
        else:
            say(_link_line(config, state))

    return tell


def _introduce(config: Config, address: str, credentials: Credentials, data_dir: Path, say: Say) -> None:
    told = f"password {credentials.password} (shown this once)" if credentials.password else "password as set before"
    broker = "embedded broker" if config.embedded_broker else "broker"
    say(f"console  {address}  user {credentials.user}  {told}")
    say(f"api      {address}/api/v1  token in {data_dir / TOKEN_FILE}")
    say(f"mqtt     {config.broker.host}:{config.broker.port}  {broker}")


def _link_line(config: Config, state: LinkState) -> str:
    place = f"broker {config.broker.host}:{config.broker.port}"
    if state.connected:
        return f"{place}: connected"
    return f"{place}: {state.reason}" if state.refused else f"{place}: {state.reason}; trying again"
