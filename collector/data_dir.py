"""The folder in which a running collector keeps everything: made when it is missing, and held against a second one."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from collector.core.errors import Told

LOCK_FILE = "lock"


class DataDirUnusable(Told):
    """Why nothing can be kept there."""


@contextmanager
def held(data_dir: Path) -> Iterator[None]:
    """The folder, and nobody else's for as long. The lock goes with the process, however it ends. Raises DataDirUnusable."""
    try:
        data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = os.open(data_dir / LOCK_FILE, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise DataDirUnusable(f"data_dir {data_dir}: {error.strerror}; choose another with --data-dir") from error
    with os.fdopen(lock, "r+", errors="replace") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            file.truncate()
            file.write(f"process {os.getpid()}\n")
            file.flush()
        except BlockingIOError as error:
            holder = file.readline(80).strip() or "process that just started"
            raise DataDirUnusable(
                f"data_dir {data_dir}: held by {holder}, another `collector serve`; stop it, or choose another with --data-dir"
            ) from error
        except OSError as error:
            raise DataDirUnusable(f"{data_dir / LOCK_FILE}: {error.strerror}; choose another place with --data-dir") from error
        yield
