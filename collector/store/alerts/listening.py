"""What is around an alert that is about to sound, read once per transaction; and what becomes of alerts by the clock."""

from collections.abc import Iterator

import msgspec

from collector.core import alerts
from collector.core.alerts import Action, Alert
from collector.core.attention import Around, Policy, Silence, heed
from collector.core.standing import CLOSED, OPEN
from collector.store.alerts import silences
from collector.store.engines.db import Db
from event_contract.kinds import SEVERITIES
from event_contract.times import format_time, parse_time
from event_contract.topics import COLLECTOR

RECENT = 300  # alerts that changed last
WITHIN_S = 60.0
MOST_ESCALATED = 200  # at once
STORM, WATCHDOG = "storm", "watchdog"


class Listening:
    """Belongs to one transaction."""

    def __init__(self, db: Db, policy: Policy) -> None:
        self._db, self._policy = db, policy
        self._recent: dict[str, Alert] | None = None
        self._silences: list[Silence] = []
        self._maintained: dict[str, float] = {}
        self._sounded = 0

    @property
    def begun(self) -> bool:
        """Before it begins, all changes have to be in the store."""
        return self._recent is not None

    def heed(self, alert: Alert, action: Action, now: float) -> tuple[Alert, Action]:
        if self._recent is None:
            self._look(now)
        around = Around(tuple((self._recent or {}).values()), self._silences, self._sounded, self._maintained)
        alert, action = heed(alert, action, around, self._policy, now)
        self._sounded += action.audible
        return alert, action

    def note(self, alert: Alert) -> None:
        """A change of this transaction that the store does not tell of yet."""
        if self._recent is not None:
            self._recent[alert.id] = alert

    def maintain(self, device: str, until: float | None) -> None:
        """Work that began or ended in this transaction."""
        self._maintained.pop(device, None)
        if until is not None:
            self._maintained[device] = until

    def _look(self, now: float) -> None:
        rows = self._db.execute("SELECT body FROM alerts ORDER BY seq DESC LIMIT ?", (RECENT,)).fetchall()
        decoded = (_decoder.decode(body) for (body,) in rows)
        self._recent = {alert.id: alert for alert in decoded}
        self._silences = silences.standing(self._db, now)
        worked_at = "SELECT device, until FROM device_words WHERE kind = 'maintenance' AND until > ?"
        self._maintained = dict(tuple(row) for row in self._db.execute(worked_at, (now,)).fetchall())
        self._sounded = sounded(self._db, now)


def sounded(db: Db, now: float) -> int:
    """How many alerts sounded within the last minute."""
    query = "SELECT count(*) FROM alert_changes WHERE audible = 1 AND changed_at > ? AND changed_at <= ?"
    count: int = db.execute(query, (now - WITHIN_S, now)).fetchone()[0]
    return count


def storm(known: Alert | None, policy: Policy, now: float) -> Alert | None:
    """The one alert that says that others make no sound; None while it stands already."""
    if known is not None and known.told == OPEN:
        return None
    detail = {"reason": STORM, "per_minute": policy.storm_per_minute}
    return alerts.fault(known, COLLECTOR, "", STORM, detail, format_time(now), now, ended=False)


def calmed(db: Db, known: Alert | None, policy: Policy, now: float) -> Alert | None:
    """The end of the storm: only half as many as it takes have sounded."""
    if known is None or known.told == CLOSED or 2 * sounded(db, now) > (policy.storm_per_minute or 0):
        return None
    return alerts.fault(known, COLLECTOR, "", STORM, known.detail, format_time(now), now, ended=True)


def beat(known: Alert | None, policy: Policy, now: float) -> Alert | None:
    """The alert that always stands, told anew when its time has come: who hears of it no more has lost the chain."""
    if policy.watchdog_every_s is None:
        due = known is not None and known.told == OPEN  # it has been turned off
    else:
        due = known is None or known.told == CLOSED or now - parse_time(known.updated_at) >= policy.watchdog_every_s
    if not due:
        return None
    ended = policy.watchdog_every_s is None
    told = alerts.fault(known, COLLECTOR, "", WATCHDOG, {"reason": WATCHDOG}, format_time(now), now, ended=ended)
    return msgspec.structs.replace(told, severity="low")


def neglected(db: Db, policy: Policy, now: float) -> Iterator[Alert]:
    """Alerts that nobody has taken care of for too long, one step more severe; each once."""
    if policy.escalate_after_s is None:
        return
    rows = db.execute("SELECT body FROM alerts WHERE state = 'open' ORDER BY seq LIMIT ?", (MOST_ESCALATED,)).fetchall()
    for alert in (_decoder.decode(body) for (body,) in rows):
        step = SEVERITIES.index(alert.severity) + 1
        waits = alert.state == "open" and not alert.late and alert.quiet is None and alert.escalated_at is None
        waits = waits and alert.id != alerts.own_id(COLLECTOR, WATCHDOG)
        if waits and step < len(SEVERITIES) and now - parse_time(alert.opened_at) >= policy.escalate_after_s:
            yield msgspec.structs.replace(alert, severity=SEVERITIES[step], escalated_at=format_time(now))


_decoder = msgspec.json.Decoder(Alert)
