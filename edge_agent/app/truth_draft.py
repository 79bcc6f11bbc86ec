"""A truth.json that a person completes: its frame rate and length, and what the rules told where they are believed."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from edge_agent.core.truth_format import TrueIncident, Truth
from edge_agent.core.types import IncidentReport

EVEN_S = 0.0005  # frames so near to an even rate are told by the rate alone


def truth_of(times_s: Sequence[float], fps: float) -> Truth:
    """No incident yet. Frames that are not evenly spaced keep their times; `fps` is for a single frame."""
    rate = round((len(times_s) - 1) / times_s[-1], 4) if times_s[-1] > 0 else fps
    even = all(abs(at_s - index / rate) < EVEN_S for index, at_s in enumerate(times_s))
    kept = () if even else tuple(round(at_s, 6) for at_s in times_s)
    return Truth(fps=rate, duration_s=round(len(times_s) / rate if even else times_s[-1] + 1 / rate, 3), times_s=kept)


def told(reports: Iterable[IncidentReport], duration_s: float) -> tuple[TrueIncident, ...]:
    """What the rules told, in the form of a truth; what is open at the end lasts until then."""
    said = list(reports)
    ends_s = {report.number: report.ended_s for report in said if report.ended_s is not None}
    return tuple(
        TrueIncident(
            kind=one.kind, start_s=round(one.started_s, 2), end_s=round(ends_s.get(one.number, duration_s), 2),
            lane=one.lane, box=None if one.box is None else _rounded(one.box),
        )
        for one in said if one.phase == "new"
    )  # fmt: skip


def incident_document(one: TrueIncident) -> dict[str, Any]:
    """As it stands in a truth.json: without what is not known."""
    return {name: value for name, value in msgspec.to_builtins(one).items() if value is not None}


def truth_document(truth: Truth) -> bytes:
    """The lists that a person fills in come first; the frames' times stand last, on one line."""
    shown = {
        "fps": truth.fps, "duration_s": truth.duration_s, "incidents": [incident_document(one) for one in truth.incidents],
        "counts": [], "speeds": [],
    }  # fmt: skip
    text = msgspec.json.format(msgspec.json.encode(shown), indent=1)
    if truth.times_s:
        text = text.removesuffix(b"\n}") + b',\n "times_s": ' + msgspec.json.encode(truth.times_s) + b"\n}"
    return text + b"\n"


def _rounded(box: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    left, top, right, bottom = (round(float(side), 4) for side in box)
    return left, top, right, bottom
