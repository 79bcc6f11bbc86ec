"""What the commands have in common that change who may do what: they open the data folder themselves, and are audited."""

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from collector.core.errors import WrongUse

if TYPE_CHECKING:
    from collector.store.access.accounts import Accounts


@contextmanager
def accounts_in(data_dir: Path) -> Iterator["Accounts"]:
    """Raises WrongUse where no collector has ever served from."""
    from contextlib import closing

    from collector.store.access.accounts import ACCOUNTS, Accounts

    if not data_dir.is_dir():
        raise WrongUse(f"--data-dir {data_dir}: no such folder; `collector serve` makes it")
    with closing(Accounts(data_dir / ACCOUNTS)) as accounts:
        yield accounts


def by() -> str:
    """Who sits at this machine, for the audit log."""
    try:
        return f"cli:{getpass.getuser()}"
    except (OSError, KeyError):  # a user without a name, as in some containers
        return "cli"
