"""The part of the configuration about webhooks: who may be told by one."""

from ipaddress import ip_network
from typing import Annotated

from msgspec import Meta, Struct


class Webhooks(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """By HTTPS at public addresses, unless it says otherwise here."""

    allow_http: bool = False
    allowed_networks: Annotated[tuple[str, ...], Meta(max_length=100)] = ()
    timeout_s: Annotated[float, Meta(ge=15, le=30)] = 20.0


def check_webhooks(webhooks: Webhooks) -> None:
    """Raises ValueError with the key."""
    for n, network in enumerate(webhooks.allowed_networks):
        try:
            ip_network(network)
        except ValueError as error:
            raise ValueError(f"webhooks.allowed_networks[{n}]: {error}; expected one such as 10.0.0.0/8") from None
