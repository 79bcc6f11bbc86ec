"""What the scorecard is made of: alerts with verdicts, incidents of rules on trial, and how long cameras were watched."""

from collections.abc import Iterator
from typing import Any

import msgspec

from collector.core import scorecard
from collector.core.alerts import CLOCK_WAS_SET, AlertClock
from collector.core.rollup import DAY_S, HOUR_S, CameraSums
from collector.core.scorecard import Camera, Told
from collector.core.standing import NOTHING_SAID, Said
from collector.store.engines.db import Db
from event_contract.kinds import INCIDENT_KINDS
from event_contract.messages import CloudEvent, IncidentData, decode_body
from event_contract.times import parse_time

MOST_ALERTS = 200_000  # the newest ones
MOST_ON_TRIAL = 20_000  # of a kind, their messages


class _Alert(msgspec.Struct):
    """What is read of each: there may be many."""

    device: str
    kind: str
    started_at: str
    opened_at: str
    updated_at: str
    late: bool
    camera: str | None = None
    ended_at: str | None = None
    rule_version: int = 1
    model: str | None = None
    clock: AlertClock = CLOCK_WAS_SET
    said: Said = NOTHING_SAID


def scored(db: Db, first_s: float, before_s: float) -> dict[str, list[dict[str, Any]]]:
    """The scorecard of the alerts that were opened in this span of time."""
    live = list(_alerts(db, first_s, before_s))
    shadow = list(_on_trial(db, first_s, before_s))
    days = watched_days(db, first_s, before_s)
    rules, totals = scorecard.score(live, days), scorecard.totals(live, days)
    return {"rules": rules, "totals": totals, "shadow": scorecard.trial(shadow, live)}


def watched_days(db: Db, first_s: float, before_s: float) -> dict[Camera, float]:
    """By the minutes of traffic that were counted, in whole hours of the span."""
    rows = db.execute(
        "SELECT device, camera, sums FROM traffic_sums WHERE span = 'hour' AND begins > ? AND begins < ?",
        (first_s - HOUR_S, before_s),
    )
    days: dict[Camera, float] = {}
    for device, camera, sums in rows:
        observed_ms = msgspec.json.decode(sums, type=CameraSums).observed_ms
        days[device, camera] = days.get((device, camera), 0.0) + observed_ms / 1000 / DAY_S
    return days


def _alerts(db: Db, first_s: float, before_s: float) -> Iterator[Told]:
    """Those of cameras; what the collector tells of devices is no rule's work."""
    for (body,) in db.execute("SELECT body FROM alerts ORDER BY seq DESC LIMIT ?", (MOST_ALERTS,)):
        alert = _decoder.decode(body)
        opened_s = parse_time(alert.opened_at)
        if alert.camera is None or not first_s <= opened_s < before_s:
            continue
        began_s = _moment(alert.started_at, opened_s)
        ended_s = _moment(alert.ended_at or alert.updated_at, began_s)
        timed = alert.clock == CLOCK_WAS_SET and not alert.late and began_s <= opened_s
        yield Told(
            alert.device,
            alert.camera,
            alert.kind,
            alert.rule_version,
            alert.model,
            began_s,
            ended_s,
            alert.said.verdict,
            opened_s - began_s if timed else None,
        )


def _on_trial(db: Db, first_s: float, before_s: float) -> Iterator[Told]:
    """Each incident once, as its highest revision tells it."""
    newest: dict[tuple[str, str], IncidentData] = {}
    query = (
        "SELECT device, payload FROM events WHERE kind = ? AND class = 'state' AND clock <> 'unknown' AND at >= ? AND at < ?"
        " ORDER BY n DESC LIMIT ?"
    )
    for kind in INCIDENT_KINDS:
        for device, payload in db.execute(query, (kind, first_s, before_s, MOST_ON_TRIAL)):
            body = decode_body(msgspec.json.decode(payload, type=CloudEvent).data)
            if isinstance(body, IncidentData) and body.shadow and body.camera:
                known = newest.get((device, body.incident))
                newest[device, body.incident] = body if known is None or body.revision > known.revision else known
    for (device, _), body in newest.items():
        began_s = _moment(body.started_at, first_s)
        ended_s = _moment(body.ended_at or body.updated_at, began_s)
        yield Told(device, body.camera or "", body.kind, body.rule_version, None, began_s, ended_s)


def _moment(text: str, instead: float) -> float:
    """As a device told it; it may be none."""
    try:
        return parse_time(text)
    except (ValueError, OverflowError):
        return instead


_decoder = msgspec.json.Decoder(_Alert)
