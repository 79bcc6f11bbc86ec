"""The alerts within one transaction: each read from the store once, all changes written together at its end."""

from collections.abc import Iterable
from dataclasses import dataclass

import msgspec

from collector.core import alerts
from collector.core.alerts import Action, ActionName, Alert
from collector.core.attention import Policy
from collector.core.standing import CLOSED, DEEDS, OPEN
from collector.store.alerts import listening, subscriptions
from collector.store.engines.db import Db, look_up
from event_contract.topics import COLLECTOR

PEOPLE_S = frozenset({*DEEDS, "undo"})


@dataclass(frozen=True, slots=True)
class Change:
    """One change of an alert; `body` is the alert as JSON, `seq` numbers all changes of all alerts."""

    seq: int
    action: ActionName
    audible: bool
    body: bytes


class AlertBook:
    """Nothing is in the store before `flush`; who asks the store itself for alerts in between has to flush first."""

    def __init__(self, db: Db, policy: Policy = Policy()) -> None:  # noqa: B008 - frozen
        self.db = db
        self.policy = policy
        self._listening = listening.Listening(db, policy)
        self.changes: list[Change] = []
        self._known: dict[str, Alert | None] = {}
        self._unwritten: list[tuple[Change, Alert, float]] = []
        self._newest_seq: int | None = None
        self._opened: set[str] = set()  # alerts that the store does not hold yet

    def read_ahead(self, ids: Iterable[str]) -> None:
        """One question for many alerts; `of` asks for each that was not named here."""
        unread = {one for one in ids if one not in self._known}
        found = look_up(self.db, "alerts", "id, body", ("id",), [(one,) for one in unread]) if unread else ()
        bodies = {row[0]: row[1] for row in found}
        for one in unread:
            self._known[one] = _decoder.decode(bodies[one]) if one in bodies else None

    def of(self, alert_id: str) -> Alert | None:
        if alert_id not in self._known:
            self.read_ahead((alert_id,))
        return self._known[alert_id]

    def open_of(self, device: str) -> list[Alert]:
        """Alerts of a device that were not told to be over, the one that changed first, first; whatever people say of them."""
        self.flush()
        query = "SELECT body FROM alerts WHERE device = ? AND told = 'open' ORDER BY seq"
        return [_decoder.decode(body) for (body,) in self.db.execute(query, (device,)).fetchall()]

    def maintain(self, device: str, until: float | None) -> None:
        """Somebody works at the device until then; None: nobody any longer."""
        self._listening.maintain(device, until)

    def write(self, now: float, alert: Alert | None, action: Action | None) -> None:
        """Append the change and make it the alert's newest state; nothing without an action. Here it is decided what sounds."""
        if alert is None or action is None:
            return
        if alert.exercise:
            self._append(now, alert, action)
            return
        if action.audible or action.name == "open":
            if not self._listening.begun:
                self.flush()
            alert, action = self._listening.heed(alert, action, now)
        self._append(now, alert, action)
        if alert.quiet == "storm" and action.name == "open":
            told = listening.storm(self.of(alerts.own_id(COLLECTOR, listening.STORM)), self.policy, now)
            if told is not None:
                self._append(now, told, Action("open", audible=True))

    def _append(self, now: float, alert: Alert, action: Action) -> None:
        if self._newest_seq is None:
            self._newest_seq = self.db.execute("SELECT coalesce(max(seq), 0) FROM alert_changes").fetchone()[0]
        self._newest_seq = seq = self._newest_seq + 1
        if alert.seq == 0:
            self._opened.add(alert.id)
        after = msgspec.structs.replace(alert, seq=seq)
        if action.name in PEOPLE_S:
            after = msgspec.structs.replace(after, said=msgspec.structs.replace(after.said, seq=seq))
        change = Change(seq, action.name, action.audible, _encoder.encode(after))
        self._known[after.id] = after
        if not after.exercise:
            self._listening.note(after)
        self._unwritten.append((change, after, now))
        self.changes.append(change)

    def flush(self) -> None:
        if not self._unwritten:
            return
        self.db.executemany(
            "INSERT INTO alert_changes (seq, alert, action, audible, body, changed_at) VALUES (?, ?, ?, ?, ?, ?)",
            [(one.seq, alert.id, one.action, int(one.audible), one.body, now) for one, alert, now in self._unwritten],
        )
        newest = {alert.id: (change, alert) for change, alert, _ in self._unwritten if not alert.exercise}
        self.db.executemany(
            "INSERT INTO alerts (id, seq, state, told, kind, device, body) VALUES (?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (id) DO UPDATE SET seq = excluded.seq, state = excluded.state, told = excluded.told,"
            " kind = excluded.kind, device = excluded.device, body = excluded.body",
            [  # the column `state`: does it call for people?
                (alert.id, change.seq, OPEN if alert.live else CLOSED, alert.told, alert.kind, alert.device, change.body)
                for change, alert in newest.values()
            ],
        )
        told = [(alert, Action(one.action, one.audible), now) for one, alert, now in self._unwritten]
        subscriptions.queue(self.db, told)
        if opened := len(self._opened & newest.keys()):
            self.db.execute("UPDATE kept_counts SET n = n + ? WHERE what = 'alerts'", (opened,))
        self._unwritten.clear()
        self._opened.clear()


_decoder = msgspec.json.Decoder(Alert)
_encoder = msgspec.json.Encoder()
