"""Staged alerts for who tries an interface out: (staged, phase, now) -> an alert that no incident stands behind."""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct
from msgspec.structs import replace

from collector.core.alerts import EXERCISES, Action, Alert, with_state
from event_contract.kinds import INCIDENT_KINDS, Severity
from event_contract.messages import Position
from event_contract.times import format_time

Phase = Literal["update", "end"]
Text = Annotated[str, Meta(max_length=120, pattern=r"^[^\x00-\x1f]*$")]


class Staged(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What to stage; `kind` as in suspected_accident."""

    kind: Text = "stopped_vehicle"
    severity: Severity = "high"
    device: Annotated[str, Meta(pattern=r"^[a-z0-9-]{1,63}$")] = "exercise-01"
    site: Text = ""
    camera: Text = "exercise"
    lane: Text | None = None
    lon: Annotated[float, Meta(ge=-180, le=180)] | None = None
    lat: Annotated[float, Meta(ge=-90, le=90)] | None = None


def begin(staged: Staged, name: str, now: float) -> tuple[Alert, Action]:
    """Raises KeyError for a kind that is none."""
    kind, at = INCIDENT_KINDS[staged.kind], format_time(now)
    placed = staged.lon is not None and staged.lat is not None
    alert = Alert(
        id=EXERCISES + name,
        device=staged.device,
        site=staged.site,
        kind=staged.kind,
        severity=staged.severity,
        state="open",
        camera=staged.camera or None,
        lane=staged.lane,
        confidence=1.0,
        started_at=at,
        updated_at=at,
        ended_at=None,
        opened_at=at,
        received_at=at,
        late=False,
        position=Position(lon=staged.lon, lat=staged.lat) if placed else None,  # type: ignore[arg-type]
        revision=1,
        title={"vi": kind.vi, "en": kind.en},
        heard=True,
        exercise=True,
    )
    return alert, Action("open", audible=False)


def go_on(alert: Alert, phase: Phase, now: float) -> tuple[Alert, Action | None]:
    """Told again, or over; what is over stays so."""
    if alert.told == "closed":
        return alert, None
    at = format_time(now)
    told: dict[str, Any] = {"updated_at": at, "received_at": at, "revision": alert.revision + 1}
    if phase == "end":
        return with_state(replace(alert, **told, over=True, ended_at=at)), Action("close", audible=False)
    return replace(alert, **told), Action("update", audible=False)
