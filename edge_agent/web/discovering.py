"""Which devices there are on the local network: whoever announces a page by multicast DNS."""

import time
from collections.abc import Sequence

from zeroconf import DNSQuestionType, InterfaceChoice, ServiceBrowser, ServiceStateChange, Zeroconf

from edge_agent.core.nearby import SERVICE, Nearby, read

ANSWER_MS = 1000
MOST_HEARD = 1000


def around(seconds: float, interfaces: Sequence[str] | None = None) -> list[Nearby]:
    """The devices that answer within that time, by name; it takes as long. `interfaces`: by their addresses, None: all of them.
    Raises OSError."""
    heard: set[str] = set()

    def hear(zeroconf: Zeroconf, service_type: str, name: str, state_change: ServiceStateChange) -> None:
        if state_change is ServiceStateChange.Removed:
            heard.discard(name)
        elif len(heard) < MOST_HEARD:
            heard.add(name)

    with Zeroconf(interfaces=InterfaceChoice.All if interfaces is None else [*interfaces]) as network:
        # answers to all: one to us alone would come to whoever else speaks mDNS on this machine
        ServiceBrowser(network, SERVICE, handlers=[hear], question_type=DNSQuestionType.QM)
        time.sleep(seconds)
        found = [network.get_service_info(SERVICE, name, ANSWER_MS) for name in sorted(heard)]
    told = (read(one.name, one.parsed_scoped_addresses(), one.port, one.properties) for one in found if one is not None)
    return [one for one in told if one is not None]
