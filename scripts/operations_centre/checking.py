"""The check list of `./scripts/demo --ioc`: what was to be seen, by whom, and when it was."""

from dataclasses import dataclass
from typing import Any

from scripts.operations_centre.reading import PHASES, Phase, uuid_of
from scripts.operations_centre.receivers import RECEIVERS, Alert, Heard

CRASH, QUEUE = "suspected_accident", "congestion"
TICK = {True: "✓", False: "✗"}


@dataclass(frozen=True)
class Report:
    """`times_s`: seconds from the crash on, of each receiver. `group`: the crash's alert and what belongs to it."""

    alert: Alert | None
    times_s: dict[str, dict[Phase, float]]
    group: tuple[Alert, ...]
    signed: int
    refused: int
    confirmed: int  # by the scorecard
    failures: dict[str, str]

    @property
    def missing(self) -> list[str]:
        """What was to be seen and was not, each with its receiver."""
        unseen = [
            f"{receiver}: {', '.join(late)}"
            for receiver in RECEIVERS
            if (late := [phase for phase in PHASES if phase not in self.times_s.get(receiver, {})])
        ]
        checks = {"grouped": self.is_grouped, "signed": self.is_signed, "counted": self.confirmed > 0}
        return unseen + [name for name, seen in checks.items() if not seen]

    @property
    def is_grouped(self) -> bool:
        """The queue belongs to the crash, and of all of them one sounded."""
        return QUEUE in {one["kind"] for one in self.group} and sum(one["heard"] for one in self.group) == 1

    @property
    def is_signed(self) -> bool:
        return self.signed > 0 and self.refused == 0

    def lines(self) -> list[str]:
        """For people."""
        table = [self._line(receiver) for receiver in RECEIVERS]
        others = ", ".join(one["kind"] for one in self.group[1:]) or "nothing"
        return [
            f"  {'':12}{''.join(f'{phase:>12}' for phase in PHASES)}   seconds after the crash",
            *table,
            f"{TICK[self.is_grouped]} {'grouped':12} one alert sounds; told as part of it, without a sound: {others}",
            f"{TICK[self.is_signed]} {'signed':12} {self.signed} posts verified by the public library, {self.refused} refused",
            f"{TICK[self.confirmed > 0]} {'counted':12} {self.confirmed} confirmed {CRASH} on the scorecard",
        ]

    def _line(self, receiver: str) -> str:
        times = self.times_s.get(receiver, {})
        told = "".join(f"{times[phase]:12.1f}" if phase in times else f"{'not seen':>12}" for phase in PHASES)
        why = f"   {self.failures[receiver]}" if receiver in self.failures else ""
        return f"{TICK[len(times) == len(PHASES)]} {receiver:12}{told}{why}"

    def document(self) -> dict[str, Any]:
        """For programs."""
        return {
            "alert": self.alert and self.alert["id"],
            "state": self.alert and self.alert["state"],
            "receivers": {
                receiver: {phase: round(at_s, 2) for phase, at_s in self.times_s.get(receiver, {}).items()}
                for receiver in RECEIVERS
            },
            "group": [{"id": one["id"], "kind": one["kind"], "heard": one["heard"]} for one in self.group],
            "signed": self.signed,
            "refused": self.refused,
            "confirmed": self.confirmed,
            "missing": self.missing,
        }


def crash_of(heard: Heard) -> Alert | None:
    """The first crash that the stream told of."""
    crashes = [one for one in list(heard.alerts.values()) if one["kind"] == CRASH]
    return min(crashes, key=lambda one: str(one["opened_at"]), default=None)


def report(heard: Heard, sender: str, crash_at_s: float, scorecard: dict[str, Any]) -> Report:
    alert, times_s = crash_of(heard), dict[str, dict[Phase, float]]()
    group: tuple[Alert, ...] = ()
    if alert is not None:
        uuid, first = uuid_of(sender, alert["id"]), alert["group"] or alert["id"]
        for (receiver, told, phase), at_s in sorted(heard.first_s.items(), key=lambda one: one[1]):
            if told == uuid:
                times_s.setdefault(receiver, {})[phase] = at_s - crash_at_s
        group = (alert, *(one for one in heard.alerts.values() if one is not alert and first in (one["group"], one["id"])))
    confirmed = sum(one["confirmed"] for one in scorecard["totals"] if one["kind"] == CRASH)
    return Report(alert, times_s, group, heard.signed, heard.refused, confirmed, dict(heard.failures))
