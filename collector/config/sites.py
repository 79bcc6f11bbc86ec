"""The part of the configuration about places: where devices stand."""

from collections.abc import Iterable
from typing import Annotated

from msgspec import Meta, Struct


class Site(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`site` as devices call it themselves, or the name of one device, which wins."""

    site: Annotated[str, Meta(min_length=1)]
    road: str = ""
    lon: Annotated[float, Meta(ge=-180, le=180)] | None = None
    lat: Annotated[float, Meta(ge=-90, le=90)] | None = None


def check_sites(sites: Iterable[Site]) -> None:
    """Raises ValueError with the key."""
    named: set[str] = set()
    for n, site in enumerate(sites):
        if (site.lon is None) != (site.lat is None):
            raise ValueError(f"sites[{n}]: lon and lat go together; give both or neither")
        if site.site in named:
            raise ValueError(f"sites[{n}].site: {site.site!r} is there twice; leave one out")
        named.add(site.site)
