"""Opening a database file: whatever is wrong with it is one line, with the file and the next step."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
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
