"""The part of the configuration about alerts: what sounds, and what belongs together."""

from typing import Annotated

from msgspec import Meta, Struct


class Alerts(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Off until given: a step more severe after `escalate_after_s` without anybody who takes care; an alert that always stands,
    told anew every `watchdog_every_s`."""

    group_radius_m: Annotated[float, Meta(gt=0, le=1000)] = 50.0
    group_within_s: Annotated[float, Meta(ge=0, le=86_400)] = 600.0
    again_within_s: Annotated[float, Meta(ge=0, le=86_400)] = 120.0
    storm_per_minute: Annotated[int, Meta(ge=1)] = 30
    escalate_after_s: Annotated[float, Meta(ge=30)] | None = None
    watchdog_every_s: Annotated[float, Meta(ge=30)] | None = None
