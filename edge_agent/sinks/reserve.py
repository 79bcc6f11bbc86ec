"""Room on the disk that is kept for the day when it is full: then it is given up, and what must be written can be."""

import os
from pathlib import Path

MOST_BYTES = 1024 * 1024
PART_OF_CAP = 40
SPARE_BYTES = 4 * 1024 * 1024  # more than the reserve must be free before it is made again, or it would come and go


class Reserve:
    """A preallocated file beside the outbox."""

    def __init__(self, path: Path, max_bytes: int) -> None:
        """`max_bytes`: the cap of the outbox."""
        self._path = path
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
            self.give_up()
            return False
        return True

    def give_up(self) -> None:
        self._path.unlink(missing_ok=True)
