"""Alerts, opened, updated and closed from what devices report: (alert, report, now) -> (alert, action).

Reports of one incident arrive more than once and out of order. The highest revision wins, so any order gives the same
alert in the end. An agent that was started again knows nothing of the incidents of its earlier run, so the newer run ends
what the older one left open; a report that was still under way then, the end that the older run told, wins over that.
"""

from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from collector.core.standing import LIVE, NOTHING_SAID, Deed, Said, State, Told, shown, told_anew, worse
from event_contract.kinds import INCIDENT_KINDS, Severity
from event_contract.messages import IncidentData, LostData, Position, RoadUserData
from event_contract.times import format_time
from event_contract.topics import COLLECTOR

ActionName = Literal["open", "update", "close"] | Deed | Literal["undo", "escalate"]
Quiet = Literal["duplicate", "grouped", "inhibited", "silenced", "maintenance", "storm"]


class AlertClock(msgspec.Struct, frozen=True):
    """Was the device's clock set when it told its times, and if not, have they been set right since?"""

    synced: bool = True
    corrected: bool = False


CLOCK_WAS_SET = AlertClock()
EXERCISES = f"{COLLECTOR}/_exercise/"  # what ids of exercises begin with; no device can be called like this


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """One alert as the interfaces show it. `id` = `<device>/<incident>`, or see `own_id`; `seq` numbers its newest change.

    `state` is what follows from what was told of it and what people `said`. `group` is the id of the alert that it belongs to.
    `quiet`: why it makes no sound though it came in time; `because` of which alert or silence. `maintenance`: until when
    somebody worked at its device while it was told.
    """

    id: str
    device: str
    site: str
    kind: str
    severity: Severity
    state: State
    over: bool = False  # told as ended; before people could say anything `state` alone told it
    said: Said = NOTHING_SAID
    camera: str | None = None
    sensor: str | None = None
    lane: str | None = None
    run: str | None = None  # the agent's run that told it; none for the collector's own alarms
    confidence: float
    started_at: str
    updated_at: str
    ended_at: str | None
    ended_by: Literal["run_over"] | None = None  # none: by its device
    opened_at: str  # when the first report of it reached the collector
    received_at: str  # when the report shown here did
    late: bool  # no report of it arrived within 10 minutes: no sound, nobody is paged
    clock: AlertClock = CLOCK_WAS_SET
    box: tuple[float, float, float, float] | None = None
    position: Position | None = None
    road_users: tuple[RoadUserData, ...] = ()
    detail: dict[str, Any] = {}
    revision: int
    rule_version: int = 1
    model: str | None = None  # of its camera when it was told first, if its birth was known
    title: dict[str, str]
    group: str | None = None
    quiet: Quiet | None = None
    because: str | None = None
    maintenance: str | None = None
    heard: bool = False  # it has sounded
    escalated_at: str | None = None
    exercise: bool = False  # staged: only who asks for exercises is told
    seq: int = 0

    @property
    def told(self) -> Told:
        return "closed" if self.over or self.state == "closed" else "open"

    @property
    def live(self) -> bool:
        return self.state in LIVE


def with_state(alert: Alert) -> Alert:
    """The alert with the state that follows from what its device told and what people said."""
    state = shown(alert.told, alert.said)
    return msgspec.structs.replace(alert, over=alert.told == "closed", state=state)


@dataclass(frozen=True, slots=True)
class Action:
    """What happened to an alert; `audible` when an operator has to hear of it now."""

    name: ActionName
    audible: bool


@dataclass(frozen=True, slots=True)
class Report:
    """An incident as one device told it. `late`: older than 10 minutes when it arrived.

    `run_over_at`: since when, in Unix seconds, a newer run of the device is known.
    """

    device: str
    site: str
    data: IncidentData
    late: bool
    run_over_at: float | None = None
    clock: AlertClock = CLOCK_WAS_SET
    model: str | None = None


def decide(known: Alert | None, report: Report, now: float) -> tuple[Alert | None, Action | None]:
    """The alert after the report and what happened to it; no action when nothing changed. Shadow reports never alert."""
    if report.data.shadow:
        return known, None
    told = after = _alert(report, now)
    if known is not None:
        newest = told if told.revision > known.revision else known
        after = msgspec.structs.replace(
            newest,
            opened_at=min(known.opened_at, told.opened_at),
            late=known.late and told.late,
            severity=worse(known.severity, told.severity),
            said=told_anew(known.told, newest.told, known.said),
            **{name: getattr(known, name) for name in _OF_THE_COLLECTOR},
        )
    if report.run_over_at is not None:
        over_at = known.ended_at if known and known.ended_by else None
        after = end_run(after, over_at or format_time(report.run_over_at))
    after = with_state(after)
    return after, action(known, after)


_HEEDED = ("group", "quiet", "because", "maintenance", "heard")
_OF_THE_COLLECTOR = ("model", *_HEEDED, "escalated_at", "seq")  # no later report changes these


def end_run(alert: Alert, at: str) -> Alert:
    """The alert now that a newer run of its device began: what is open nobody will end any more, so it ends here."""
    if alert.told == "closed":
        return alert
    return with_state(msgspec.structs.replace(alert, over=True, ended_at=at, ended_by="run_over"))


def lose(known: Alert | None, device: str, site: str, lost: LostData, at: str, now: float) -> tuple[Alert, Action]:
    """One alert per stream sums up the notices of its losses; each notice is given once. A loss is over when it is told."""
    before = known.detail if known else {"first": lost.first, "last": lost.last, "messages": 0}
    detail = {
        "reason": "lost",
        "cause": lost.reason,
        "stream": lost.stream,
        "first": min(before["first"], lost.first),
        "last": max(before["last"], lost.last),
        "messages": before["messages"] + lost.last - lost.first + 1,
    }
    alert = fault(known, device, site, f"lost/{lost.stream}", detail, at, now, ended=True)
    return alert, action(known, alert) or Action("update", audible=False)


def own_id(device: str, incident: str) -> str:
    """The id of an alarm of the collector's own; no device can be called `collector`, so none can tell the same."""
    return f"{COLLECTOR}/{device}/{incident}"


def fault(
    known: Alert | None, device: str, site: str, incident: str, detail: dict[str, Any], at: str, now: float, *, ended: bool
) -> Alert:
    """An alert of kind device_fault that the collector raises, updates or (`ended`) closes; raised again, it begins anew."""
    kind = INCIDENT_KINDS["device_fault"]
    stands = known if known and (ended or known.told == "open") else None
    alert = Alert(
        id=own_id(device, incident),
        device=device,
        site=site,
        kind="device_fault",
        severity=worse(kind.severity, stands.severity) if stands else kind.severity,
        state="open",
        over=ended,
        said=stands.said if stands else NOTHING_SAID,
        confidence=1.0,
        started_at=stands.started_at if stands else at,
        updated_at=at,
        ended_at=at if ended else None,
        opened_at=stands.opened_at if stands else format_time(now),
        received_at=format_time(now),
        late=False,
        detail=detail,
        revision=known.revision + 1 if known else 1,
        title={"vi": kind.vi, "en": kind.en},
        seq=known.seq if known else 0,
        **{name: getattr(stands, name) for name in _HEEDED if stands},
    )
    return with_state(alert)


def _alert(report: Report, now: float) -> Alert:
    data = report.data
    kind = INCIDENT_KINDS[data.kind]
    heard = format_time(now)
    return Alert(
        id=f"{report.device}/{data.incident}",
        device=report.device,
        site=report.site,
        kind=data.kind,
        severity=data.severity,
        state="closed" if data.phase == "end" else "open",
        over=data.phase == "end",
        camera=data.camera,
        sensor=data.sensor,
        lane=data.lane,
        run=data.run,
        confidence=data.confidence,
        started_at=data.started_at,
        updated_at=data.updated_at,
        ended_at=data.ended_at,
        opened_at=heard,
        received_at=heard,
        late=report.late,
        clock=report.clock,
        box=data.box,
        position=data.position,
        road_users=data.road_users,
        detail=data.detail,
        revision=data.revision,
        rule_version=data.rule_version,
        model=report.model,
        title={"vi": kind.vi, "en": kind.en},
    )


def action(before: Alert | None, after: Alert) -> Action | None:
    """What turns `before` into `after`; None when nothing changed. A person who cares already hears only of what got worse."""
    if before == after:
        return None
    opens = before is None or not before.live
    if not after.live:
        return Action("close" if before is None or before.live else "update", audible=False)
    worsened = before is not None and before.severity != after.severity and after.severity in LOUD
    unheard = opens or (before is not None and before.late and after.state == "open") or worsened
    return Action("open" if opens else "update", audible=unheard and not after.late)


LOUD: tuple[Severity, ...] = ("high", "critical")
