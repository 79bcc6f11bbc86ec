"""Where webhooks may go: to public addresses by HTTPS, unless the configuration opens more.

A name is judged when it is connected to, by what it stands for then.
"""

import socket
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any
from urllib.parse import urlsplit

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from collector.config.webhooks import Webhooks
from collector.core.errors import WrongUse


class AddressRefused(OSError):
    """A receiver's address that is not to be asked."""


def check_url(url: str, rules: Webhooks) -> None:
    """Raises WrongUse for what can never be asked; the address of a name is looked at when it is."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise WrongUse(f"url {url[:80]!r}: expected https://host/path") from None
    if parts.scheme not in ("http", "https"):
        raise WrongUse(f"url {url[:80]!r}: expected https://host/path, mailto:NAME@HOST or mqtt:TOPIC")
    if parts.scheme == "http" and not rules.allow_http:
        raise WrongUse(f"url {url[:80]!r}: expected https://; webhooks.allow_http = true lets plain HTTP through")
    if not host or port == 0 or any(ord(char) <= 32 for char in url):
        raise WrongUse(f"url {url[:80]!r}: expected https://host/path")
    if parts.username is not None or parts.password is not None:
        raise WrongUse("url: holds a user or a password; receivers know the sender by its signature")
    address = _address(host)
    if address is not None and not is_allowed(address, rules):
        raise WrongUse(f"url: {host} is no public address; webhooks.allowed_networks opens networks of your own")


def is_allowed(address: IPv4Address | IPv6Address, rules: Webhooks) -> bool:
    if isinstance(address, IPv6Address) and (within := address.ipv4_mapped or address.sixtofour) is not None:
        address = within
    if any(address in ip_network(network) for network in rules.allowed_networks):
        return True
    return address.is_global and not address.is_multicast and not address.is_reserved


class Guarded(AbstractResolver):
    """Every address of a name must be allowed; what is connected to is what was looked at."""

    def __init__(self, rules: Webhooks) -> None:
        self._rules = rules
        self._resolver = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._resolver.resolve(host, port, family)
        self._check(host, found)
        return found

    async def close(self) -> None:
        await self._resolver.close()

    def _check(self, host: str, found: Sequence[Any]) -> None:
        for one in found:
            if not is_allowed(ip_address(one["host"].partition("%")[0]), self._rules):
                raise AddressRefused(f"{host} is at {one['host']}, no public address")


def _address(host: str) -> IPv4Address | IPv6Address | None:
    """Also of the forms that only the C library reads, as in 127.1 or 0x7f000001."""
    try:
        return ip_address(host.partition("%")[0])
    except ValueError:
        pass
    try:
        return ip_address(socket.inet_aton(host)) if host[0].isdigit() else None
    except OSError:
        return None
