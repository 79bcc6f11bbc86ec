"""Tells the local network by multicast DNS where the page is, and answers for `<device>.local`."""

import asyncio
from collections.abc import Callable, Sequence
from ipaddress import ip_address

from zeroconf import Error, IPVersion, NonUniqueNameException
from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

from edge_agent.core.nearby import SERVICE
from edge_agent.web.figures import Announced
from edge_agent.web.guard import is_near

LOOK_S = 10.0  # has an address come or gone?


class Announcer:
    """`state`: "taken" while another one on the network bears the name, "failed" while the network takes no multicast."""

    def __init__(self, device: str, port: int, told: dict[str, str], addresses: Callable[[], Sequence[str]]) -> None:
        self._device, self._port, self._told, self._addresses = device, port, told, addresses
        self._network: AsyncZeroconf | None = None
        self.state: Announced = "nowhere"

    async def run(self) -> None:
        """Until it is cancelled; then it says good-bye."""
        at: tuple[str, ...] = ()
        try:
            while True:
                now = tuple(await asyncio.to_thread(self._addresses))
                if now != at or self.state in ("taken", "failed"):
                    await self._leave()
                    self.state = await self._join(now) if now else "nowhere"
                    at = now
                await asyncio.sleep(LOOK_S)
        finally:
            await self._leave()

    async def _join(self, addresses: tuple[str, ...]) -> Announced:
        try:
            self._network = AsyncZeroconf(interfaces=[*addresses], ip_version=_version(addresses))
            await (await self._network.async_register_service(self._info(addresses)))
        except NonUniqueNameException:
            return "taken"
        except (Error, OSError, RuntimeError, TimeoutError):  # RuntimeError: an IPv6 address has gone again
            return "failed"
        return "on"

    async def _leave(self) -> None:
        network, self._network = self._network, None
        if network is not None:
            await network.async_close()

    def _info(self, addresses: tuple[str, ...]) -> AsyncServiceInfo:
        return AsyncServiceInfo(
            SERVICE, f"{self._device}.{SERVICE}", port=self._port, properties=self._told, server=f"{self._device}.local.",
            parsed_addresses=[*addresses],
        )  # fmt: skip


def announced(host: str, own: Sequence[str]) -> tuple[str, ...]:
    """Of the device's own addresses those at which its page, that listens at `host`, serves others; IPv4 where there is any."""
    try:
        at = own if ip_address(host).is_unspecified else [host]
    except ValueError:  # a name; an empty one is every address
        at = () if host else own
    near = [one for one in at if is_near(one)]
    return tuple([one for one in near if ":" not in one] or near)


def _version(addresses: tuple[str, ...]) -> IPVersion:
    return IPVersion.V6Only if ":" in addresses[0] else IPVersion.V4Only
