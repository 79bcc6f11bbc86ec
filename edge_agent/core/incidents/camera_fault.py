"""A camera that no longer sees its road: no frames, black, overexposed, covered, frozen, blurred, or moved.

Each reason is weighed on its own: it opens when it has been true for its time, and ends when all has been well for
`recover_s`. What blinds the camera hides what else may be wrong: nothing is said of the rest meanwhile. A camera that was moved
by less than `small_move` is only a note; the scene's zones follow it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from edge_agent.core.incidents.camera_view import CameraView, Point, Verdict
from edge_agent.core.incidents.lifecycle import Ledger
from edge_agent.core.incidents.rule import KindRule, Seconds, Share
from edge_agent.core.types import IncidentReport, PictureReading
from event_contract.kinds import CAMERA_FAULTS, INCIDENT_KINDS, CameraFaultReason

ORDER: tuple[Verdict, ...] = ("black", "overexposed", "covered", "frozen", "blurred", "moved", "slipped")
CONFIDENCE = 0.9
AS_DRAWN: Point = (0.0, 0.0)
START_S = 25.0  # a camera may take so long until its first frame
STEP_S = 1.0  # at most so much time stands behind one reading
AWAY_S = 10.0  # where the picture lay before such an absence is forgotten


class CameraFaultRule(KindRule, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`reasons` limits it (None: all). `small_move` is in widths of the picture."""

    reasons: tuple[CameraFaultReason, ...] | None = None
    no_frames_s: Seconds = 8.0
    frozen_s: Seconds = 10.0
    duration_s: Seconds = 8.0
    recover_s: Seconds = 5.0
    covered_share: Share = 0.33
    small_move: Share = 0.03


@dataclass(slots=True)
class _Suspicion:
    """One reason: how much speaks for it (0..1), since when, and what was said of it."""

    level: float = 0.0
    since_s: float = 0.0
    report: IncidentReport | None = None


class CameraFault:
    """One camera: `see` every frame, `miss` while none comes. `sees`: the rules may judge the last frame. `registered`: the
    shift of the picture that the zones have followed, in normalised image coordinates."""

    def __init__(
        self, rule: CameraFaultRule, camera: str, size_px: tuple[int, int], numbers: Iterator[int], registered: Point = AS_DRAWN
    ) -> None:
        self._rule = rule
        severity = rule.severity or INCIDENT_KINDS["camera_fault"].severity
        self._ledger = Ledger("camera_fault", camera, severity, 1, numbers)
        self._view = CameraView(size_px[1] / size_px[0], rule.covered_share, rule.small_move, registered)
        wanted = (CAMERA_FAULTS if rule.reasons is None else rule.reasons) if rule.enabled else ()
        self._suspicions = {reason: _Suspicion() for reason in ("no_frames", *ORDER[:-1]) if reason in wanted}
        self._slipped = _Suspicion()
        self._verdict: Verdict | None = None
        self._frame_s: float | None = None
        self._reading_s: float | None = None
        self._asked_s: float | None = None

    @property
    def sees(self) -> bool:
        return self._verdict in (None, "slipped") and all(one.report is None for one in self._suspicions.values())

    @property
    def registered(self) -> Point:
        return self._view.registered

    def see(self, at_s: float, reading: PictureReading | None) -> list[IncidentReport]:
        """A frame has come; most come without a reading, and a recording without pictures has none at all."""
        reports = self._weigh("no_frames", at_s, False, _step(self._frame_s, at_s))
        if self._frame_s is not None and at_s - self._frame_s > AWAY_S:
            self._view.forget()
        self._frame_s = at_s
        if reading is None:
            return reports
        step_s, self._reading_s = _step(self._reading_s, at_s), at_s
        verdict = self._view.judge(reading)
        self._verdict = verdict if self._is_asked(verdict) else None
        for reason in ORDER[:-1]:
            reports += self._weigh(reason, at_s, self._speaks_for(reason), step_s)
        return reports + self._slip(at_s, step_s)

    def miss(self, at_s: float) -> list[IncidentReport]:
        """No frame comes now; call it now and then."""
        if self._asked_s is None:
            self._asked_s = at_s
        waits_s = at_s - (self._asked_s if self._frame_s is None else self._frame_s)
        over = waits_s >= (self._rule.no_frames_s if self._frame_s is not None else max(START_S, self._rule.no_frames_s))
        return self._weigh("no_frames", at_s, True, waits_s) if over else []

    def _is_asked(self, verdict: Verdict | None) -> bool:
        reason = "moved" if verdict in ("slipped", "unsure") else verdict
        return reason in self._suspicions

    def _speaks_for(self, reason: Verdict) -> bool | None:
        """True for, False against, None: nothing can be said while something else hides it."""
        if self._verdict is None or self._verdict == reason:
            return self._verdict == reason
        if self._verdict == "unsure":
            return None if reason == "moved" else False
        return None if ORDER.index(self._verdict) < ORDER.index(reason) and self._verdict != "moved" else False

    def _weigh(self, reason: str, at_s: float, speaks: bool | None, step_s: float) -> list[IncidentReport]:
        suspicion = self._suspicions.get(reason)
        if suspicion is None or speaks is None:
            return []
        self._add(suspicion, at_s, speaks, step_s, self._needed_s(reason))
        if suspicion.report is None:
            if suspicion.level < 1:
                return []
            report: IncidentReport | None = self._open(at_s, suspicion.since_s, reason)
        elif suspicion.level <= 0:
            report = self._ledger.end(suspicion.report, at_s)
        else:
            report = self._ledger.update(suspicion.report, at_s)
        if report is None:
            return []
        suspicion.report = None if report.phase == "end" else report
        return [report]

    def _slip(self, at_s: float, step_s: float) -> list[IncidentReport]:
        """The zones follow a small move, and a note is sent: an incident that is over when it is told."""
        speaks = self._speaks_for("slipped")
        if speaks is None or "moved" not in self._suspicions:
            return []
        self._add(self._slipped, at_s, speaks, step_s, self._rule.duration_s)
        if self._slipped.level < 1 or self._view.shift is None:
            return []
        since_s, self._slipped = self._slipped.since_s, _Suspicion()
        self._view.follow()
        if self.registered == AS_DRAWN:
            return []
        note = replace(self._open(at_s, since_s, "moved", zones="followed"), severity="low")
        return [note, self._ledger.end(note, at_s)]

    def _add(self, suspicion: _Suspicion, at_s: float, speaks: bool, step_s: float, needed_s: float) -> None:
        if speaks:
            if suspicion.level == 0:
                suspicion.since_s = at_s - step_s
            suspicion.level = min(1.0, suspicion.level + (step_s / needed_s if needed_s else 1.0))
        else:
            suspicion.level = max(0.0, suspicion.level - (step_s / self._rule.recover_s if self._rule.recover_s else 1.0))

    def _needed_s(self, reason: str) -> float:
        return {"no_frames": self._rule.no_frames_s, "frozen": self._rule.frozen_s}.get(reason, self._rule.duration_s)

    def _open(self, at_s: float, started_s: float, reason: str, zones: str = "suspended") -> IncidentReport:
        detail: dict[str, str | float | int] = {"reason": reason}
        if reason == "moved":
            detail["zones"] = zones
            if self._view.shift is not None:
                detail["moved_percent"] = round(100 * self._view.moved_by(self._view.shift), 1)
        return self._ledger.open(at_s, started_s, lane=None, confidence=CONFIDENCE, box=None, users=(), detail=detail)


def _step(last_s: float | None, at_s: float) -> float:
    return 0.0 if last_s is None else min(STEP_S, max(0.0, at_s - last_s))
