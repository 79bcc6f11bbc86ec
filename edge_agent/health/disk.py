"""Room on the disk that holds `data_dir`, whether it can be written, and how worn it is where it tells.

An eMMC tells its age in steps of a tenth (JEDEC eMMC 5.0: of DEVICE_LIFE_TIME_EST 1 is up to 10 %, 11 beyond 100 %; of
PRE_EOL_INFO 1 is normal). Most SD cards tell nothing.
"""

import os
from pathlib import Path

from edge_agent.core.health.reading import DiskReading
from edge_agent.health.files import read_text

NORMAL, BEYOND = 1, 11


def read_disk(data_dir: Path, sys_dir: Path = Path("/sys")) -> DiskReading | None:
    """None when the file system does not answer. `data_dir` need not be there yet."""
    try:
        there = next((path for path in (data_dir, *data_dir.parents) if path.exists()), None)
        if there is None:
            return None
        room, device = os.statvfs(there), there.stat().st_dev
    except OSError:
        return None
    used, low = _wear(sys_dir, device)
    free, total = room.f_bavail * room.f_frsize, room.f_blocks * room.f_frsize
    return DiskReading(free, total, not room.f_flag & os.ST_RDONLY, used, low)


def _wear(sys_dir: Path, device: int) -> tuple[float | None, bool]:
    """(share of its life that is used at least, whether its spare blocks run out) of the disk below a file system."""
    block = (sys_dir / f"dev/block/{os.major(device)}:{os.minor(device)}").resolve()
    disk = block if (block / "device").exists() else block.parent  # a partition lies in its disk's folder
    life = _numbers(read_text(disk / "device/life_time"))
    spare = _numbers(read_text(disk / "device/pre_eol_info"))
    tenth = min(max(life, default=0), BEYOND)
    return ((tenth - 1) / 10 if tenth else None), max(spare, default=0) > NORMAL


def _numbers(text: str | None) -> list[int]:
    """`0x01 0x02` -> [1, 2]: of two kinds of cells the more worn one counts."""
    try:
        return [int(part, 16) for part in (text or "").split()]
    except ValueError:
        return []
