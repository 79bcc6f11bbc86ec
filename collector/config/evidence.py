"""The part of the configuration about evidence: where the city's own video shows an alert, and stills on request."""

from typing import Annotated

from msgspec import Meta, Struct

from collector.core import deep_link


class CameraLink(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A template of its own for one device, or for one of its cameras."""

    device: Annotated[str, Meta(pattern=r"^[a-z0-9-]{1,63}$")]
    camera: Annotated[str, Meta(min_length=1, max_length=120)] | None = None
    link: str


class Evidence(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Links lead to the video of `lead_s` before an alert's beginning. Stills are asked for only where both sides opted in."""

    link: str | None = None
    lead_s: Annotated[float, Meta(ge=0, le=3600)] = 10.0
    links: Annotated[tuple[CameraLink, ...], Meta(max_length=10_000)] = ()
    stills: bool = False
    keep_h: Annotated[float, Meta(gt=0, le=720)] = 72.0


def check_evidence(evidence: Evidence) -> None:
    """Raises ValueError with the key."""
    own = [(f"evidence.links[{n}].link", one.link) for n, one in enumerate(evidence.links)]
    for key, template in [("evidence.link", evidence.link), *own]:
        try:
            if template is not None:
                deep_link.check(template)
        except ValueError as error:
            raise ValueError(f"{key}: {error}") from None
