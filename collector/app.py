"""The collector put together: store, broker, ingest and web, started in this order and stopped in the other."""

import asyncio
import dataclasses
import os
import re
import secrets
import signal
import ssl
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from aiohttp import web
from msgspec.structs import asdict

from collector.broker_embedded import EmbeddedBroker
from collector.broker_link import BrokerLink, LinkState
from collector.config import Config, Postgres
from collector.config_map import read_roads
from collector.core.attention import Policy
from collector.core.errors import Told
from collector.core.subscribing import Way
from collector.data_dir import held
from collector.ingest import Ingest
from collector.outputs.carrying import Carrier, Carriers
from collector.outputs.deep_links import DeepLinks
from collector.outputs.delivering import Sender
from collector.outputs.mail import Post
from collector.outputs.mqtt_republish import Republisher
from collector.outputs.telling import Desk
from collector.outputs.webhook import Webhook
from collector.still_desk import StillDesk
from collector.store.access import place
from collector.store.access.accounts import Accounts
from collector.store.alerts.alert_book import AlertBook, Change
from collector.store.engines.db import Engine, Readers
from collector.store.engines.opening import need_driver
from collector.store.engines.sqlite import DATABASE, Sqlite, SqliteReaders
from collector.store.event_store import EventStore
from collector.store.questions import queries
from collector.upkeep import Rules, Upkeep
from collector.web.feed import AlertFeed
from collector.web.server import application
from collector.web.services import Reader, Services

TOKEN_FILE = "api-token"  # noqa: S105 - a file's name
FIRST_USER = "operator"
SWITCH_S = 0.001  # each write to a stream gives the interpreter away; with Python's 5 ms a busy writer thread delayed them all

T = TypeVar("T")
Say = Callable[[str], None]
Publish = Callable[[Sequence[tuple[int, bytes]]], None]  # changes of alerts as (seq, body), in order


class CannotServe(Told):
    """Why the collector does not start, or went down: one line, with the next step."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """`password` is None when it was set on an earlier start: only its hash is known."""

    user: str
    password: str | None


@dataclass(frozen=True, slots=True)
class Store:
    """The database of the configuration. `on_changes` is told of what this collector's writer changed: with SQLite that is all;
    PostgreSQL itself tells of changes, for other collectors change alerts, too."""

    engine: Engine
    readers: Readers
    on_changes: Callable[[tuple[Change, ...]], None]


def prepare_accounts(accounts: Accounts, password: str | None) -> Credentials:
    """On the first start the user `operator`, an admin, gets the given password or a random one, told once."""
    if password is None:
        chosen = secrets.token_urlsafe(12)
        return Credentials(FIRST_USER, chosen if not accounts.names() and accounts.set_first(FIRST_USER, chosen) else None)
    if not accounts.set_first(FIRST_USER, password) and not accounts.check(FIRST_USER, password):
        accounts.set_password(FIRST_USER, password)
    return Credentials(FIRST_USER, None)


def _open_accounts(config: Config, data_dir: Path) -> Accounts:
    match config.store:
        case "sqlite":
            ledger = place.own(data_dir)
        case Postgres() as settings:
            ledger = place.shared(settings.url, _password(settings.password_file), data_dir)
    return Accounts(ledger, config.keep_days.audit)


def api_token(data_dir: Path) -> str:
    """The bearer token for software on this machine, made on the first start; only the owner can read the file.

    An empty file is made anew. Raises CannotServe for one that holds anything but a token.
    """
    path = data_dir / TOKEN_FILE
    try:
        token = path.read_text(errors="replace").strip() if path.exists() else ""
        if not token:
            token = secrets.token_urlsafe(32)
            _write_secret(path, token + "\n")
    except OSError as error:
        raise CannotServe(f"{path}: {error.strerror}; it holds the API token") from error
    if not re.fullmatch(r"[\w-]{20,}", token, re.ASCII):
        raise CannotServe(f"{path}: holds no token (20 or more letters, digits, - and _); delete it to have a new one made")
    return token


def _write_secret(path: Path, text: str) -> None:
    """The whole text or no file, also after a power cut; only the owner can read it."""
    draft = path.with_name(f"{path.name}.new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


async def serve(config: Config, password: str | None, say: Say) -> int:
    """Run until a signal; the exit code: 0 after SIGTERM, 130 after Ctrl-C. Raises Told."""
    sys.setswitchinterval(SWITCH_S)
    data_dir = Path(config.data_dir)
    ending = Ending()
    async with AsyncExitStack() as parts:  # stopped in the reverse order of their start
        parts.enter_context(held(data_dir))
        accounts = parts.enter_context(closing(await asyncio.to_thread(_open_accounts, config, data_dir)))
        credentials = await asyncio.to_thread(prepare_accounts, accounts, password)
        feed = AlertFeed(lambda after, limit: reader.ask(queries.alert_changes, after, limit))
        store = await _open_store(config, _publisher(feed), ending, parts)
        reader = parts.enter_context(closing(Reader(store.readers)))

        broker = await _start_embedded_broker(config, data_dir, ending, parts) if config.embedded_broker else None
        events = EventStore(store.engine, Policy(**asdict(config.alerts)))
        upkeep = Upkeep(events, _rules(config))
        ingest = Ingest(events, upkeep, store.on_changes, ending.fail)
        ingest.start()
        parts.push_async_callback(asyncio.to_thread, ingest.stop)
        teller = _link_teller(config, upkeep, ending, say)
        stills = StillDesk(data_dir, config.evidence.keep_h * 3600.0) if config.evidence.stills else None
        receive = stills.beside(ingest.receive) if stills else ingest.receive
        link = BrokerLink(config.broker, config.instance, receive, teller, ending.fail, stills.topics if stills else ())

        def status() -> dict[str, Any]:
            told = {**dataclasses.asdict(link.state), "restarts": broker.restarts if broker else 0}
            store_told = {"unavailable": ingest.unavailable, "leading": events.leading}
            return {"broker": told, "store": store_told, "messages": dict(ingest.counts), "subscribers": feed.subscribers}

        sender = _start_sender(config, reader, ingest, events, ending, parts)
        feed.on_news = sender.wake
        services = Services(
            reader,
            feed,
            accounts,
            api_token(data_dir),
            _hosts(config),
            status,
            ingest,
            config.http.plaintext,
            _desk(config),
            config.webhooks,
            sender,
            await parts.enter_async_context(stills.open(link, ending.fail)) if stills else None,
            config.map,
            read_roads(config.map),
        )
        address = await _listen(application(services), config, parts)
        _introduce(config, address, credentials, data_dir, say)
        link.start()
        parts.push_async_callback(asyncio.to_thread, link.stop)
        return await ending.outcome


class Ending:
    """How the process ends: by a signal, or by the failure of a part."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.outcome: asyncio.Future[int] = self._loop.create_future()
        self._loop.add_signal_handler(signal.SIGINT, self._end, 130)
        self._loop.add_signal_handler(signal.SIGTERM, self._end, 0)

    def fail(self, reason: str) -> None:
        """From any thread."""
        self._loop.call_soon_threadsafe(self._end, CannotServe(reason))

    def _end(self, how: int | CannotServe) -> None:
        if self.outcome.done():
            return
        if isinstance(how, int):
            self.outcome.set_result(how)
        else:
            self.outcome.set_exception(how)


async def _start_embedded_broker(config: Config, data_dir: Path, ending: Ending, parts: AsyncExitStack) -> EmbeddedBroker:
    broker = EmbeddedBroker(data_dir, config.broker.port, ending.fail)
    await asyncio.to_thread(broker.start)
    parts.push_async_callback(asyncio.to_thread, broker.stop)
    return broker


async def _open_store(config: Config, publish: Publish, ending: Ending, parts: AsyncExitStack) -> Store:
    match config.store:
        case "sqlite":
            path = Path(config.data_dir) / DATABASE
            engine = parts.enter_context(closing(Sqlite(path)))  # closed last: no reader is in its way then
            return Store(engine, SqliteReaders(path), lambda changes: publish([(one.seq, one.body) for one in changes]))
        case Postgres() as settings:
            need_driver()
            from collector.store.engines import postgres, postgres_follower

            address = postgres.Address(settings.url, _password(settings.password_file))
            shared = parts.enter_context(closing(await asyncio.to_thread(postgres.Postgres, address)))
            follower = postgres_follower.Follower(address, publish, ending.fail)
            follower.start()
            parts.push_async_callback(asyncio.to_thread, follower.stop)
            return Store(shared, postgres.PostgresReaders(address), lambda changes: None)


def _start_sender(
    config: Config, reader: Reader, ingest: Ingest, events: EventStore, ending: Ending, parts: AsyncExitStack
) -> Sender:
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
        carriers["mail"] = Post(config.mail, _desk(config))
    if config.republish is not None:
        carriers["mqtt"] = Republisher(config.republish, f"alerts-{config.instance}")
    return carriers


def _password(file: str | None) -> str | None:
    return Path(file).read_text().strip() if file else None


def _publisher(feed: AlertFeed) -> Publish:
    loop = asyncio.get_running_loop()

    def publish(changes: Sequence[tuple[int, bytes]]) -> None:
        loop.call_soon_threadsafe(feed.publish, changes)

    return publish


def _desk(config: Config) -> Desk:
    links = DeepLinks(config.evidence, config.utc_offset_h)
    return Desk(config.feeds, {site.site: site for site in config.sites}, config.utc_offset_h, links)


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


async def _listen(app: web.Application, config: Config, parts: AsyncExitStack) -> str:
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=2)
    await runner.setup()
    parts.push_async_callback(runner.cleanup)
    try:
        await web.TCPSite(runner, config.http.host, config.http.port, ssl_context=_tls(config)).start()
    except OSError as error:
        raise CannotServe(
            f"port {config.http.port} on {config.http.host}: {os.strerror(error.errno or 0)}; "
            "stop what listens there, or choose another with --http-port"
        ) from error
    host, port = runner.addresses[0][:2]
    return f"{'https' if config.http.tls else 'http'}://{host}:{port}"


def _tls(config: Config) -> ssl.SSLContext | None:
    if config.http.tls is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(config.http.tls.cert, config.http.tls.key)
    except (ssl.SSLError, OSError) as error:
        raise CannotServe(f"{config.http.tls.cert}: {error.strerror or error}; check http.tls.cert and http.tls.key") from error
    return context


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


def _hosts(config: Config) -> frozenset[str]:
    return frozenset({"localhost", "127.0.0.1", "::1", config.http.host, *config.http.allowed_hosts})
