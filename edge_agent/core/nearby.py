"""How a device names itself on the local network, and how that is read: DNS-SD, RFC 6763. Whoever is there may say anything."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address

from event_contract.topics import is_device_name

SERVICE = "_kerbwatch._tcp.local."
FINGERPRINT_PAIRS = 8  # of 32: enough to tell devices apart, and to be compared with a sticker
LONGEST = 100  # of a text that is told


@dataclass(frozen=True, slots=True)
class Nearby:
    """`fingerprint`: the beginning of that of its page's certificate; `addresses`: those of IPv4 first."""

    device: str
    site: str
    addresses: tuple[str, ...]
    port: int
    fingerprint: str
    version: str

    @property
    def url(self) -> str:
        address = self.addresses[0]
        return f"https://{f'[{address}]' if ':' in address else address}:{self.port}/"


def properties(site: str, fingerprint: str, version: str) -> dict[str, str]:
    """What is told beside name, addresses and port. A value of TXT has at most 255 bytes with its key."""
    beginning = ":".join(fingerprint.split(":")[:FINGERPRINT_PAIRS])
    return {"site": site.encode()[:200].decode(errors="ignore"), "sha256": beginning, "version": version}


def read(name: str, addresses: Sequence[str], port: int | None, told: Mapping[bytes, bytes | None]) -> Nearby | None:
    """None for what no device of ours would say. The texts can be shown on a terminal."""
    device = name.removesuffix(f".{SERVICE}")
    if not is_device_name(device) or not addresses or not port:
        return None
    in_order = tuple(sorted(addresses, key=lambda one: ip_address(one.partition("%")[0]).version))
    site, fingerprint, version = (_shown(told.get(key)) for key in (b"site", b"sha256", b"version"))
    return Nearby(device, site, in_order, port, fingerprint, version)


def _shown(told: bytes | None) -> str:
    text = (told or b"").decode(errors="replace")
    return "".join(one for one in text if one.isprintable())[:LONGEST]
