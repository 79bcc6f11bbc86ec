"""The collector put together: store, broker, ingest and web, started in this order and stopped in the other."""

import asyncio
import secrets
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from aiohttp import web

from collector.broker_embedded import EmbeddedBroker
from collector.broker_link import BrokerLink, LinkState
from collector.config import Config
from collector.core.errors import Told
from collector.ingest import Ingest
from collector.store import queries
from collector.store.accounts import ACCOUNTS, Accounts
from collector.store.sqlite import EventStore
from collector.store.writing import Change
from collector.web.feed import AlertFeed
from collector.web.server import application
from collector.web.services import Reader, Services

DATABASE = "collector.sqlite"
TOKEN_FILE = "api-token"  # noqa: S105 - a file's name
FIRST_USER = "operator"

Say = Callable[[str], None]


class CannotServe(Told):
    """Why the collector does not start, or went down: one line, with the next step."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """`password` is None when it was set on an earlier start: only its hash is known."""

    user: str
    password: str | None


def prepare_data_dir(config: Config) -> Path:
    data_dir = Path(config.data_dir)
    try:
        data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise CannotServe(f"data_dir {data_dir}: {error.strerror}; choose another with --data-dir") from error
    return data_dir


def prepare_accounts(accounts: Accounts, password: str | None) -> Credentials:
    """On the first start the user `operator` gets the given password or a random one, told once."""
    if password is None and accounts.names():
        return Credentials(FIRST_USER, None)
    chosen = password or secrets.token_urlsafe(12)
    if not accounts.check(FIRST_USER, chosen):
        accounts.set_password(FIRST_USER, chosen)
    return Credentials(FIRST_USER, None if password else chosen)


def api_token(data_dir: Path) -> str:
    """The bearer token for software on this machine, made on the first start; only the owner can read the file."""
    path = data_dir / TOKEN_FILE
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(32) + "\n")
    return path.read_text().strip()


async def serve(config: Config, password: str | None, say: Say) -> int:
    """Run until a signal; the exit code: 0 after SIGTERM, 130 after Ctrl-C. Raises CannotServe."""
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[int] = loop.create_future()
    data_dir = prepare_data_dir(config)
    accounts = Accounts(data_dir / ACCOUNTS)
    store = EventStore(data_dir / DATABASE)
    reader = Reader(data_dir / DATABASE)
    feed = AlertFeed(lambda after, limit: reader.ask(queries.alert_changes, after, limit))

    def end(outcome: int | str) -> None:
        if not ended.done():
            ended.set_result(outcome) if isinstance(outcome, int) else ended.set_exception(CannotServe(outcome))

    def fail(reason: str) -> None:
        loop.call_soon_threadsafe(end, reason)

    def publish(changes: tuple[Change, ...]) -> None:
        loop.call_soon_threadsafe(feed.publish, [(change.seq, change.body) for change in changes])

    def tell_link(state: LinkState) -> None:
        say(_link_line(config, state))
        if state.refused and state.connections == 0:
            fail(_link_line(config, state))

    ingest = Ingest(store, msgspec.structs.asdict(config.keep_days), publish, fail)
    link = BrokerLink(config.broker, config.instance, ingest.receive, tell_link)
    broker = EmbeddedBroker(data_dir, config.broker.port) if config.embedded_broker else None

    def status() -> dict[str, Any]:
        told = {**msgspec.to_builtins(link.state), "restarts": broker.restarts if broker else 0}
        return {"broker": told, "messages": dict(ingest.counts), "subscribers": feed.subscribers}

    token = api_token(data_dir)
    services = Services(reader, feed, accounts, token, _hosts(config), status)
    runner = web.AppRunner(application(services), handler_cancellation=True, shutdown_timeout=2)
    for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 0)):
        loop.add_signal_handler(number, end, code)
    try:
        address = await _listen(runner, config)
        if broker is not None:
            broker.start()
        ingest.start()
        link.start()
        credentials = await asyncio.to_thread(prepare_accounts, accounts, password)
        _introduce(config, address, credentials, data_dir, say)
        return await ended
    finally:
        await runner.cleanup()
        await asyncio.to_thread(_stop, link, ingest, broker)
        reader.close()
        accounts.close()


def _stop(link: BrokerLink, ingest: Ingest, broker: EmbeddedBroker | None) -> None:
    link.stop()
    ingest.stop()
    if broker is not None:
        broker.stop()


async def _listen(runner: web.AppRunner, config: Config) -> str:
    await runner.setup()
    site = web.TCPSite(runner, config.http.host, config.http.port)
    try:
        await site.start()
    except OSError as error:
        raise CannotServe(
            f"port {config.http.port} on {config.http.host}: {error.strerror}; "
            "stop what listens there, or choose another with --http-port"
        ) from error
    host, port = runner.addresses[0][:2]
    return f"http://{host}:{port}"


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
    if state.refused:
        return f"{place}: refused the connection: {state.reason}; check broker.username, password_file and tls"
    return f"{place}: {state.reason}; trying again"


def _hosts(config: Config) -> frozenset[str]:
    return frozenset({"localhost", "127.0.0.1", "::1", config.http.host, *config.http.allowed_hosts})
