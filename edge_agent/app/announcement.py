"""What a device announces of itself: only where its page is served to others, and where nobody has forbidden it."""

from ipaddress import ip_address

from edge_agent import __version__
from edge_agent.config import AgentConfig, WebConfig
from edge_agent.core.nearby import properties
from edge_agent.health.network import interfaces
from edge_agent.web.announcing import Announcer, announced


def build_announcer(config: AgentConfig, web: WebConfig, fingerprint: str) -> Announcer | None:
    """None: it keeps to itself."""
    if not web.announce or serves_itself_alone(web.host):
        return None

    def addresses() -> tuple[str, ...]:
        return announced(web.host, [address for one in interfaces() if one.up for address in one.addresses])

    return Announcer(config.device, web.port, properties(config.site, fingerprint, __version__), addresses)


def serves_itself_alone(host: str) -> bool:
    """Who listens there is reached from this machine only."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
