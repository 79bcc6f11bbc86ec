"""Room on the disk that is kept for the day when it is full: then it is given up, and what must be written can be."""

import os
from contextlib import suppress
from pathlib import Path

MOST_BYTES = 1024 * 1024
PART_OF_CAP = 40
SPARE_BYTES = 4 * 1024 * 1024  # more than the reserve must be free before it is made again, or it would come and go


class Reserve:
    """A preallocated file beside the outbox, whose cap is `max_bytes`."""

    def __init__(self, outbox: Path, max_bytes: int) -> None:
        self._path = outbox.with_name(f"{outbox.name}.reserve")
        self._log = outbox.with_name(f"{outbox.name}-wal")
        self.bytes = min(MOST_BYTES, max_bytes // PART_OF_CAP)

    def make(self) -> bool:
        """False when the disk has no room for it."""
        try:
            if self._path.exists():
                return True
            disk = os.statvfs(self._path.parent)
            if disk.f_bavail * disk.f_frsize < self.bytes + SPARE_BYTES:
                return False
            with self._path.open("xb") as file:
                os.posix_fallocate(file.fileno(), 0, self.bytes)
        except OSError:
            self._path.unlink(missing_ok=True)
            return False
        return True

    def give_up(self) -> None:
        """Half of it becomes room of the write-ahead log at once, before another program takes all of it."""
        self._path.unlink(missing_ok=True)
        with suppress(OSError), self._log.open("r+b") as log:
            os.posix_fallocate(log.fileno(), 0, self.bytes // 2)
