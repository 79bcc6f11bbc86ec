"""Events against truth: recall, false alarms, duplicates, delay, counts, speed.

Events with phase new, in order of time, against truths of the same kind: lane equal where truth gives one, box IoU >= 0.1
where truth gives one, event time within [start - early_s, end + 5 s]; one to one, each event to the earliest free truth.
Truths whose road users the detector finds in fewer than half of the pictures stand apart.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from math import ceil, exp, fsum, lgamma, log
from typing import Any, Literal

import msgspec

from edge_agent.core.geometry import iou
from edge_agent.core.truth_format import TrueIncident, TrueSpeed, Truth
from edge_agent.core.types import Box, IncidentReport, LineTraffic, RoadUser

LATE_S = 5.0
MIN_IOU = 0.1
SPEED_REACH = 0.05  # a speed belongs to the road user within so much of its point, in normalised image units
DAY_S = 86400.0
FINDABLE = 0.5  # what a detector finds in fewer pictures is neither asked of the rules nor held against them
POISSON_95_OF_0 = 3.0  # zero events seen: fewer than 3 are expected at 95 %, hence 72 hours / H


@dataclass(slots=True)
class KindScore:
    """One kind over all scenes. `delays_s` are less the rule's own duration, `from_start_s` are not."""

    truths: int = 0
    hits: int = 0
    false_alarms: int = 0
    duplicates: int = 0
    unseen: int = 0  # truths that the detector cannot see, and ...
    unseen_hits: int = 0
    delays_s: list[float] = field(default_factory=list)
    from_start_s: list[float] = field(default_factory=list)

    def add(self, other: "KindScore") -> None:
        self.truths += other.truths
        self.hits += other.hits
        self.false_alarms += other.false_alarms
        self.duplicates += other.duplicates
        self.unseen += other.unseen
        self.unseen_hits += other.unseen_hits
        self.delays_s += other.delays_s
        self.from_start_s += other.from_start_s

    def as_dict(self) -> dict[str, Any]:
        raised = self.hits + self.false_alarms
        return {
            "truths": self.truths, "hits": self.hits, "misses": self.truths - self.hits, "false_alarms": self.false_alarms,
            "duplicates": self.duplicates, "recall": _ratio(self.hits, self.truths), "precision": _ratio(self.hits, raised),
            "delay_s": _percentiles(self.delays_s), "delay_from_start_s": _percentiles(self.from_start_s),
            "unseen": {"truths": self.unseen, "hits": self.unseen_hits},
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Verdict:
    """One thing to look at afterwards: a miss, a false alarm or a duplicate."""

    what: Literal["miss", "false_alarm", "duplicate"]
    kind: str
    at_s: float
    box: tuple[float, float, float, float] | None


@dataclass(slots=True)
class SceneScore:
    duration_s: float
    kinds: dict[str, KindScore] = field(default_factory=dict)
    counts: list[tuple[int, int]] = field(default_factory=list)  # true and counted, a pair for each row of the truth
    speeds_kmh: list[tuple[float, float]] = field(default_factory=list)  # true and measured
    speed_misses: int = 0
    speed_inside: int = 0
    verdicts: list[Verdict] = field(default_factory=list)
    shadow: dict[str, "SceneScore"] = field(default_factory=dict)  # of what is on trial, `rules` or `model`: kinds and verdicts


def match_incidents(truth: Truth, reports: Iterable[IncidentReport], rule_s: dict[str, float], score: SceneScore) -> None:
    """`rule_s`: each kind's own duration (dwell and the like), which `delay_s` leaves out."""
    taken: set[int] = set()
    for event in sorted((report for report in reports if report.phase == "new"), key=lambda report: report.updated_s):
        kind = score.kinds.setdefault(event.kind, KindScore())
        fitting = [index for index, one in enumerate(truth.incidents) if _fits(one, event, truth.early_s)]
        free = [index for index in fitting if index not in taken]
        if free:
            chosen = min(free, key=lambda index: (not _is_asked(truth.incidents[index]), truth.incidents[index].start_s))
            taken.add(chosen)
            if not _is_asked(truth.incidents[chosen]):
                kind.unseen_hits += 1
                continue
            kind.hits += 1
            late_s = event.updated_s - truth.incidents[chosen].start_s
            kind.from_start_s.append(late_s)
            kind.delays_s.append(late_s - rule_s.get(event.kind, 0.0))
        elif fitting:
            kind.duplicates += 1
            score.verdicts.append(Verdict("duplicate", event.kind, event.updated_s, event.box))
        else:
            kind.false_alarms += 1
            score.verdicts.append(Verdict("false_alarm", event.kind, event.updated_s, event.box))
    for index, one in enumerate(truth.incidents):
        kind = score.kinds.setdefault(one.kind, KindScore())
        if not _is_asked(one):
            kind.unseen += 1
            continue
        kind.truths += 1
        if index not in taken:
            score.verdicts.append(Verdict("miss", one.kind, one.start_s, one.box))


def match_shadow(
    truth: Truth, reports: Iterable[IncidentReport], rule_s: dict[str, float], kinds: Collection[str]
) -> SceneScore:
    """What is on trial, scored for itself; of other kinds it says nothing."""
    score = SceneScore(truth.duration_s, {kind: KindScore() for kind in sorted(kinds)})
    concerned = tuple(one for one in truth.incidents if one.kind in kinds)
    match_incidents(msgspec.structs.replace(truth, incidents=concerned), reports, rule_s, score)
    return score


def _is_asked(one: TrueIncident) -> bool:
    return one.findable >= FINDABLE


def _fits(one: TrueIncident, event: IncidentReport, early_s: float) -> bool:
    if one.kind != event.kind or not one.start_s - early_s <= event.updated_s <= one.end_s + LATE_S:
        return False
    if one.lane is not None and one.lane != event.lane:
        return False
    return one.box is None or (event.box is not None and iou(Box(*one.box), event.box) >= MIN_IOU)


def match_counts(truth: Truth, lines: Iterable[LineTraffic], score: SceneScore) -> None:
    """Sum |n - m| / sum n; where truth gives no class or no direction, the sums are compared."""
    seen = list(lines)
    for row in truth.counts:
        counted = sum(
            n
            for line in seen
            if line.line == row.line
            for direction, counts in (("forward", line.forward), ("backward", line.backward))
            if row.direction in (None, direction)
            for cls, n in counts.items()
            if row.cls in (None, cls)
        )
        score.counts.append((row.n, counted))


def match_speed(one: TrueSpeed, users: list[RoadUser], score: SceneScore) -> None:
    """One true speed against the road users of its frame."""

    def away(user: RoadUser) -> float:
        return max(abs(user.point[0] - one.point[0]), abs(user.point[1] - one.point[1]))

    near = min((user for user in users if away(user) <= SPEED_REACH), key=away, default=None)
    if near is None or near.speed_kmh is None:
        score.speed_misses += 1
        return
    score.speeds_kmh.append((one.kmh, near.speed_kmh))
    score.speed_inside += abs(near.speed_kmh - one.kmh) <= 1.96 * (near.speed_se_kmh or 0.0)


def summary(scores: list[SceneScore]) -> dict[str, Any]:
    """All scenes together, as `--json` prints them."""
    kinds: dict[str, KindScore] = {}
    total = KindScore()
    for score in scores:
        for name, kind in score.kinds.items():
            kinds.setdefault(name, KindScore()).add(kind)
            total.add(kind)
    duration_s = sum(score.duration_s for score in scores)
    counts = [pair for score in scores for pair in score.counts]
    true_n = sum(true for true, _ in counts)
    errors = [seen - true for score in scores for true, seen in score.speeds_kmh]
    return {
        "scenes": len(scores),
        "duration_s": duration_s,
        "kinds": {name: kinds[name].as_dict() for name in sorted(kinds)},
        "total": total.as_dict(),
        "shadow": _shadow(scores, "rules"),
        "shadow_model": _shadow(scores, "model"),
        "false_alarms_per_camera_day": {
            "estimate": _ratio(total.false_alarms * DAY_S, duration_s),
            "upper_95": _ratio(poisson_upper_95(total.false_alarms) * DAY_S, duration_s),
        },
        "counts": {
            "truth": true_n,
            "counted": sum(counted for _, counted in counts),
            "error": _ratio(sum(abs(true - counted) for true, counted in counts), true_n),
        },
        "speeds": {
            "n": len(errors),
            "misses": sum(score.speed_misses for score in scores),
            "mae_kmh": _ratio(sum(abs(error) for error in errors), len(errors)),
            "bias_kmh": _ratio(sum(errors), len(errors)),
            "inside_95": _ratio(sum(score.speed_inside for score in scores), len(errors)),
        },
    }


def _shadow(scores: list[SceneScore], what: str) -> dict[str, Any]:
    """Kind by kind as `kinds` has it, over the scenes where that is on trial; `more` than the live rule found there."""
    found: dict[str, tuple[KindScore, KindScore]] = {}
    for score in scores:
        for name, kind in score.shadow[what].kinds.items() if what in score.shadow else ():
            tried, live = found.setdefault(name, (KindScore(), KindScore()))
            tried.add(kind)
            live.add(score.kinds.get(name, KindScore()))
    compared = ("hits", "false_alarms", "duplicates")
    return {
        name: {**tried.as_dict(), "more": {what: getattr(tried, what) - getattr(live, what) for what in compared}}
        for name, (tried, live) in sorted(found.items())
    }


def rounded(figures: Any) -> Any:
    """The summary for reading: four digits after the point."""
    if isinstance(figures, dict):
        return {name: rounded(figure) for name, figure in figures.items()}
    return round(figures, 4) if isinstance(figures, float) else figures


def poisson_upper_95(n: int) -> float:
    """One-sided 95 % upper bound of a Poisson mean after n events (exact; 3.0 for none), by bisection."""
    low, high = float(n), n + 5.0 + 4.0 * (n + 1) ** 0.5
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _poisson_cdf(n, middle) > 0.05 else (low, middle)
    return high if n else POISSON_95_OF_0


def _poisson_cdf(n: int, mean: float) -> float:
    """P(X <= n), in logarithms: e^-mean alone is 0 from about 745 on."""
    logs = [k * log(mean) - mean - lgamma(k + 1) for k in range(n + 1)] if mean > 0 else [0.0]
    return fsum(exp(one) for one in logs)


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def _percentiles(values: list[float]) -> dict[str, float | None]:
    """Nearest rank."""
    ordered = sorted(values)
    return {f"p{p}": ordered[ceil(p / 100 * len(ordered)) - 1] if ordered else None for p in (50, 95)}
