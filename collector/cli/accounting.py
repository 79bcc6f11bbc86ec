"""What the commands have in common that change who may do what: they open the data folder themselves, and are audited."""

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collector.store.access.accounts import Accounts


@contextmanager
def accounts_in(data_dir: Path, config: Path | None) -> Iterator["Accounts"]:
    """Those of the data folder, or of the store that the configuration names. Raises WrongUse where there are none."""
    from contextlib import closing

    from collector.config import load
    from collector.config.places import secret_in
    from collector.config.store import Postgres
    from collector.store.access import place
    from collector.store.access.accounts import Accounts

    settings = load(config) if config else None
    if settings is None:
        ledger = place.found(data_dir)
    elif isinstance(settings.store, Postgres):
        ledger = place.shared(settings.store.url, secret_in(settings.store.password_file))
    else:
        ledger = place.found(Path(settings.data_dir))
    with closing(Accounts(ledger)) as accounts:
        yield accounts


def by() -> str:
    """Who sits at this machine, for the audit log."""
    try:
        return f"cli:{getpass.getuser()}"
    except (OSError, KeyError):  # a user without a name, as in some containers
        return "cli"
