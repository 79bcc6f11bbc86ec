"""Which accounts are a collector's: those in its data folder, or with a shared store those in it."""

from pathlib import Path

from collector.core.errors import WrongUse
from collector.store.access.ledger import Ledger, LedgerFile
from collector.store.engines.opening import need_driver

ACCOUNTS = "accounts.sqlite"
ELSEWHERE = "accounts-in-postgresql"  # a file that says so to the commands


def own(data_dir: Path) -> Ledger:
    """For the collector that keeps them itself. Raises StoreUnavailable, as the others do."""
    (data_dir / ELSEWHERE).unlink(missing_ok=True)
    return LedgerFile(data_dir / ACCOUNTS)


def found(data_dir: Path) -> Ledger:
    """For commands. Raises WrongUse where no collector ever served from, and where they lie elsewhere."""
    if not data_dir.is_dir():
        raise WrongUse(f"--data-dir {data_dir}: no such folder; `collector serve` makes it")
    if (data_dir / ELSEWHERE).exists():
        raise WrongUse(f"--data-dir {data_dir}: users, tokens and the audit log lie in the database of [store]; give --config")
    return LedgerFile(data_dir / ACCOUNTS)


def shared(url: str, password: str | None, data_dir: Path | None = None) -> Ledger:
    """In PostgreSQL. Where nobody is known there yet, those of the data folder are brought; its file stays as it is."""
    need_driver()
    from collector.store.access.postgres_ledger import PostgresLedger
    from collector.store.engines.moving import bring_accounts
    from collector.store.engines.postgres import Address

    ledger = PostgresLedger(Address(url, password))
    if data_dir is not None:
        if (data_dir / ACCOUNTS).exists() and not (data_dir / ELSEWHERE).exists():
            with ledger.transaction() as db:
                bring_accounts(data_dir / ACCOUNTS, db)
        (data_dir / ELSEWHERE).write_text("users, tokens and the audit log are in the database that [store] names\n")
    return ledger
