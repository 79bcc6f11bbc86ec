"""The operations centre of `./scripts/demo --ioc`: its software listens, somebody judges the crash, and all of it is told.

Without --headless that somebody is a person at the console. With it an operator with a token of his own does what nobody at
the console did for a while.
"""

import subprocess
import sys
import time
from contextlib import ExitStack, suppress
from typing import Any

from scripts.demo_api import NoAnswer
from scripts.demo_audience import Place
from scripts.demo_programs import PROGRAMS
from scripts.operations_centre.avenue import Avenue
from scripts.operations_centre.checking import CRASH, Report, crash_of, report
from scripts.operations_centre.reading import Phase
from scripts.operations_centre.receivers import Receivers

SENDER = "demo@kerbwatch.invalid"
HOOK = "demo-receiver"
PERSON_FIRST_S = 8.0  # from the alert on; then the operator of a headless demo confirms it
CONFIGURATION = f"""\
[feeds]
sender = "{SENDER}"
status = "exercise"

[webhooks]
allow_http = true
allowed_networks = ["127.0.0.0/8"]

[[sites]]
site = "demo"
road = "Đại lộ mẫu"
lon = 109.2196
lat = 13.7765
"""


class OperationsCentre:
    configuration = CONFIGURATION

    def __init__(self, avenue: Avenue, headless: bool) -> None:
        self._avenue, self._headless = avenue, headless
        self._told = set[tuple[str, Phase]]()
        self._done = set[str]()  # what the operator did

    def sit_down(self, place: Place, stack: ExitStack) -> None:
        self._api, self._place = place.api, place
        viewer, self._operator = self._token("viewer"), self._token("operator")
        print(f"url={place.url} token={viewer}", file=sys.__stdout__, flush=True)
        self._receivers = stack.enter_context(Receivers(place.url, viewer, SENDER))
        wish = {"name": HOOK, "url": self._receivers.hook_url}
        self._receivers.secret = self._api.post("/api/v1/subscriptions", wish)["secret"]
        if not self._headless:
            print("console   J chooses the crash when it comes, C confirms it, R says that it is dealt with; ? shows all keys")

    def look(self, started_at: float) -> None:
        """Says what was seen since the last time, and lets the operator act."""
        seen = self._report(started_at)
        for receiver, times in seen.times_s.items():
            for phase, at_s in times.items():
                if (receiver, phase) not in self._told:
                    self._told.add((receiver, phase))
                    print(f"seen      {receiver:10} {phase:10} {at_s:5.1f} s after the crash", flush=True)
        if self._headless:
            self._operate(seen, started_at)

    def conclude(self, started_at: float) -> tuple[list[str], dict[str, Any]]:
        seen = self._report(started_at, self._api.get("/api/v1/scorecard"))
        print("\n".join(["", *seen.lines(), ""]), flush=True)
        return seen.missing, {"url": self._place.url, **seen.document()}

    def _report(self, started_at: float, scorecard: dict[str, Any] | None = None) -> Report:
        crash_at_s = started_at + self._avenue.crash_s()[0]
        return report(self._receivers.heard, SENDER, crash_at_s, scorecard or {"totals": []})

    def _operate(self, seen: Report, started_at: float) -> None:
        """Confirms what nobody has judged; says that it is dealt with when the road is clear."""
        alert = crash_of(self._receivers.heard)
        if alert is None:
            return
        heard_s = min(seen.times_s["SSE"].values()) + self._avenue.crash_s()[0]
        now_s = time.time() - started_at
        if alert["state"] == "open" and now_s >= heard_s + PERSON_FIRST_S:
            self._act("confirm", alert["id"], "seen on the city's own video")
        if alert["state"] == "confirmed" and now_s >= self._avenue.crash_s()[1]:
            self._act("resolve", alert["id"], "the vehicles are gone")

    def _act(self, deed: str, alert: str, reason: str) -> None:
        if deed in self._done:
            return
        with suppress(NoAnswer):  # the next look tries again
            self._api.post(f"/api/v1/alerts/{alert}/{deed}", {"reason": reason}, token=self._operator)
            self._done.add(deed)
            print(f"operator  {deed}: {CRASH}", flush=True)

    def _token(self, role: str) -> str:
        words = ["tokens", "create", f"demo-{role}", "--role", role, "--data-dir", str(self._place.data_dir)]
        made = subprocess.run([str(PROGRAMS / "collector"), *words], capture_output=True, text=True)
        if made.returncode:
            raise SystemExit(f"demo: collector tokens create: {made.stderr.strip()}")
        return made.stdout.strip()
