"""Where the collector keeps things, as its configuration has it: the database of events and alerts, accounts, stills."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack, closing
from dataclasses import dataclass
from pathlib import Path

from collector.app.ending import Ending
from collector.app.stills import StillDesk
from collector.config import Config
from collector.config.places import secret_in
from collector.config.store import Postgres
from collector.store.access import place
from collector.store.access.accounts import Accounts
from collector.store.alerts.alert_book import Change
from collector.store.asked_stills import AskedAnywhere, AskedHere
from collector.store.engines.db import Engine, Readers
from collector.store.engines.opening import need_driver
from collector.store.engines.sqlite import DATABASE, Sqlite, SqliteReaders
from collector.store.stills import FOLDER, StillFolder, StillTable

Publish = Callable[[Sequence[tuple[int, bytes]]], None]  # changes of alerts as (seq, body), in order


@dataclass(frozen=True, slots=True)
class Store:
    """The database of the configuration. `on_changes` is told of what this collector's writer changed: with SQLite that is all;
    PostgreSQL itself tells of changes, for other collectors change alerts, too."""

    engine: Engine
    readers: Readers
    on_changes: Callable[[tuple[Change, ...]], None]


async def open_store(config: Config, publish: Publish, ending: Ending, parts: AsyncExitStack) -> Store:
    """`publish` hears of every change of alerts, whichever collector makes it."""
    match config.store:
        case "sqlite":
            path = Path(config.data_dir) / DATABASE
            engine = parts.enter_context(closing(Sqlite(path)))  # closed last: no reader is in its way then
            return Store(engine, SqliteReaders(path), lambda changes: publish([(one.seq, one.body) for one in changes]))
        case Postgres() as settings:
            need_driver()
            from collector.store.engines import postgres, postgres_follower

            address = postgres.Address(settings.url, secret_in(settings.password_file))
            shared = parts.enter_context(closing(await asyncio.to_thread(postgres.Postgres, address)))
            follower = postgres_follower.Follower(address, publish, ending.fail)
            follower.start()
            parts.push_async_callback(asyncio.to_thread, follower.stop)
            return Store(shared, postgres.PostgresReaders(address), lambda changes: None)


def open_stills(config: Config, data_dir: Path, accounts: Accounts) -> StillDesk:
    """Beside the accounts where several collectors share them; else in files of its own."""
    keep_s = config.evidence.keep_h * 3600.0
    match config.store:
        case "sqlite":
            return StillDesk(AskedHere(), StillFolder(data_dir / FOLDER, keep_s))
        case Postgres():
            return StillDesk(AskedAnywhere(accounts.ledger), StillTable(accounts.ledger, keep_s))


def open_accounts(config: Config, data_dir: Path) -> Accounts:
    match config.store:
        case "sqlite":
            ledger = place.own(data_dir)
        case Postgres() as settings:
            ledger = place.shared(settings.url, secret_in(settings.password_file), data_dir)
    return Accounts(ledger, config.keep_days.audit)
