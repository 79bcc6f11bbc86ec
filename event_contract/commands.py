"""What a collector asks of a device besides taking its events, and what the device answers: now one still of an alert."""

from typing import Literal

from msgspec import Struct

Outcome = Literal["done", "refused", "failed"]


class StillRequest(Struct, frozen=True, kw_only=True, tag_field="kind", tag="still"):
    """A picture of what `incident` tells, at the time `at`, to be POSTed as JPEG to `/api/v1/stills/<id>` of the collector that
    the device's own configuration names. `token` is good once, within `within_s` from now."""

    id: str
    incident: str
    camera: str
    at: str
    token: str
    within_s: float


class CommandResponse(Struct, frozen=True, kw_only=True):
    """What became of the request `id`. `code` is for programs, `reason` for people; both are empty when it is done."""

    id: str
    outcome: Outcome
    code: str = ""
    reason: str = ""
