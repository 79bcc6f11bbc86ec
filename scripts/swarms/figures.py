"""The figures of a swarm, and the promises that they are held against."""

from scripts.drills.verdict import Figure, Verdict
from scripts.swarms.conductor import MEMORY_OVER_S, Course, Plan
from scripts.swarms.judging import STORM_OF, late_ones, quantile, worst_allowed, worst_second
from scripts.swarms.processes import Seen
from scripts.swarms.stored import Found

MEMORY_GROWTH = 1.1
MEMORY_JUDGED_FROM_S = 300.0  # a collector that has just begun still grows into its caches
NOTICED_WITHIN_S = 10.0  # a busy device hears late that its connection is gone
CALM_AFTER_S = 150.0  # of the latencies of calm times; longer than any wait of the back-off


def judged(plan: Plan, seen: Seen, course: Course, found: Found, asked: dict[str, Figure]) -> Verdict:
    """What was measured, and which promises it breaks."""
    figures: dict[str, Figure] = {**asked, "devices": plan.devices, "seconds": round(plan.seconds)}
    span_s = course.ended_s - course.up_s
    figures["events_committed"] = sum(last for one in course.histories for last in one.committed.values())
    figures["events_stored"] = found.stored
    figures["events_a_second"] = round(sum(at >= course.up_s for at in seen.committed_at_s) / span_s, 1) if span_s else None
    latencies = calm_latencies(seen, course)
    for name, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99), ("max", 1.0)):
        figures[f"latency_ms_{name}"] = round(1000 * quantile(latencies, share), 1) if latencies else None
    figures["latency_max_s_all"] = round(max(seen.latency_s, default=0.0), 1)
    figures["resent"] = sum(one.resent for one in course.histories)
    figures["refused"] = sum(one.refused for one in course.histories)
    figures["drained_after_s"] = round(course.drained_s - course.ended_s, 1)
    broken = [*_returned(plan, seen, course, figures), *_memory(course, figures)]
    if seen.online < plan.devices:
        broken.append(f"all are connected at the end: {plan.devices - seen.online} are not")
    if course.pending:
        broken.append(f"all is delivered when the traffic has ended: {course.pending} events still wait")
    if named := sum(one.lost for one in course.histories):
        broken.append(f"nothing is shed: {named} events were")
    return Verdict(found.lost, found.duplicated, tuple(broken), figures)


def calm_latencies(seen: Seen, course: Course) -> list[float]:
    """Ascending; of events committed once all were up, outside the times after something was broken."""
    restless = [(one.from_s - 1.0, one.to_s + CALM_AFTER_S) for one in course.breakages]
    return sorted(
        latency
        for at, latency in zip(seen.committed_at_s, seen.latency_s, strict=True)
        if at > course.up_s + 1.0 and not any(low <= at <= high for low, high in restless)
    )


def _returned(plan: Plan, seen: Seen, course: Course, figures: dict[str, Figure]) -> list[str]:
    """How the devices came back after each death of the broker; those who had no network of their own aside."""
    broken = []
    for number, one in enumerate((one for one in course.breakages if one.name == "broker"), start=1):
        mine = [absence for absence in seen.absences if one.from_s - 1.0 <= absence.lost_at_s <= one.to_s + NOTICED_WITHIN_S]
        moments = [absence.back_at_s for absence in mine]
        share = worst_second(moments, plan.devices)
        until_s = max(moments, default=one.to_s) + 2.0
        stall_s = max((late_s for at, late_s in seen.late if one.from_s <= at <= until_s), default=0.0)
        late, allowed = late_ones(mine, plan.broker, stall_s), worst_allowed(stall_s)
        name = f"broker_restart_{number}"
        figures[f"{name}_down_s"] = round(one.to_s - one.from_s, 1)
        figures[f"{name}_cut"] = len(mine)
        figures[f"{name}_back_s"] = round(max(moments, default=one.to_s) - one.from_s, 1)
        figures[f"{name}_most_failures"] = max((absence.failures for absence in mine), default=0)
        figures[f"{name}_worst_second"] = round(share, 4)
        figures[f"{name}_swarm_stalled_s"] = round(stall_s, 2)
        if plan.devices >= STORM_OF and share > allowed:
            broken.append(f"at most {allowed:.0%} of the devices connect in a second: {share:.1%} did")
        if late:
            waited_s = max(absence.back_at_s - absence.lost_at_s for absence in late)
            broken.append(f"all are back within the bounds of their waits: {len(late)} were not, one after {waited_s:.0f} s")
    return broken


def _memory(course: Course, figures: dict[str, Figure]) -> list[str]:
    """The collector's, before the first breakage (or after the first minute) and at the end of the traffic."""
    if not course.memory or course.ended_s - course.up_s < 2 * MEMORY_OVER_S:
        return []
    first_s = min((one.from_s for one in course.breakages), default=course.up_s + 60.0)
    before = course.memory_mb(first_s - MEMORY_OVER_S, first_s - 1.0)
    after = course.memory_mb(course.ended_s - MEMORY_OVER_S, course.ended_s)
    if not before or not after:
        return []
    figures |= {"collector_mb_before": round(before, 1), "collector_mb_after": round(after, 1)}
    figures["collector_memory_ratio"] = round(after / before, 3)
    if first_s - course.up_s < MEMORY_JUDGED_FROM_S or after / before <= MEMORY_GROWTH:
        return []
    return [f"the collector's memory grows by at most {MEMORY_GROWTH - 1:.0%}: it grew by {after / before - 1:.0%}"]
