"""How a board tells that it is too hot, is slowed down, or gets too little voltage: one small class each."""

import subprocess
from pathlib import Path
from typing import Protocol

from edge_agent.core.health.reading import BoardReading
from edge_agent.health.files import read_number, read_text
from edge_agent.health.thermal import nearest_to_limit, slowed_down

MODEL = "firmware/devicetree/base/model"
PI_LIMIT_C = 80.0  # from here on a Raspberry Pi's firmware lowers its frequencies
USUAL_LIMIT_C = 85.0
GET_THROTTLED = "devices/platform/soc*/soc*:firmware/get_throttled"  # hexadecimal, as `vcgencmd get_throttled`
UNDERVOLTAGE, SLOWED, EVER = 0b0001, 0b0110, 16  # 0b1000 is the soft limit of some at 60 degrees: no harm yet
VCGENCMD_S = 2.0


class Board(Protocol):
    """`read` may wait for a second or two, and raises nothing."""

    def read(self) -> BoardReading: ...


class RaspberryPi:
    """Its firmware keeps what was since boot, too."""

    def __init__(self, sys_dir: Path, vcgencmd: str = "vcgencmd") -> None:
        self._sys_dir, self._vcgencmd = sys_dir, vcgencmd

    def read(self) -> BoardReading:
        bits, (heat, _) = self._bits(), nearest_to_limit(self._sys_dir, PI_LIMIT_C)
        if bits is None:
            return BoardReading(heat, PI_LIMIT_C)
        ever = bits >> EVER
        return BoardReading(
            heat, PI_LIMIT_C, bool(bits & UNDERVOLTAGE), bool(ever & UNDERVOLTAGE), bool(bits & SLOWED), bool(ever & SLOWED)
        )

    def _bits(self) -> int | None:
        for path in sorted(self._sys_dir.glob(GET_THROTTLED)):
            if (bits := read_number(path, 16)) is not None:
                return bits
        return self._asked()

    def _asked(self) -> int | None:
        """`throttled=0x50005`, from the firmware by way of its tool."""
        try:
            told = subprocess.run(
                [self._vcgencmd, "get_throttled"], capture_output=True, text=True, timeout=VCGENCMD_S, check=True
            )
            return int(told.stdout.partition("=")[2], 16)
        except (OSError, ValueError, subprocess.SubprocessError):
            return None


class Jetson:
    """It slows itself down by cooling devices, and counts how often its supply gave too little (Orin: `ocN_event_cnt`).

    What each of the counters stands for differs between modules; all of them mean a supply that could not follow. What they
    counted while the board started is not told.
    """

    def __init__(self, sys_dir: Path) -> None:
        self._sys_dir = sys_dir
        self._first = self._last = self._events()

    def read(self) -> BoardReading:
        before, self._last = self._last, self._events()
        events, heat = self._last, nearest_to_limit(self._sys_dir, USUAL_LIMIT_C)
        if events is None or before is None or self._first is None:
            return BoardReading(*heat, throttled=slowed_down(self._sys_dir))
        return BoardReading(*heat, events > before, events > self._first, slowed_down(self._sys_dir))

    def _events(self) -> int | None:
        counts = [read_number(path) for path in self._sys_dir.glob("class/hwmon/hwmon*/oc*_event_cnt")]
        known = [count for count in counts if count is not None]
        return sum(known) if known else None


class OtherBoard:
    """Whatever Linux runs on: an x86 box tells its heat, and whether the kernel slows it down."""

    def __init__(self, sys_dir: Path) -> None:
        self._sys_dir = sys_dir

    def read(self) -> BoardReading:
        return BoardReading(*nearest_to_limit(self._sys_dir, USUAL_LIMIT_C), throttled=slowed_down(self._sys_dir))


def find_board(sys_dir: Path = Path("/sys")) -> Board:
    """By the model that the device tree names; PCs have none."""
    model = (read_text(sys_dir / MODEL) or "").lower()
    if "raspberry pi" in model:
        return RaspberryPi(sys_dir)
    return Jetson(sys_dir) if "jetson" in model or "nvidia" in model else OtherBoard(sys_dir)
