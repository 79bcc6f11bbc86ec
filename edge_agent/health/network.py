"""Which ways out of the device are up, and how well its Wi-Fi is received."""

from pathlib import Path

from edge_agent.core.health.reading import NetworkReading
from edge_agent.health.files import read_number, read_text

DIALLED = ("ppp", "wwan")  # of a modem; they have no device of their own below them


def read_network(sys_dir: Path, proc_dir: Path) -> NetworkReading | None:
    """None where there is no interface of hardware, as in a container."""
    all_of_them = sorted(sys_dir.glob("class/net/*"))
    there = [path for path in all_of_them if (path / "device").exists() or path.name.startswith(DIALLED)]
    if not there:
        return None
    up = tuple(path.name for path in there if read_number(path / "carrier") == 1)  # it cannot be read of one that is off
    levels = _levels_dbm(read_text(proc_dir / "net/wireless") or "")
    return NetworkReading(up, max((level for name, level in levels.items() if name in up), default=None))


def _levels_dbm(text: str) -> dict[str, float]:
    """/proc/net/wireless: two lines of head, then `wlan0: 0000   54.  -56.  -256 ...`, of which the third is the level."""
    lines = [line.split() for line in text.splitlines()[2:]]
    try:
        return {words[0].rstrip(":"): float(words[3]) for words in lines if len(words) > 3}
    except ValueError:
        return {}
