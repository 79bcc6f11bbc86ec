"""The device's clocks, and whether the kernel says that wall time is synchronised."""

import ctypes
import ctypes.util
import time
from pathlib import Path

from event_contract.messages import Clock

TIME_ERROR = 5  # adjtimex(2): the clock is not synchronised
STA_UNSYNC = 0x0040


class _Timex(ctypes.Structure):
    """struct timex of adjtimex(2), up to the fields that are read; the rest is room for the kernel to write."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("room", ctypes.c_byte * 256),
    )


_LIBC = ctypes.CDLL(ctypes.util.find_library("c"), use_errno=True)


def boot_id() -> str:
    """Eight hexadecimal digits that change with every boot."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().replace("-", "")[:8]


def read_clock(boot: str) -> Clock:
    """Now: seconds since boot, and how far wall time can be trusted."""
    timex = _Timex()
    state = _LIBC.adjtimex(ctypes.byref(timex))
    synced = state not in (-1, TIME_ERROR) and not timex.status & STA_UNSYNC
    error_ms = round(timex.esterror / 1000, 1) if synced else None
    return Clock(mono_s=round(time.monotonic(), 3), boot=boot, synced=synced, error_ms=error_ms)
