"""The machine's ways to the network, as far as Linux tells: up or down, addresses, speed, what the radio hears."""

import fcntl
import socket
import struct
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

from edge_agent.core.health.reading import NetworkReading
from edge_agent.health.files import read_number, read_text

SIOCGIFADDR = 0x8915
LOOPBACK = "lo"
LINK_SCOPE = 0x20  # of /proc/net/if_inet6
DIALLED = ("ppp", "wwan")  # of a modem; they have no device of their own below them


@dataclass(frozen=True, slots=True)
class Interface:
    """`speed_mbps` of a cable, `signal_dbm` of a radio; None where it does not tell. `up`: it carries something."""

    name: str
    up: bool
    addresses: tuple[str, ...]
    speed_mbps: int | None
    signal_dbm: float | None
    received_bytes: int
    sent_bytes: int
    errors: int


def interfaces(sys_dir: Path = Path("/sys"), proc_dir: Path = Path("/proc")) -> list[Interface]:
    """All but the loopback, those that are up first."""
    signals, sixes = _signals(proc_dir), _sixes(proc_dir)
    found = []
    for folder in sorted((sys_dir / "class/net").glob("*")):
        if folder.name == LOOPBACK or not folder.is_dir():
            continue
        figures = folder / "statistics"
        speed = read_number(folder / "speed") or 0  # -1 of a cable that is not plugged in
        found.append(
            Interface(
                name=folder.name,
                up=read_number(folder / "carrier") == 1,
                addresses=(*_fours(folder.name), *sixes.get(folder.name, ())),
                speed_mbps=speed if speed > 0 else None,
                signal_dbm=signals.get(folder.name),
                received_bytes=read_number(figures / "rx_bytes") or 0,
                sent_bytes=read_number(figures / "tx_bytes") or 0,
                errors=sum(read_number(figures / f"{way}_errors") or 0 for way in ("rx", "tx")),
            )
        )
    return sorted(found, key=lambda one: not one.up)


def read_network(sys_dir: Path = Path("/sys"), proc_dir: Path = Path("/proc")) -> NetworkReading | None:
    """None where there is no interface of hardware, as in a container."""
    folder = sys_dir / "class/net"
    there = [
        one for one in interfaces(sys_dir, proc_dir) if one.name.startswith(DIALLED) or (folder / one.name / "device").exists()
    ]
    if not there:
        return None
    signals = [one.signal_dbm for one in there if one.up and one.signal_dbm is not None]
    return NetworkReading(tuple(one.name for one in there if one.up), max(signals, default=None))


def _fours(name: str) -> tuple[str, ...]:
    """Its first IPv4 address: more than one has no machine of ours."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            told = fcntl.ioctl(probe.fileno(), SIOCGIFADDR, struct.pack("256s", name.encode()[:15]))
        except OSError:
            return ()
    return (str(IPv4Address(told[20:24])),)


def _sixes(proc_dir: Path) -> dict[str, list[str]]:
    """Those that are not of the link alone, as far as the list is read: the last line may be cut off."""
    found: dict[str, list[str]] = {}
    for line in (read_text(proc_dir / "net/if_inet6") or "").splitlines():
        match line.split():
            case [digits, _, _, scope, _, name] if int(scope, 16) != LINK_SCOPE:
                found.setdefault(name, []).append(str(IPv6Address(int(digits, 16))))
    return found


def _signals(proc_dir: Path) -> dict[str, float]:
    """`wlan0: 0000   54.  -56.  -256  ...`, below two lines of headings."""
    found = {}
    for line in (read_text(proc_dir / "net/wireless") or "").splitlines()[2:]:
        name, _, rest = line.partition(":")
        if len(rest.split()) > 2:
            found[name.strip()] = float(rest.split()[2].rstrip("."))
    return found
