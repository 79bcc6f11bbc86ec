"""Opening a database: whatever is wrong with it is one line, with the next step."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from collector.core.errors import Told


class StoreUnavailable(Told):
    """The database cannot be opened, or refused a commit (disk full, locked, damaged); nothing of the batch was stored."""


@contextmanager
def told_of(path: Path) -> Iterator[None]:
    """What fails inside is raised as StoreUnavailable."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise StoreUnavailable(
            f"{path}: {getattr(error, 'strerror', None) or error}; it has to be a database that this user may write; "
            "put a copy back in place of a damaged one, or move it away to begin anew"
        ) from error


def need_driver() -> None:
    """PostgreSQL's driver is an extra. Raises StoreUnavailable when it is not installed."""
    if find_spec("psycopg") is None or find_spec("psycopg_pool") is None:
        raise StoreUnavailable("PostgreSQL: its driver is not installed; pip install 'kerbwatch[postgres]'")
